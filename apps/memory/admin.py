"""The memory in the admin: to read, and to make forget."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from apps.accounts.scope import ReadOnly, person
from apps.memory import operations
from apps.memory.models import Item


@admin.register(Item)
class ItemAdmin(ReadOnly):
    """What the agents of the person's workspaces know."""

    list_display = ["created_at", "type", "namespace", "subject", "version", "state",
                    "embedding_model"]  # fmt: skip
    list_filter = ["type", "state", "namespace", "embedding_model"]
    search_fields = ["subject", "text"]
    ordering = ["-id"]
    exclude = ["embedding", "search"]
    actions = ["forget"]

    @admin.action(description="Forget the selected items (erases them for good)")
    def forget(self, request: HttpRequest, queryset: Any) -> None:
        """Erase the selected items with all their versions."""
        for item in queryset:
            operations.forget(
                item,
                by=person(request).actor,
                reason="forgotten in the admin",
                now=timezone.now(),
            )
        self.message_user(request, "Forgotten.")
