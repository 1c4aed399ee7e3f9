"""Agents that run elsewhere, and the keys of programs."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.module_loading import import_string
from unfold.decorators import action
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from apps.accounts import operations, outside
from apps.accounts.models import AGENT_SCOPES, ApiKey, OutsideAgent
from apps.accounts.scope import WithinWorkspaces, person


def action_choices() -> list[tuple[str, str]]:
    """The actions there are; `settings.CATALOGUE` leads to them, an import may not."""
    return [(name, name.replace("_", " ")) for name in import_string(settings.CATALOGUE)]


def scope_choices(scopes: Iterable[str]) -> list[tuple[str, str]]:
    """Scopes of keys in words, with their names."""
    return [(scope, f"{operations.SCOPES[scope]} ({scope})") for scope in scopes]


class OutsideAgentForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """An agent that runs elsewhere: what it is, and how far it may go."""

    scopes = forms.MultipleChoiceField(
        label="What it may do",
        choices=scope_choices(AGENT_SCOPES),
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
    )
    actions = forms.MultipleChoiceField(
        choices=action_choices,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        label="What it may propose",
        help_text="None chosen: everything.",
    )

    class Meta:
        model = OutsideAgent
        fields = ["workspace", "name", "kind", "scopes", "actions", "hourly"]

    def clean(self) -> dict[str, Any]:
        """Refuse a name that is somebody's, or not what it looks like."""
        cleaned = super().clean() or {}
        if cleaned.get("name") and cleaned.get("workspace"):
            try:
                cleaned["name"] = outside.fit_name(cleaned["name"], cleaned["workspace"])
            except (outside.NameUnfit, outside.NameTaken) as error:
                raise ValidationError({"name": str(error)}) from error
        return cleaned


@admin.register(OutsideAgent)
class OutsideAgentAdmin(WithinWorkspaces):
    """Agents that run elsewhere; who registers one answers for it, and makes its keys.

    How far it may go can be changed, who it is cannot.
    """

    form = OutsideAgentForm
    list_display = ["known_as", "kind", "owner", "scopes", "actions", "hourly", "retired_at"]
    actions = ["retire"]

    def get_readonly_fields(self, request: HttpRequest, obj: OutsideAgent | None = None) -> Any:
        """Which agent it is does not change."""
        return ["workspace", "name", "kind"] if obj else []

    def save_model(self, request: HttpRequest, obj: OutsideAgent, form: Any, change: bool) -> None:
        """Register it, or set its limits, with its event."""
        if change:
            outside.limit(agent=obj, scopes=form.cleaned_data["scopes"],
                          actions=form.cleaned_data["actions"], hourly=obj.hourly,
                          by=person(request).actor, now=timezone.now())  # fmt: skip
            return
        made = outside.register(
            workspace=obj.workspace,
            owner=person(request),
            name=obj.name,
            kind=obj.kind,
            scopes=form.cleaned_data["scopes"],
            actions=form.cleaned_data["actions"],
            hourly=obj.hourly,
            now=timezone.now(),
        )
        obj.pk, obj.owner, obj._state.adding = made.pk, made.owner, False

    @action(description="Retire")
    def retire(self, request: HttpRequest, queryset: QuerySet[OutsideAgent]) -> None:
        """End the chosen agents and all their keys."""
        for agent in queryset:
            outside.retire(agent=agent, by=person(request).actor, now=timezone.now())
        messages.success(request, "They are retired, and their keys have ended.")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A retired one stays as it is."""
        live = obj is None or obj.retired_at is None
        return live and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """History refers to agents: retire them instead."""
        return False


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A key of the person who makes it; it acts with their rights, narrowed to its scopes."""

    scopes = forms.MultipleChoiceField(
        choices=scope_choices(operations.SCOPES),
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
    )
    actions = forms.MultipleChoiceField(
        choices=action_choices,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        label="What it may propose",
        help_text="For a key that submits proposals: anything else it proposes is refused.",
    )

    class Meta:
        model = ApiKey
        fields = ["workspace", "name", "scopes", "actions", "expires_at"]

    def clean(self) -> dict[str, Any]:
        """Have a key that submits say what."""
        cleaned = super().clean() or {}
        if "proposals:submit" in cleaned.get("scopes", ()) and not cleaned.get("actions"):
            raise ValidationError({"actions": "Choose at least one kind of action."})
        return cleaned


@admin.register(ApiKey)
class ApiKeyAdmin(WithinWorkspaces):
    """Keys of everybody, to be revoked; one makes only one's own, and its token is shown once."""

    verb = "administer"
    form = ApiKeyForm
    list_display = ["name", "prefix", "user", "agent", "scopes", "proposes", "last_used_at",
                    "revoked_at"]  # fmt: skip
    actions = ["revoke"]

    @admin.display(description="may propose")
    def proposes(self, key: ApiKey) -> str:
        """The kinds of action it names."""
        if key.actions is not None:
            return ", ".join(key.actions)
        return "every kind" if key.agent is None else "what its agent may"

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """Make the key and show its token."""
        key, token = operations.create_key(
            workspace=obj.workspace,
            user=person(request),
            name=obj.name,
            scopes=form.cleaned_data["scopes"],
            actions=form.cleaned_data["actions"],
            now=timezone.now(),
            expires_at=obj.expires_at,
        )
        obj.pk, obj.prefix, obj.user, obj._state.adding = key.pk, key.prefix, key.user, False
        messages.warning(request, f"The token of {obj.name}, shown this once: {token}")

    @action(description="Revoke")
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """End the chosen keys at once."""
        for key in queryset:
            by = person(request).actor
            operations.revoke_key(key=key, by=by, now=timezone.now())
        messages.success(request, "The keys are revoked.")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A key is revoked, never changed."""
        return obj is None and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """History refers to keys: revoke them instead."""
        return False
