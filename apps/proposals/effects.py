"""What of a proposal is proven done and stands, and what would make up for it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from apps.gateway import catalogue
from apps.gateway.catalogue.action_spec import ActionSpec, Compensation, Reversibility
from apps.gateway.models import Execution, State
from apps.proposals.models import Change


@dataclass(frozen=True, kw_only=True)
class Effect:
    """A proven change, and what makes up for it; None where nothing from here does.

    `after` is what the back end showed right after it.
    """

    change: Change
    execution: Execution
    after: dict[str, Any]
    compensation: Compensation | None

    @property
    def spec(self) -> ActionSpec:
        """The action it came from."""
        return catalogue.spec(self.change.action)

    @property
    def offered(self) -> str:
        """The beginning of what a person has to write to make up for it; empty if nothing."""
        if self.compensation is None or not self.spec.written:
            return ""
        return str(self.compensation[1][self.spec.written])

    @property
    def is_written(self) -> bool:
        """Whether a person has to write something to make up for it."""
        return self.compensation is not None and bool(self.spec.written)


def standing(pairs: Iterable[tuple[Change, Execution | None]]) -> list[Effect]:
    """The effects among changes with their newest executions, given in order; the last first."""
    done = [(c, e) for c, e in pairs if e is not None and e.state == State.DONE]
    return [effect(change, execution) for change, execution in reversed(done)]


def effect(change: Change, execution: Execution) -> Effect:
    """A proven change with its compensation worked out."""
    after = dict((execution.receipt or {}).get("after") or {})
    found = catalogue.compensation(change.action, change.params, change.before, after)
    return Effect(change=change, execution=execution, after=after, compensation=found)


def obstacle(effects: Iterable[Effect]) -> str:
    """Why these cannot be undone from here, in the words of the catalogue; empty if they can."""
    listed = list(effects)
    if not listed:
        return "Nothing of this is proven done, so there is nothing to undo from here."
    return " ".join(why_not(effect) for effect in listed if effect.compensation is None)


def why_not(effect: Effect) -> str:
    """Why an effect cannot be undone from here."""
    if effect.spec.reversibility == Reversibility.FINAL:
        return f"{effect.spec.title} cannot be undone. {effect.spec.undo}"
    return f"{effect.spec.title} cannot be undone from here: what was before cannot be set again."
