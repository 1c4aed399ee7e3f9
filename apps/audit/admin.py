"""The audit log in the admin: to be read, never written."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from apps.audit.models import Event, Payload


@admin.register(Event)
class EventAdmin(ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """Events, newest first."""

    list_display = ["at", "kind", "actor", "subject_kind", "subject_id"]
    list_filter = ["kind"]
    search_fields = ["subject_id", "actor"]
    ordering = ["-id"]
    readonly_fields = ["content"]
    exclude = ["payload_digest", "xid"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        """Only events of the workspaces the person belongs to."""
        mine = request.user.memberships  # type: ignore[union-attr]  # nobody anonymous gets here
        workspaces = mine.values("workspace_id")
        return super().get_queryset(request).filter(workspace_id__in=workspaces)

    @admin.display(description="Content")
    def content(self, event: Event) -> str:
        """The payload, or a word that it was erased."""
        payload = Payload.objects.filter(event_id=event.id).first()
        return str(payload.fields) if payload else "erased"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        return False
