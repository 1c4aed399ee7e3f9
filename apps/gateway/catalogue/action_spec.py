"""What the catalogue says of an action: a typed contract, and what is shown before approval. Pure.

The contract is a Pydantic model which refuses extra fields. What belongs to one action (its
parameters, words, windows, compensation, an example) stands in its file beside this one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[\w.\-]+$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
Note = Annotated[str, StringConstraints(max_length=500)]

State = Mapping[str, Any]  # parameters, or a target as its back end shows it
Compensation = tuple[str, dict[str, Any]]  # an action with its parameters


class Risk(StrEnum):
    """How much harm a wrong action does."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Reversibility(StrEnum):
    """Whether an effect can be taken back."""

    REVERSIBLE = "reversible"  # the same action with the earlier value restores the state
    COMPENSABLE = "compensable"  # another action makes up for it
    FINAL = "final"  # nothing takes it back


class Measure(StrEnum):
    """The number of an action that people look at first."""

    NONE = ""
    PRICE = "price"  # with its move and its margin
    QUANTITY = "quantity"  # of pieces on the shelf
    OWED = "owed"  # money that a customer gets or is owed


class Parameters(BaseModel):
    """Base of all parameter schemas: frozen, unknown fields refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Whom an action touches that names no customer, and from when or in what; in words."""

    whom: str
    note: str


@dataclass(frozen=True, kw_only=True)
class Example:
    """A typical change with all that may be known of it; what a draft of a policy is tried on.

    `params` are as `normalise` returns them, every field given; `before` and `after` as connectors
    show the record.
    """

    params: dict[str, Any] = field(default_factory=dict)
    before: State = field(default_factory=dict)
    after: State = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ActionSpec:
    """One entry of the catalogue.

    `target` names the outside record the action touches (also the key under which parallel
    calls are serialised); `title` and `effect` are the words a reviewer reads, `noun` what is
    changed, as in “the price”. `record` is the resource its target is read as, empty where it is
    not read. `gives_money`: its amount leaves the business, so amounts of one proposal add up.
    `compensate` works out what makes up for an effect from its parameters, the state of its target
    before it and the state the back end showed after it; None where nothing that is known does.
    `written` names the parameter of that which only a person can write, empty where it needs none.
    `customer` and `order` find in the parameters and in the state before whom and which order it is
    about, `category` to which part of the catalogue it belongs, empty where that is not known: what
    windows of time are counted by.
    """

    name: str
    title: str
    noun: str
    effect: str
    undo: str
    parameters: type[Parameters]
    risk: Risk
    reversibility: Reversibility
    example: Example
    measure: Measure = Measure.NONE
    gives_money: bool = False
    record: str = ""
    reach: Reach | None = None
    target: Callable[[dict[str, Any]], str]
    customer: Callable[[State, State], str] | None = None
    order: Callable[[State, State], str] | None = None
    category: Callable[[State, State], str] | None = None
    compensate: Callable[[State, State, State], Compensation | None] | None = None
    written: str = ""
