"""What a step is given and what it gives back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from apps.agents.models import Autonomy, Run
from apps.agents.playbooks.base import Playbook, PlaybookSettings

Clock = Callable[[], datetime]
State = dict[str, Any]


class Then(StrEnum):
    """What follows a step."""

    GO_ON = "go_on"  # with the next stage
    WAIT = "wait"  # for the run's proposals
    FINISH = "finish"
    ESCALATE = "escalate"  # finish, but a person has to look


@dataclass(frozen=True, kw_only=True)
class Context:
    """A run at one of its stages. `keep` holds on to it for a turn of a model that takes so long.

    It raises where somebody else has taken over: what is under way is dropped then. `now` is when
    the step began; a model is asked when `clock` says, which may be an hour later. `work` names
    what is under way, so that what a model has answered for it is known if it is done again.
    """

    run: Run
    playbook: Playbook[Any, Any]
    settings: PlaybookSettings
    state: State
    now: datetime
    clock: Clock
    keep: Callable[[timedelta], None]
    work: str = ""

    @property
    def in_shadow(self) -> bool:
        """Whether the agent only works out what it would propose."""
        return self.run.agent.autonomy == Autonomy.SHADOW

    @property
    def shadow_agent(self) -> UUID | None:
        """The agent in shadow, whose cases it has tried count as dealt with; else None."""
        return self.run.agent_id if self.in_shadow else None


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A step that was taken. `state` is all the next stage needs; everything is JSON values."""

    summary: str
    then: Then = Then.GO_ON
    state: State = field(default_factory=dict)
    output: State = field(default_factory=dict)
    planner: str = ""


# A step calls out first, with no transaction open; what it has to write it leaves as a function,
# which runs inside the transaction of its checkpoint
Write = Callable[[], Taken]
Step = Callable[[Context], Taken | Write]
