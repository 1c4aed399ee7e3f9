"""Changing who may do what."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from apps.accounts import permissions
from apps.accounts.models import (
    ApiKey,
    Authority,
    Membership,
    OutsideAgent,
    Role,
    User,
    Workspace,
)
from apps.accounts.queries import digest, owners_besides
from apps.audit.events.people import AuthorityChanged, KeyCreated, KeyRevoked, MemberChanged
from apps.audit.operations import record
from apps.money.currency import fit, minor_units, written
from apps.money.display import LOCALES

SCOPES = {  # with what each lets a key do, as people say it
    "proposals:read": "Read proposals",
    "proposals:submit": "Submit proposals",
    "proposals:review": "Review proposals",
    "runs:read": "Read runs",
    "runs:start": "Start runs",
    "executions:read": "Read executions",
    "events:read": "Read the audit log",
    "switches:read": "See kill switches",
    "switches:set": "Set kill switches",
}


LOOKS = {
    "theme": ("auto", "light", "dark"),
    "contrast": ("auto", "more"),
    "locale": ("", *LOCALES),
}


class UnknownScope(ValueError):
    """A key was asked for with a scope that does not exist."""


class UnknownAppearance(ValueError):
    """There is no such theme or contrast; the text names those there are."""


class NotAMember(ValueError):
    """A key acts where its person is a member, and this person is none of that workspace."""


class NotYourAgent(ValueError):
    """Keys of an agent are made by who answers for it, for what it may do, while it is at work."""


class LastOwner(ValueError):
    """The workspace would be left without an owner: make somebody else one first."""


@transaction.atomic
def add_member(
    *, workspace: Workspace, user: User, role: str, by: str, now: datetime
) -> Membership:
    """Make the person a member with this role, or change the role they have.

    A role that configures opens the admin. Raises `LastOwner`.
    """
    if role != Role.OWNER:
        keep_an_owner(user, workspace.pk)
    membership, _ = Membership.objects.update_or_create(
        workspace=workspace, user=user, defaults={"role": role}
    )
    open_admin(user)
    record(
        MemberChanged(role=role),
        workspace_id=workspace.pk,
        actor=by,
        subject_kind="user",
        subject_id=user.pk,
        now=now,
    )
    return membership


@transaction.atomic
def remove_member(*, membership: Membership, by: str, now: datetime) -> None:
    """End the person's place in the workspace, and whatever they may approve there.

    Raises `LastOwner`.
    """
    user, workspace_id = membership.user, membership.workspace_id
    keep_an_owner(user, workspace_id)
    for authority in permissions.held(user, workspace_id=workspace_id):
        withdraw(authority=authority, user=user, by=by, now=now)
    Membership.objects.filter(workspace_id=workspace_id, user=user).delete()
    open_admin(user)
    record(
        MemberChanged(role=""),
        workspace_id=workspace_id,
        actor=by,
        subject_kind="user",
        subject_id=user.pk,
        now=now,
    )


def keep_an_owner(user: User, workspace_id: UUID) -> None:
    """Raise `LastOwner` if the person is the only owner; two who leave at once wait in turn."""
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace_id)
    owns = Membership.objects.filter(user=user, workspace_id=workspace_id, role=Role.OWNER)
    if owns.exists() and not owners_besides(workspace_id, [user.pk]).exists():
        raise LastOwner(f"{user} is the last owner of the workspace: make somebody else one first.")


def open_admin(user: User) -> None:
    """Let the person into the admin if they configure some workspace, else keep them out."""
    user.is_staff = user.is_superuser or permissions.workspaces_for(user, "configure").exists()
    User.objects.filter(pk=user.pk).update(is_staff=user.is_staff)


@transaction.atomic
def authorise(
    *,
    workspace: Workspace,
    user: User,
    action: str,
    ceiling: Decimal | None,
    currency: str,
    by: str,
    now: datetime,
) -> Authority:
    """Let a member approve an action type up to `ceiling` (None: any amount).

    Raises `UnknownCurrency`, `UnfitAmount` for a ceiling which the currency does not have.
    """
    minor_units(currency)
    ceiling = None if ceiling is None else fit(ceiling, currency)
    authority, _ = Authority.objects.get_or_create(
        workspace=workspace, action=action, ceiling=ceiling, currency=currency
    )
    permissions.grant(user, authority)
    note_authority(authority, user, granted=True, by=by, now=now)
    return authority


@transaction.atomic
def withdraw(*, authority: Authority, user: User, by: str, now: datetime) -> None:
    """Take an authority from one person; others keep it."""
    permissions.withdraw(user, authority)
    note_authority(authority, user, granted=False, by=by, now=now)


@transaction.atomic
def remove_authority(*, authority: Authority, by: str, now: datetime) -> None:
    """Withdraw an authority from everybody who holds it, one event each, then delete it."""
    for user in permissions.holders(authority):
        withdraw(authority=authority, user=user, by=by, now=now)
    Authority.objects.filter(pk=authority.pk).delete()


def note_authority(
    authority: Authority, user: User, *, granted: bool, by: str, now: datetime
) -> None:
    """Record that a person may or may no longer approve, in the caller's transaction."""
    ceiling = authority.ceiling
    record(
        AuthorityChanged(
            action=authority.action,
            ceiling=None if ceiling is None else written(ceiling, authority.currency),
            currency=authority.currency,
            granted=granted,
        ),
        workspace_id=authority.workspace_id,
        actor=by,
        subject_kind="user",
        subject_id=user.pk,
        now=now,
    )


@transaction.atomic
def create_key(
    *,
    workspace: Workspace,
    user: User,
    name: str,
    scopes: list[str],
    now: datetime,
    expires_at: datetime | None = None,
    agent: OutsideAgent | None = None,
    actions: Sequence[str] | None = None,
) -> tuple[ApiKey, str]:
    """A new key of the person who makes it, or of their agent; its token is shown this once.

    There is no way to make one for somebody else: what it does counts as done by them. It may
    propose `actions`; None: every kind, or whatever its agent may. Raises `UnknownScope`,
    `NotAMember`, `NotYourAgent`.
    """
    if unknown := set(scopes) - set(SCOPES):
        raise UnknownScope(f"Unknown scope {sorted(unknown)}; use some of {list(SCOPES)}.")
    if not permissions.can(user, "read", workspace.pk):
        raise NotAMember(f"{user} is no member of {workspace}.")
    if agent is not None:
        check_agent(agent, workspace, user, scopes, actions or ())
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        workspace=workspace,
        user=user,
        agent=agent,
        name=name,
        prefix=prefix,
        secret_digest=digest(secret),
        scopes=scopes,
        actions=None if actions is None else sorted(set(actions)),
        created_at=now,
        expires_at=expires_at,
    )
    record(
        KeyCreated(
            name=name,
            scopes=scopes,
            actions=key.actions,
            agent=agent.known_as if agent else "",
        ),
        workspace_id=workspace.pk,
        actor=user.actor,
        subject_kind="key",
        subject_id=prefix,
        now=now,
    )
    return key, f"aios_{prefix}_{secret}"


def check_agent(
    agent: OutsideAgent,
    workspace: Workspace,
    user: User,
    scopes: Sequence[str],
    actions: Sequence[str],
) -> None:
    """Refuse a key of this agent that its owner may not make. Raises `NotYourAgent`."""
    if (agent.workspace_id, agent.owner_id) != (workspace.pk, user.pk) or agent.retired_at:
        raise NotYourAgent(f"{agent} is not yours here, or is retired.")
    if beyond := set(scopes) - set(agent.scopes):
        told = ", ".join(told.lower() for scope, told in SCOPES.items() if scope in beyond)
        raise NotYourAgent(f"{agent} may not do that: {told}.")
    if agent.actions and (strange := sorted(set(actions) - set(agent.actions))):
        raise NotYourAgent(f"{agent} may not propose {', '.join(strange)}.")


@transaction.atomic
def revoke_key(*, key: ApiKey, by: str, now: datetime) -> None:
    """End a key at once; revoking it again changes nothing."""
    if not ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now):
        return
    record(
        KeyRevoked(),
        workspace_id=key.workspace_id,
        actor=by,
        subject_kind="key",
        subject_id=key.prefix,
        now=now,
    )


def note_key_use(*, key: ApiKey, now: datetime) -> None:
    """Remember that the key was used, at most once a minute."""
    stale = key.last_used_at is None or (now - key.last_used_at).total_seconds() > 60
    if stale:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)


def set_shortcuts(*, user: User, on: bool) -> None:
    """Turn the person's single-key shortcuts on or off: a taste, so nothing is recorded."""
    User.objects.filter(pk=user.pk).update(keyboard_shortcuts=on)


def set_keys(*, user: User, on: bool, keymap: Mapping[str, str]) -> None:
    """Choose single keys or none, and which: a taste, so nothing is recorded.

    `keymap` has the key of each command that differs from what everybody has, checked before.
    """
    User.objects.filter(pk=user.pk).update(keyboard_shortcuts=on, keymap=dict(keymap))


def set_appearance(*, user: User, theme: str, contrast: str, locale: str | None = None) -> None:
    """Choose light or dark, how strong, and how figures are written: a taste, so nothing is
    recorded.

    `locale` is one of `display.LOCALES`, empty for that of the browser, None to leave it. Raises
    `UnknownAppearance`.
    """
    wanted = {"theme": theme, "contrast": contrast}
    if locale is not None:
        wanted["locale"] = locale
    for field, value in wanted.items():
        if value not in LOOKS[field]:
            known = ", ".join(LOOKS[field])
            raise UnknownAppearance(f"There is no {field} '{value}'; known: {known}.")
    User.objects.filter(pk=user.pk).update(**wanted)
