"""What every connector is: reads, a snapshot, one attempt, a read-back.

A connector knows nothing of proposals, policies or the database. It is built from an address and
a secret, speaks to one outside system, and is honest about what it can prove.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, runtime_checkable

from apps.gateway.errors import (
    BadAnswer,
    CannotTell,
    ConnectorError,
    Refused,
    Throttled,
    Unproven,
    Unreachable,
)
from apps.gateway.records import Record

__all__ = [
    "Acquainted",
    "BadAnswer",
    "CannotTell",
    "Catalogued",
    "Client",
    "ConnectorError",
    "Context",
    "FirstLook",
    "Found",
    "Receipt",
    "Refused",
    "Step",
    "Stepwise",
    "Throttled",
    "Unproven",
    "Unreachable",
]


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """Proof of an effect: the back end's own reference, and what it shows after the call."""

    reference: str
    after: dict[str, Any]
    answer: dict[str, Any] = field(default_factory=dict)


Found = Mapping[str, Any]  # what a read-back of a step shows; JSON values
Context = Mapping[str, Found]  # what was found of the steps before, by their names


@dataclass(frozen=True, kw_only=True)
class Step:
    """One call of an action that takes several.

    `find` reads back whether the step stands: None if it surely does not, also when what it rests
    on is gone. Its `reference` is the back end's own name for it; a `wrong` says that something
    else stands there than was asked for. Raises `CannotTell`, `Unreachable`, `BadAnswer`,
    `Refused`. `do` and `undo` call once and prove nothing; they raise `Unreachable`, `Refused`,
    `Unproven`. `undo` None: the step cannot be taken back.
    """

    name: str
    find: Callable[[Context], Found | None]
    do: Callable[[Context], object]
    undo: Callable[[Context], object] | None


@dataclass(frozen=True, kw_only=True)
class FirstLook:
    """How one sees whether a system works, and what helps whoever it does not work for.

    `resource` is what is read for it (empty: everything the settings declare), `query` keeps the
    answer small. `key_hint` is told when the key is not accepted, `address_hint` when something
    else answers than was expected: whole sentences, or empty.
    """

    resource: str = ""
    query: Mapping[str, Any] = field(default_factory=dict)
    key_hint: str = ""
    address_hint: str = ""


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
    first_look: ClassVar[FirstLook]

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


@runtime_checkable
class Greeting(Protocol):
    """A client whose system nothing is read from, but which can be asked whether it lets one in."""

    def greet(self) -> None:
        """Sign in, and no more. Raises `Unreachable`, `Refused`."""
        ...


@runtime_checkable
class Catalogued(Protocol):
    """A client whose system has a catalogue of known size."""

    def catalogue_size(self) -> int:
        """How many variants there are; one cheap call. Raises `Unreachable`, `Refused`,
        `BadAnswer`."""
        ...


@runtime_checkable
class Acquainted(Protocol):
    """A client whose system knows what its customers have bought."""

    def earlier_orders(self, order_id: str) -> int:
        """How many orders its customer had paid for before this one. Raises as `Client.read`."""
        ...


@runtime_checkable
class Stepwise(Protocol):
    """A client some of whose actions take several calls."""

    def steps(
        self, action: str, params: dict[str, Any], *, key: str, snapshot: dict[str, Any]
    ) -> Sequence[Step]:
        """The calls of an action in order; empty where it is a single one. No call.

        They carry `key` as a marker. What cannot be undone comes last.
        """
        ...
