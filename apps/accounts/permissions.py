"""Who may do what. The only place that asks guardian."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
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


@dataclass(frozen=True)
class Limit:
    """An authority somebody holds: one action type, up to `ceiling` (None: any amount)."""

    action: str
    ceiling: Decimal | None
    currency: str

    def covers(self, action: str, amount: Decimal | None, currency: str | None) -> bool:
        """Whether it is about the action and reaches as far as the amount.

        An authority in another currency covers nothing: no exchange rate is guessed. An action
        without an amount needs any authority for it.
        """
        if action != self.action:
            return False
        if amount is None or self.ceiling is None:
            return True
        return currency == self.currency and amount <= self.ceiling


@dataclass(frozen=True)
class Rights:
    """What a person may do in one workspace; `role` None: nothing."""

    role: str | None
    limits: tuple[Limit, ...]

    def can(self, verb: str) -> bool:
        """Whether the role has the verb."""
        return self.role in VERBS[verb]

    def cover(self, action: str, amount: Decimal | None, currency: str | None) -> bool:
        """Whether one of the authorities covers the amount."""
        return any(limit.covers(action, amount, currency) for limit in self.limits)


# One row for each authority the person holds in the workspace, or one that only names the role.
RIGHTS = """
    SELECT membership.role, held.action, held.ceiling, held.currency
    FROM accounts_membership membership
    JOIN accounts_user person ON person.id = membership.user_id AND person.is_active
    LEFT JOIN (
        SELECT holder.user_id, authority.workspace_id, authority.action, authority.ceiling,
               authority.currency
        FROM accounts_authorityholder holder
        JOIN auth_permission permission
          ON permission.id = holder.permission_id AND permission.codename = %s
        JOIN accounts_authority authority ON authority.id = holder.content_object_id
    ) held ON held.user_id = person.id AND held.workspace_id = membership.workspace_id
    WHERE membership.user_id = %s AND membership.workspace_id = %s
"""


def rights(user: User, workspace_id: UUID) -> Rights:
    """What the person may do in the workspace, in one statement; an inactive person nothing."""
    with connection.cursor() as sql:
        sql.execute(RIGHTS, [EXERCISE, user.pk, workspace_id])
        rows = sql.fetchall()
    limits = (Limit(*limit) for _, *limit in rows if limit[0] is not None)
    return Rights(role=rows[0][0] if rows else None, limits=tuple(limits))


def can(user: User, verb: str, workspace_id: UUID) -> bool:
    """Whether the person's role in the workspace has the verb."""
    return rights(user, workspace_id).can(verb)


def workspaces_for(user: User, verb: str) -> QuerySet[Workspace]:
    """The workspaces in which the person's role has the verb; none for an inactive person."""
    places = Membership.objects.filter(user=user, user__is_active=True, role__in=VERBS[verb])
    return Workspace.objects.filter(pk__in=places.values("workspace_id"))


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
