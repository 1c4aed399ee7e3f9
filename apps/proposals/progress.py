"""What comes next for an approved change set, from how its executions stand. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Execution(StrEnum):
    """The execution states that matter here; every other one means: still under way."""

    DONE = "done"
    REFUSED = "refused"
    PARKED = "parked"
    NEEDS_PERSON = "needs_person"


class End(StrEnum):
    """How a proposal ends."""

    DONE = "done"
    FAILED = "failed"
    NEEDS_PERSON = "needs_person"


@dataclass(frozen=True)
class Next:
    """Either an end, or the position of the change to carry out now, or neither: wait."""

    end: End | None = None
    position: int | None = None


def proceed(states: Sequence[str | None]) -> Next:
    """The next step of changes carried out in order; None is a change not yet begun.

    Each starts only after the one before it is proven done. Refused as the first: nothing has
    happened, so it failed. Refused later: something has happened, so a person has to look.
    """
    for position, state in enumerate(states):
        if state == Execution.DONE:
            continue
        if state is None:
            return Next(position=position)
        if state == Execution.REFUSED:
            return Next(end=End.NEEDS_PERSON if position else End.FAILED)
        if state in (Execution.NEEDS_PERSON, Execution.PARKED):
            return Next(end=End.NEEDS_PERSON)
        return Next()
    return Next(end=End.DONE)
