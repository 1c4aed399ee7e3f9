"""The memory in the admin: to read, and to make forget."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin

from apps.accounts.models import User
from apps.memory import operations
from apps.memory.models import Item


@admin.register(Item)
class ItemAdmin(ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """What the agents of the person's workspaces know."""

    list_display = ["created_at", "type", "namespace", "subject", "version", "state"]
    list_filter = ["type", "state", "namespace"]
    search_fields = ["subject", "text"]
    ordering = ["-id"]
    exclude = ["embedding", "search"]
    actions = ["forget"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        """Only items of the workspaces the person belongs to."""
        rows = super().get_queryset(request)
        if not isinstance(request.user, User):
            return rows.none()
        return rows.filter(workspace_id__in=request.user.memberships.values("workspace_id"))

    @admin.action(description="Forget the selected items (erases them for good)")
    def forget(self, request: HttpRequest, queryset: Any) -> None:
        """Erase the selected items with all their versions."""
        for item in queryset:
            operations.forget(
                item,
                by=f"user:{request.user.pk}",
                reason="forgotten in the admin",
                now=timezone.now(),
            )
        self.message_user(request, "Forgotten.")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Item | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Item | None = None) -> bool:
        return False
