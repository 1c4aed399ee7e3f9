"""Tiers and budgets to edit, calls to read, each within the person's own workspaces."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from apps.accounts.scope import ReadOnly, WithinWorkspaces
from apps.inference.models import Breaker, Budget, Call, Tier
from apps.inference.trying import NoAnswer, try_model


class TierForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A tier; which model it is is tried before it is saved."""

    class Meta:
        model = Tier
        fields = "__all__"

    def clean(self) -> dict[str, Any]:
        """Refuse a model that does not answer; one that is switched off is not asked."""
        cleaned = super().clean() or {}
        matters = ("provider", "model", "enabled")
        changed = self.instance._state.adding or any(
            cleaned.get(matter) != getattr(self.instance, matter) for matter in matters
        )
        if self.errors or not cleaned.get("enabled") or not changed:
            return cleaned
        try:
            try_model(
                tier=cleaned.get("name") or self.instance.name,
                provider=cleaned["provider"],
                model=cleaned["model"],
            )
        except NoAnswer as error:
            self.add_error("model", str(error))
        return cleaned


@admin.register(Tier)
class TierAdmin(WithinWorkspaces):
    """Which model stands behind a tier, and what it costs; saving asks the model first."""

    form = TierForm
    list_display = ["name", "provider", "model", "price_in", "price_out", "fallback", "enabled"]
    list_filter = ["enabled", "provider"]

    def get_readonly_fields(self, request: HttpRequest, obj: Tier | None = None) -> list[str]:
        """Which tier it is does not change: agents ask for it by name."""
        return ["workspace", "name"] if obj else []


@admin.register(Budget)
class BudgetAdmin(WithinWorkspaces):
    """Limits; what is spent and reserved is only shown."""

    list_display = ["scope", "scope_id", "limit", "spent", "reserved"]
    list_filter = ["scope"]

    def get_readonly_fields(self, request: HttpRequest, obj: Budget | None = None) -> list[str]:
        """What is limited does not change, and what is spent is counted, not typed."""
        return ["spent", "reserved", *(["workspace", "scope", "scope_id"] if obj else [])]


@admin.register(Call)
class CallAdmin(ReadOnly):
    """What was asked, of which model, and what it cost. Never the words."""

    list_display = [
        "at",
        "purpose",
        "tier",
        "model",
        "outcome",
        "input_tokens",
        "output_tokens",
        "cost",
        "latency_ms",
    ]
    list_filter = ["outcome", "tier", "purpose"]
    ordering = ["-id"]


@admin.register(Breaker)
class BreakerAdmin(ReadOnly):
    """Which models failed, and which are left alone until when. They close by themselves."""

    list_display = ["model", "endpoint", "circuit", "failures", "opened_at", "probe_at", "error"]
    list_filter = ["circuit"]
    ordering = ["-opened_at"]
