"""Events of what AIOS is connected to; never with a secret."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.audit.event import Event
from apps.audit.kinds import Kind


@dataclass(frozen=True, kw_only=True)
class ConnectorChanged(Event):
    """Made or changed; `connector_kind` is stored as `kind`."""

    kind = Kind.CONNECTOR_CHANGED
    name: str
    address: str
    connector_kind: str
    changed: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class CredentialRotated(Event):
    """Its secret was replaced."""

    kind = Kind.CREDENTIAL_ROTATED
    name: str
    address: str
    connector_kind: str


@dataclass(frozen=True, kw_only=True)
class SourceChosen(Event):
    """Where a resource is read from: names of connectors, empty for no choice."""

    kind = Kind.SOURCE_CHOSEN
    resource: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class RowsSetAside(Event):
    """Rows that could not be read as they are: how many are `new`, how many in all, the first
    reason."""

    kind = Kind.ROWS_SET_ASIDE
    name: str
    resource: str
    new: int
    count: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class RowsDismissed(Event):
    """So many odd rows were cleared."""

    kind = Kind.ROWS_DISMISSED
    name: str
    count: int


@dataclass(frozen=True, kw_only=True)
class ChannelChanged(Event):
    """A way people are told by."""

    kind = Kind.CHANNEL_CHANGED
    name: str
    before: dict[str, Any]
    after: dict[str, Any]
    secret_replaced: bool


@dataclass(frozen=True, kw_only=True)
class NoticeFailed(Event):
    """So many notices could not be delivered through a channel."""

    kind = Kind.NOTICE_FAILED
    channel: str
    notices: int
    error: str


@dataclass(frozen=True, kw_only=True)
class DemoRemoved(Event):
    """Rows of the demo that are gone, by what they were."""

    kind = Kind.DEMO_REMOVED
    what: str
    counts: dict[str, int]
