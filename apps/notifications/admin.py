"""Channels to edit, with a secret that can only be replaced; notices to read."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminPasswordWidget

from apps.accounts.scope import ReadOnly, WithinWorkspaces, person
from apps.notifications import signing
from apps.notifications.messages import headline_of
from apps.notifications.models import FOR_CHANNELS, Channel, ChannelKind, Notice
from apps.notifications.operations import InvalidChannel, configure_channel


class ChannelForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A channel; its secret is written, never shown."""

    address = forms.CharField(
        required=False,
        max_length=500,
        help_text="A mail address, or the https:// address of a webhook. Empty for Slack.",
    )
    kinds = forms.MultipleChoiceField(
        required=False,
        choices=[(kind.value, headline_of(kind, for_all=True)) for kind in FOR_CHANNELS],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="What it is told for everybody. Members may besides have their own sent there.",
    )
    secret = forms.CharField(
        required=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="Slack: the incoming webhook's URL. Webhook: whsec_…; leave it empty for a new "
        "one, which is shown once. Later: leave it empty to keep the present one. A replaced "
        "signing secret goes on signing for a day. It is stored encrypted and never shown.",
    )

    class Meta:
        model = Channel
        fields = ["workspace", "name", "kind", "address", "enabled", "kinds", "minimum_risk"]

    made_secret = ""

    def clean(self) -> dict[str, Any]:
        """Refuse what could never be sent to, by trying it without keeping it."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        if self.instance._state.adding and cleaned["kind"] == ChannelKind.WEBHOOK:
            self.made_secret = "" if cleaned["secret"] else signing.make_secret()
        try:
            with transaction.atomic():
                self.write(by="admin")
                transaction.set_rollback(True)
        except InvalidChannel as error:
            raise ValidationError({error.field: str(error)}) from error
        return cleaned

    def write(self, *, by: str) -> Channel:
        """Configure the channel as the form says; which one it is is not in the form later."""
        cleaned = self.cleaned_data
        return configure_channel(
            workspace=cleaned.get("workspace") or self.instance.workspace,
            name=cleaned.get("name") or self.instance.name,
            kind=cleaned["kind"],
            address=cleaned["address"],
            secret=cleaned["secret"] or self.made_secret,
            enabled=cleaned["enabled"],
            kinds=cleaned["kinds"],
            minimum_risk=cleaned["minimum_risk"],
            by=by,
            now=timezone.now(),
        )


@admin.register(Channel)
class ChannelAdmin(WithinWorkspaces):
    """Saving takes effect with the next notice."""

    form = ChannelForm
    list_display = ["name", "kind", "address", "enabled", "failures", "last_success_at",
                    "last_error"]  # fmt: skip
    list_filter = ["kind", "enabled"]

    def get_readonly_fields(self, request: HttpRequest, obj: Channel | None = None) -> list[str]:
        """Which channel it is does not change; make another one instead."""
        return ["workspace", "name"] if obj else []

    def save_model(self, request: HttpRequest, obj: Channel, form: Any, change: bool) -> None:
        """Configure, with its event; a secret we made is shown this once."""
        saved = form.write(by=person(request).actor)
        obj.pk, obj._state.adding = saved.pk, False
        if form.made_secret:
            messages.warning(request, f"The signing secret, shown this once: {form.made_secret}")
        elif form.cleaned_data["secret"]:
            messages.info(request, "The secret was replaced.")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was sent there refers to it: switch it off instead."""
        return False


@admin.register(Notice)
class NoticeAdmin(ReadOnly):
    """Notices, newest first."""

    list_display = ["created_at", "kind", "recipient", "channel", "state", "attempts", "error"]
    list_filter = ["state", "kind"]
    ordering = ["-id"]
    fields = ["kind", "recipient", "channel", "state", "due_at", "attempts", "error", "ended_at"]
