"""Who may do what. The only place that asks guardian."""

from decimal import Decimal
from uuid import UUID

from django.db.models import Q, QuerySet
from guardian.shortcuts import (
    assign_perm,
    get_objects_for_user,
    get_users_with_perms,
    remove_perm,
)

from apps.accounts.models import Authority, Membership, Role, User, Workspace

EXERCISE = "exercise_authority"

# verb -> the roles that have it; decisions about money need an authority besides
VERBS: dict[str, frozenset[str]] = {
    "read": frozenset(Role.values),
    "review": frozenset(Role.values),
    "run": frozenset({Role.OWNER, Role.OPERATOR}),
    "configure": frozenset({Role.OWNER, Role.OPERATOR}),
    "administer": frozenset({Role.OWNER}),
}


def can(user: User, verb: str, workspace_id: UUID) -> bool:
    """Whether the person's role in the workspace has the verb."""
    return (
        user.is_active
        and Membership.objects.filter(
            user=user, workspace_id=workspace_id, role__in=VERBS[verb]
        ).exists()
    )


def workspaces_for(user: User, verb: str) -> QuerySet[Workspace]:
    """The workspaces in which the person's role has the verb; none for an inactive person."""
    places = Membership.objects.filter(user=user, user__is_active=True, role__in=VERBS[verb])
    return Workspace.objects.filter(pk__in=places.values("workspace_id"))


def can_approve(
    user: User, *, workspace_id: UUID, action: str, amount: Decimal | None, currency: str | None
) -> bool:
    """Whether the person holds an authority for the action that covers the amount.

    An authority in another currency covers nothing: no exchange rate is guessed. An action
    without an amount needs any authority for it. Whether the person may review at all is asked
    with `can`.
    """
    covering = Q(ceiling__isnull=True)
    if amount is None:
        covering |= Q(ceiling__isnull=False)
    else:
        covering |= Q(ceiling__gte=amount, currency=currency)
    held = get_objects_for_user(user, EXERCISE, klass=Authority, with_superuser=False)
    return held.filter(covering, workspace_id=workspace_id, action=action).exists()


def grant(user: User, authority: Authority) -> None:
    """Let the person exercise the authority."""
    assign_perm(EXERCISE, user, authority)


def withdraw(user: User, authority: Authority) -> None:
    """Take the authority from the person."""
    remove_perm(EXERCISE, user, authority)


def holders(authority: Authority) -> list[User]:
    """The people who may exercise the authority."""
    return list(get_users_with_perms(authority, only_with_perms_in=[EXERCISE]))


def held(user: User, *, workspace_id: UUID) -> QuerySet[Authority]:
    """The authorities the person holds in the workspace."""
    mine = get_objects_for_user(user, EXERCISE, klass=Authority, with_superuser=False)
    return mine.filter(workspace_id=workspace_id)
