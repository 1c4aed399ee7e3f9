"""What every connector is: reads, a snapshot, one attempt, a read-back.

A connector knows nothing of proposals, policies or the database. It is built from an address and
a secret, speaks to one outside system, and is honest about what it can prove.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from apps.gateway.errors import (
    BadAnswer,
    CannotTell,
    ConnectorError,
    Refused,
    Unproven,
    Unreachable,
)
from apps.gateway.records import Record

__all__ = [
    "BadAnswer",
    "CannotTell",
    "Client",
    "ConnectorError",
    "Receipt",
    "Refused",
    "Unproven",
    "Unreachable",
]


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """Proof of an effect: the back end's own reference, and what it shows after the call."""

    reference: str
    after: dict[str, Any]
    answer: dict[str, Any] = field(default_factory=dict)


class Client(Protocol):
    """One configured connection to an outside system.

    `kind` names the folder. `actions` are the catalogue's actions it can carry out, `resources`
    what it can read. `burst` is how many calls may share one committed intent: 1 for anything
    real, more only where a call costs next to nothing.
    """

    kind: ClassVar[str]
    actions: ClassVar[frozenset[str]]
    resources: ClassVar[frozenset[str]]
    burst: ClassVar[int]

    def read(self, resource: str, **query: Any) -> Sequence[Record]:
        """Rows of a resource. Raises `Unreachable`, `Refused`, `BadAnswer`."""
        ...

    def snapshot(self, action: str, params: dict[str, Any]) -> dict[str, Any]:
        """The state of the target an approval rests on: JSON values, fresh from the back end.

        Holds exactly what must not change between approval and call (plus nothing volatile), and
        the names the reviewer knows the target by. Raises `Unreachable`, `Refused`, `BadAnswer`.
        """
        ...

    def predict(
        self, action: str, params: dict[str, Any], snapshot: dict[str, Any]
    ) -> dict[str, Any]:
        """The snapshot as it will be after the action. Pure; the dry run of the action."""
        ...

    def perform(
        self, action: str, params: dict[str, Any], *, key: str, snapshot: dict[str, Any]
    ) -> Receipt:
        """Carry the action out once, then read back to prove it.

        `key` is the idempotency key; it is left at the target as a marker where the back end has
        a place for one. Raises `Unreachable`, `Refused`, `Unproven`.
        """
        ...

    def find_effect(
        self, action: str, params: dict[str, Any], *, key: str, snapshot: dict[str, Any]
    ) -> Receipt | None:
        """Read back whether an earlier attempt with `key` took effect; None if it surely did not.

        `snapshot` is the state before the attempt. Raises `CannotTell`, `Unreachable`.
        """
        ...
