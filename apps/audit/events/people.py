"""Events of people, agents and keys, and what each may do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.audit.event import Event
from apps.audit.kinds import Kind


@dataclass(frozen=True, kw_only=True)
class InvitationMade(Event):
    """Somebody was asked in, as what."""

    kind = Kind.INVITATION_MADE
    email: str
    role: str


@dataclass(frozen=True, kw_only=True)
class InvitationWithdrawn(Event):
    """Its link is dead."""

    kind = Kind.INVITATION_WITHDRAWN
    email: str


@dataclass(frozen=True, kw_only=True)
class InvitationAccepted(Event):
    """They came; `made_by` is the actor who had asked them in."""

    kind = Kind.INVITATION_ACCEPTED
    email: str
    role: str
    made_by: str


@dataclass(frozen=True, kw_only=True)
class MemberChanged(Event):
    """Their role; empty: they were removed."""

    kind = Kind.MEMBER_CHANGED
    role: str


@dataclass(frozen=True, kw_only=True)
class AuthorityChanged(Event):
    """What they may approve: an action up to a ceiling (None: any amount) in a currency."""

    kind = Kind.AUTHORITY_CHANGED
    action: str
    ceiling: str | None
    currency: str
    granted: bool


@dataclass(frozen=True, kw_only=True)
class AgentChanged(Event):
    """Those of its settings that differ; of a new one `before` is empty."""

    kind = Kind.AGENT_CHANGED
    name: str
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class KeyCreated(Event):
    """An API key: its scopes, the kinds of action it may propose (None: every), whose it is."""

    kind = Kind.KEY_CREATED
    name: str
    scopes: Sequence[str]
    actions: Sequence[str] | None
    agent: str = ""


@dataclass(frozen=True, kw_only=True)
class KeyRevoked(Event):
    """It opens nothing any more."""

    kind = Kind.KEY_REVOKED
