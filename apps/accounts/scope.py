"""Pages of the admin: what a person may open there follows from their roles, nothing else."""

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from apps.accounts.models import User, Workspace
from apps.accounts.permissions import workspaces_for


def person(request: HttpRequest) -> User:
    """Who is at work: the admin opens for nobody who is not signed in."""
    return cast(User, request.user)


def configures(request: HttpRequest) -> bool:
    """Whether the person configures some workspace."""
    return request.user.is_authenticated and workspaces_for(person(request), "configure").exists()


def administers(request: HttpRequest) -> bool:
    """Whether the person administers some workspace."""
    return request.user.is_authenticated and workspaces_for(person(request), "administer").exists()


class ByRole:
    """Opens a page, or an inline of one, to people whose role in some workspace has the verb.

    Which rows they see there is up to the page; no permissions of Django are asked for.
    """

    verb: ClassVar[str] = "configure"

    def workspaces(self, request: HttpRequest) -> QuerySet[Workspace]:
        """Where the person's role has the verb."""
        return workspaces_for(person(request), self.verb)

    def is_open(self, request: HttpRequest) -> bool:
        """Whether there is such a workspace."""
        return self.workspaces(request).exists()

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the page is listed."""
        return self.is_open(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the person reads here."""
        return self.is_open(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the person adds here."""
        return self.is_open(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the person changes what they see."""
        return self.is_open(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the person deletes what they see."""
        return self.is_open(request)


class WithinWorkspaces(ByRole, ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """Shows and offers only rows of the workspaces where the person's role has the verb."""

    def get_queryset(self, request: HttpRequest) -> Any:
        """Rows of those workspaces."""
        return super().get_queryset(request).filter(workspace_id__in=self.workspaces(request))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Choices of those workspaces; people are their members."""
        related = db_field.remote_field.model
        column = {"workspace": "pk__in", "user": "memberships__workspace_id__in"}.get(
            db_field.name, "workspace_id__in"
        )
        rows = related.objects.filter(**{column: self.workspaces(request)}).distinct()
        kwargs["queryset"] = rows
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class ReadOnly(WithinWorkspaces):
    """Rows to be read: nothing can be added, changed or deleted here."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes."""
        return False
