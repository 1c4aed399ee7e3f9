"""Finding people, workspaces and keys."""

import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q, QuerySet

from apps.accounts.models import ApiKey, Membership, Role, User, Workspace

PERSON = re.compile(r"user:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # as an actor


def workspaces_of(user: User) -> QuerySet[Workspace]:
    """The workspaces a person belongs to, oldest first."""
    return Workspace.objects.filter(memberships__user=user).order_by("created_at", "pk")


def owners_besides(workspace_id: UUID, people: Iterable[UUID]) -> QuerySet[Membership]:
    """The places of active owners of the workspace other than these people."""
    owners = Membership.objects.filter(workspace_id=workspace_id, role=Role.OWNER)
    return owners.filter(user__is_active=True).exclude(user_id__in=list(people))


def digest(secret: str) -> str:
    """SHA-256 of a key's secret; enough, because the secret is 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def find_key(token: str, *, now: datetime) -> ApiKey | None:
    """The live key with this token (`aios_<prefix>_<secret>`), or None."""
    parts = token.split("_", 2)
    if len(parts) != 3 or parts[0] != "aios":
        return None
    live = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now))
    own = Q(agent__owner=F("user"), agent__workspace=F("workspace"), agent__retired_at=None)
    key = (
        ApiKey.objects.select_related("user", "workspace", "agent")
        .filter(live, Q(agent=None) | own, prefix=parts[1], user__is_active=True)
        .first()
    )
    if key is None or not hmac.compare_digest(key.secret_digest, digest(parts[2])):
        return None
    return key


def keys_of(user: User, workspace_id: UUID) -> QuerySet[ApiKey]:
    """The keys a person has made in a workspace, those that were revoked too, newest first."""
    keys = ApiKey.objects.filter(user=user, workspace_id=workspace_id)
    return keys.select_related("agent").order_by("-created_at")


def names_of(actors: set[str]) -> dict[str, str]:
    """Display names of `user:<id>` and `key:<prefix>` actors; an agent's key with its agent."""
    ids = {UUID(a.removeprefix("user:")) for a in actors if PERSON.fullmatch(a)}
    prefixes = {a.removeprefix("key:") for a in actors if a.startswith("key:")}
    names = {user.actor: str(user) for user in User.objects.filter(pk__in=ids)}
    keys = ApiKey.objects.select_related("agent").filter(prefix__in=prefixes) if prefixes else ()
    return names | {key.actor: named(key) for key in keys}


def named(key: ApiKey) -> str:
    """What people call who acts with the key."""
    return f"{key.agent}, API key {key.name}" if key.agent else f"API key {key.name}"
