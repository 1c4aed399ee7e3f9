"""Connectors to edit, with a secret that can only be replaced; how actions are handled;
executions to read.
"""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget

from apps.accounts.scope import ReadOnly, WithinWorkspaces, person
from apps.gateway import onboarding
from apps.gateway.catalogue import ACTIONS
from apps.gateway.configuration import (
    InvalidConnector,
    InvalidSetting,
    check_setting,
    configure_action,
    configure_connector,
    limit_rate,
    secret_of,
)
from apps.gateway.models import ActionSetting, Connector, Execution


class ConnectorForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A connector; its secret is written, never shown."""

    secret = forms.CharField(
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="Leave empty to keep the present one. It is stored encrypted and never shown.",
    )

    class Meta:
        model = Connector
        fields = [
            "workspace", "name", "kind", "address", "settings", "calls_per_second", "enabled",
        ]  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Refuse what no client can be built from, by trying it without keeping it."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            with transaction.atomic():
                self.write(by="admin")
                transaction.set_rollback(True)
            self.ask()
        except InvalidConnector as error:
            raise ValidationError(str(error)) from error
        return cleaned

    def ask(self) -> None:
        """Really ask the system, as the guide does, where what matters to that has changed.

        One that is switched off is not asked, and a rate can be set while it is away. Raises
        `CannotJoin`.
        """
        cleaned = self.cleaned_data | {"settings": self.cleaned_data["settings"] or {}}
        matters = ("kind", "address", "settings", "enabled")
        is_new = self.instance._state.adding or bool(cleaned["secret"])
        changed = is_new or any(
            cleaned[matter] != getattr(self.instance, matter) for matter in matters
        )
        if not cleaned["enabled"] or not changed:
            return
        onboarding.try_out(
            onboarding.System(
                name=cleaned.get("name") or self.instance.name,
                kind=cleaned["kind"],
                address=cleaned["address"],
                secret=cleaned["secret"] or secret_of(self.instance),
                settings=cleaned["settings"],
            )
        )

    def write(self, *, by: str) -> Connector:
        """Configure the connector as the form says; which one it is is not in the form later."""
        cleaned, now = self.cleaned_data, timezone.now()
        connector = configure_connector(
            workspace=cleaned.get("workspace") or self.instance.workspace,
            name=cleaned.get("name") or self.instance.name,
            kind=cleaned["kind"],
            address=cleaned["address"],
            settings=cleaned["settings"] or {},
            secret=cleaned["secret"],
            enabled=cleaned["enabled"],
            by=by,
            now=now,
        )
        limit_rate(
            connector=connector, calls_per_second=cleaned["calls_per_second"], by=by, now=now
        )
        return connector


@admin.register(Connector)
class ConnectorAdmin(WithinWorkspaces):
    """Saving asks the system first, and takes effect with the next call."""

    form = ConnectorForm
    list_display = ["name", "kind", "address", "calls_per_second", "enabled", "changed_at"]
    list_filter = ["kind", "enabled"]

    def get_readonly_fields(self, request: HttpRequest, obj: Connector | None = None) -> list[str]:
        """Which connector it is does not change; make another one instead."""
        return ["workspace", "name"] if obj else []

    def save_model(self, request: HttpRequest, obj: Connector, form: Any, change: bool) -> None:
        """Configure, with its event."""
        saved = form.write(by=person(request).actor)
        obj.pk, obj._state.adding = saved.pk, False
        if form.cleaned_data["secret"]:
            messages.info(request, "The secret was replaced.")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Executions refer to it: switch it off instead."""
        return False


class ActionSettingForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """How a kind of action is handled; only actions of the catalogue can be chosen."""

    action = forms.ChoiceField(
        choices=[(spec.name, spec.title) for spec in ACTIONS.values()],
        widget=UnfoldAdminSelectWidget,
    )

    class Meta:
        model = ActionSetting
        fields = ["workspace", "action", "hold_seconds", "when_away"]

    def clean(self) -> dict[str, Any]:
        """Refuse what cannot be handled like this, with the reason."""
        cleaned = super().clean() or {}
        if not self.errors:
            action = cleaned.get("action") or self.instance.action
            try:
                check_setting(action, cleaned["hold_seconds"], cleaned["when_away"])
            except InvalidSetting as error:
                raise ValidationError(str(error)) from error
        return cleaned


@admin.register(ActionSetting)
class ActionSettingAdmin(WithinWorkspaces):
    """Saving takes effect with the next approval."""

    form = ActionSettingForm
    list_display = ["action", "hold_seconds", "when_away", "workspace"]
    list_filter = ["action"]

    def get_readonly_fields(
        self, request: HttpRequest, obj: ActionSetting | None = None
    ) -> list[str]:
        """Which action it is about does not change."""
        return ["workspace", "action"] if obj else []

    def save_model(self, request: HttpRequest, obj: ActionSetting, form: Any, change: bool) -> None:
        """Configure, with its event."""
        saved = configure_action(
            workspace=obj.workspace,
            action=obj.action,
            hold_seconds=form.cleaned_data["hold_seconds"],
            when_away=form.cleaned_data["when_away"],
            by=person(request).actor,
            now=timezone.now(),
        )
        obj.pk, obj._state.adding = saved.pk, False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It would leave no trace: set it to the defaults instead."""
        return False


@admin.register(Execution)
class ExecutionAdmin(ReadOnly):
    """Executions, newest first."""

    list_display = ["created_at", "action", "target", "state", "attempts", "reference"]
    list_filter = ["state", "action"]
    search_fields = ["key", "target"]
    ordering = ["-id"]
