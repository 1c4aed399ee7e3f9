"""Pages of the admin that show a person only their own workspaces."""

from typing import Any, cast

from django.http import HttpRequest
from unfold.admin import ModelAdmin

from apps.accounts.models import User


def person(request: HttpRequest) -> User:
    """Who is at work: the admin opens for nobody who is not signed in."""
    return cast(User, request.user)


class WithinWorkspaces(ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """Shows and offers only rows of the workspaces the person belongs to."""

    def get_queryset(self, request: HttpRequest) -> Any:
        """Rows of the person's workspaces."""
        workspaces = person(request).memberships.values("workspace_id")
        return super().get_queryset(request).filter(workspace_id__in=workspaces)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Choices of the person's workspaces; people are those who share one."""
        workspaces = person(request).memberships.values("workspace_id")
        related = db_field.remote_field.model
        column = {"workspace": "pk__in", "user": "memberships__workspace_id__in"}.get(
            db_field.name, "workspace_id__in"
        )
        kwargs["queryset"] = related.objects.filter(**{column: workspaces}).distinct()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class ReadOnly(WithinWorkspaces):
    """Rows to be read: nothing can be added, changed or deleted here."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes."""
        return False
