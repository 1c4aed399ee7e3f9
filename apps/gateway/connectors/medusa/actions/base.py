"""How every action runs: write once, read back, and prove the effect by the state.

Medusa's "200" proves nothing (it answers 200 to a write on a variant that does not exist), so the
only proof is a fresh read: the predicted state is success, the earlier state is no effect, and
anything else cannot be told.
"""

from abc import ABC, abstractmethod
from typing import Any

from apps.gateway.connectors.base import (
    BadAnswer,
    CannotTell,
    Receipt,
    Refused,
    Step,
    Unproven,
    Unreachable,
)
from apps.gateway.connectors.medusa.api import AdminApi

State = dict[str, Any]


class Action(ABC):
    """One action of the catalogue at Medusa."""

    @abstractmethod
    def snapshot(self, api: AdminApi, params: State) -> State:
        """The state of the target. Raises `Unreachable`, `Refused`, `BadAnswer`."""

    def predict(self, params: State, snapshot: State) -> State:
        """The snapshot as it will be after the action. Raises `Refused` for what cannot be."""
        self.check(params, snapshot)
        return self.foresee(params, snapshot)

    @abstractmethod
    def check(self, params: State, snapshot: State) -> None:
        """Raise `Refused` for what the shop would refuse, or must not be asked for, in this state.

        Called before anybody approves, and once more right before the write.
        """

    @abstractmethod
    def foresee(self, params: State, snapshot: State) -> State:
        """The snapshot as it will be if the shop does it."""

    @abstractmethod
    def write(self, api: AdminApi, params: State, *, key: str, snapshot: State) -> State:
        """The one call with the effect; its answer. Raises `Unreachable`, `Refused`, `Unproven`."""

    @abstractmethod
    def reference(self, params: State) -> str:
        """The shop's own name for what was changed."""

    def steps(self, api: AdminApi, params: State, *, key: str, snapshot: State) -> tuple[Step, ...]:
        """The calls of an action that takes several; none where `write` is a single one."""
        return ()

    def perform(self, api: AdminApi, params: State, *, key: str, snapshot: State) -> Receipt:
        """Write once and prove it by reading back. What `check` refuses is never sent."""
        self.check(params, snapshot)
        try:
            self.write(api, params, key=key, snapshot=snapshot)
        except BadAnswer as error:  # only reads before the write answer so
            raise Unreachable(f"Nothing was sent: {error}") from error
        try:
            receipt = self.find_effect(api, params, key=key, snapshot=snapshot)
        except (CannotTell, Unreachable) as error:
            raise Unproven(f"The shop accepted the call, but: {error}") from error
        if receipt is None:
            raise Refused(
                f"The shop accepted the call for {self.reference(params)}, but changed nothing.",
                code="no_effect",
            )
        return receipt

    def find_effect(
        self, api: AdminApi, params: State, *, key: str, snapshot: State
    ) -> Receipt | None:
        """Compare the state now with the predicted one and the one before."""
        state = self.look(api, params)
        if state == self.foresee(params, snapshot):
            return Receipt(reference=self.reference(params), after=state)
        if state == snapshot:
            return None
        changed = sorted(name for name in state if state[name] != snapshot.get(name))
        raise CannotTell(
            f"{self.reference(params)} is neither as before nor as predicted; "
            f"changed: {', '.join(changed)}. Look at it in the shop."
        )

    def check_unchanged(self, api: AdminApi, params: State, snapshot: State) -> None:
        """Look once more right before a write. Raises `Refused` (changed).

        The shop has no conditional writes, so this is as late as a change can be seen.
        """
        if self.snapshot(api, params) != snapshot:
            reference = self.reference(params)
            raise Refused(f"{reference} changed after the approval.", code="changed")

    def look(self, api: AdminApi, params: State) -> State:
        """A snapshot for a read-back. Raises `CannotTell`, `Unreachable`."""
        try:
            return self.snapshot(api, params)
        except (BadAnswer, Refused) as error:
            raise CannotTell(f"The read-back failed: {error}") from error
