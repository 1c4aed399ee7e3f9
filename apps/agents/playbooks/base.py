"""What every playbook is: what it reads, how it plans by rules, what it lets a model do.

A planner is pure: the same sensed state gives the same plan. Whatever it plans is only proposed.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from apps.accounts.models import Workspace
from apps.agents.playbooks.asking import Asked, AskedChange, Reply
from apps.agents.playbooks.calibration import Calibration
from apps.agents.playbooks.limit_field import LimitField
from apps.agents.playbooks.scope import Scope
from apps.memory.queries import Recalled
from apps.proposals.operations import Draft

QUOTE = 800  # characters of foreign text shown as evidence
UNKNOWN = Calibration()  # nobody was judged


class PlaybookSettings(BaseModel):
    """Base of the settings of a playbook; the agent's override the defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    batch: int = Field(default=40, ge=1, le=500, description="Most proposals of one run.")
    model_batch: int = Field(
        default=5, ge=1, le=50, description="Most conversations with a model in one run."
    )
    correction_days: int = Field(default=30, ge=0, description="How long a correction is heeded.")


class Known(BaseModel):
    """An item of the memory as a checkpoint keeps it; `why` says how it was found."""

    model_config = ConfigDict(frozen=True)

    item_id: str
    type: str
    subject: str
    text: str
    why: str
    at: datetime
    data: dict[str, Any]

    def as_evidence(self, title: str) -> dict[str, Any]:
        """The item as an entry of a proposal's evidence."""
        kind = "correction" if self.type == "correction" else "memory"
        detail = f"{self.text} ({self.why})" if self.why else self.text
        return {"kind": kind, "title": title, "detail": detail[:QUOTE], "item_id": self.item_id}


class Sensed(BaseModel, ABC):
    """Base of what a playbook has read: JSON values only, it is kept in the checkpoint.

    `caveats` are shown as evidence, and have a person judge whatever is planned from it.
    """

    model_config = ConfigDict(frozen=True)

    caveats: list[str] = []  # what was not read now but is the last good answer, and from when

    @abstractmethod
    def count(self) -> int:
        """How many cases there are to plan for; 0 ends the run."""

    @abstractmethod
    def describe(self) -> str:
        """What was read, in words for a person."""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What a planner makes of one case; no draft means: nothing to do, and `why`.

    `key` names the case: one that was handled is not planned again.
    """

    key: str
    draft: Draft | None
    why: str = ""


class Unfit(ValueError):
    """A model asked for something this case does not allow; the text tells it what and why."""


@dataclass(kw_only=True)
class Briefing:
    """One conversation with a model about one case (or one batch of them).

    `offer` takes an action the model asks for (checked against the catalogue already) and raises
    `Unfit` if it does not belong here; with no `actions` a model is not asked at all. `conclude`
    turns what was taken into plans; its arguments are the model's closing words and its name.
    `notes` are tools that only tell us something; `fallback` plans by rules. `hand_over` asks a
    person once working on the case has failed, for the reason given (None: the rules plan).
    `purpose` is what the calls are recorded as; empty: to plan. `scope` is what the model may look
    up: nothing unless said; `beyond` keeps, in words for a person, what else it asked for, and
    `widened` whether it was shown something beyond its case because a person had named it.
    """

    instructions: str
    situation: str
    actions: Sequence[str]
    offer: Callable[[str, dict[str, Any]], None]
    conclude: Callable[[str, str], list[Planned]]
    notes: Mapping[str, tuple[str, type[BaseModel], Callable[[BaseModel], str]]] = field(
        default_factory=dict
    )
    fallback: Callable[[], list[Planned]]
    hand_over: Callable[[str], list[Planned]] | None = None
    purpose: str = ""
    scope: Scope = field(default_factory=Scope)
    beyond: list[str] = field(default_factory=list)
    widened: bool = False


K = TypeVar("K", bound=PlaybookSettings)
S = TypeVar("S", bound=Sensed)


class Playbook(Protocol, Generic[K, S]):
    """A kind of agent. `actions` are all it may ever propose.

    `needs` are the resources and actions that connectors must have for it to work. `symbol` is its
    icon, a name in `static/img/icons.svg`. `limit_fields` are the limits of its policy that
    operators set in a form. `rhythm` is how often an agent of it looks where something always
    happens, as in the demo; one that the guide switches on begins slower.
    """

    name: str
    title: str
    description: str
    namespace: str
    actions: frozenset[str]
    needs: tuple[str, ...]
    symbol: str
    limit_fields: tuple[LimitField, ...]
    rhythm: timedelta
    settings: type[K]
    sensed: type[S]

    def sense(
        self,
        workspace: Workspace,
        settings: K,
        *,
        now: datetime,
        shadow_agent: UUID | None = None,
    ) -> S:
        """Read what matters; `shadow_agent` is an agent in shadow, see `queries.handled`.

        Raises the gateway's `ConnectorError`s and `NoConnector`.
        """
        ...

    def plan(self, sensed: S, settings: K, *, now: datetime) -> list[Planned]:
        """What to propose, by rules. Pure."""
        ...

    def brief(
        self, sensed: S, settings: K, *, now: datetime, measured: Calibration = UNKNOWN
    ) -> list[Briefing]:
        """What to ask a model, if there is one; `measured` is how often readers were right."""
        ...

    def refer(self, draft: Draft, why: str) -> Draft | None:
        """The draft by which a person is asked instead, should this one come to nothing. Pure.

        None: nobody waits for an answer, so that coming to nothing is an outcome.
        """
        ...

    def answer(self, asked: Asked, settings: K) -> Reply:
        """What a reviewer is answered by rules, perhaps with other parameters. Pure."""
        ...

    def check_change(
        self, asked: Asked, change: AskedChange, params: dict[str, Any], settings: K
    ) -> None:
        """Whether a model may answer a reviewer with these parameters. Raises `Unfit`. Pure."""
        ...


def known(recalled: Sequence[Recalled]) -> list[Known]:
    """What was recalled, as values."""
    return [
        Known(
            item_id=str(item.item.pk),
            type=item.item.type,
            subject=item.item.subject,
            text=item.item.text,
            why=item.why,
            at=item.item.created_at,
            data=item.item.data,
        )
        for item in recalled
    ]


def corrections(items: Sequence[Known], *, now: datetime, days: int) -> list[Known]:
    """Those of the items which are corrections and still heeded, newest first."""
    since = now - timedelta(days=days)
    heeded = [item for item in items if item.type == "correction" and item.at >= since]
    return sorted(heeded, key=lambda item: item.at, reverse=True)


def edited(correction: Known, name: str) -> tuple[str, str] | None:
    """(before, after) of the field a reviewer edited; None if they did not edit it."""
    edits = correction.data.get("edited")
    for edit in edits if isinstance(edits, list) else []:
        if isinstance(edit, dict) and edit.get("field") == name:
            return str(edit.get("before")), str(edit.get("after"))
    return None


def rejected(correction: Known) -> bool:
    """Whether the reviewer said no."""
    return correction.data.get("verdict") == "reject"


def reason(correction: Known) -> str:
    """The reviewer's own words; may be empty."""
    return str(correction.data.get("reason") or "")


def case_of(correction: Known) -> dict[str, Any]:
    """The situation the correction was made in, in the playbook's terms."""
    case = correction.data.get("case")
    return case if isinstance(case, dict) else {}
