"""Tiers and budgets to edit, calls to read, each within the person's own workspaces."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from apps.accounts.models import Membership, User
from apps.inference.models import Budget, Call, Tier


def _workspaces(request: HttpRequest) -> Any:
    """Ids of the workspaces the person belongs to."""
    if not isinstance(request.user, User):
        return Membership.objects.none()
    return request.user.memberships.values("workspace_id")


class WithinWorkspaces(ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """Shows and offers only rows of the workspaces the person belongs to."""

    def get_queryset(self, request: HttpRequest) -> Any:
        """Rows of the person's workspaces."""
        return super().get_queryset(request).filter(workspace_id__in=_workspaces(request))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Choices of the person's workspaces."""
        column = "pk__in" if db_field.name == "workspace" else "workspace_id__in"
        kwargs["queryset"] = db_field.remote_field.model.objects.filter(
            **{column: _workspaces(request)}
        )
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Tier)
class TierAdmin(WithinWorkspaces):
    """Which model stands behind a tier, and what it costs."""

    list_display = ["name", "provider", "model", "price_in", "price_out", "fallback", "enabled"]
    list_filter = ["enabled", "provider"]


@admin.register(Budget)
class BudgetAdmin(WithinWorkspaces):
    """Limits; what is spent and reserved is only shown."""

    list_display = ["scope", "scope_id", "limit", "spent", "reserved"]
    list_filter = ["scope"]
    readonly_fields = ["spent", "reserved"]


@admin.register(Call)
class CallAdmin(WithinWorkspaces):
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
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Call | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Call | None = None) -> bool:
        return False
