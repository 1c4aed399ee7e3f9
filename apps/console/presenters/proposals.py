"""Proposals in words: the row in the list, and the page in full."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.console.presenters import differences
from apps.console.presenters.differences import Piece
from apps.console.presenters.items import by_item
from apps.console.presenters.paragraphs import Paragraph, drafted
from apps.console.presenters.reasons import (
    OWN,
    Factor,
    factors,
    numbers_of,
    percent,
    rates_used,
    share,
)
from apps.console.presenters.svg_charts import Picture
from apps.console.presenters.values import ABSENT, Row, label, money, movement, rows, show
from apps.gateway.catalogue import ACTIONS
from apps.gateway.catalogue.action_spec import Reversibility
from apps.gateway.models import Execution
from apps.gateway.models import State as ExecutionState
from apps.policies.models import Decision
from apps.proposals.changes import FieldDiff
from apps.proposals.models import Proposal, State
from apps.proposals.queries import ChangeView
from apps.proposals.text.provenance import TEXTS

TONES = {
    State.WAITING: "warn",
    State.APPROVED: "busy",
    State.DONE: "good",
    State.DENIED: "bad",
    State.REJECTED: "bad",
    State.FAILED: "bad",
    State.NEEDS_PERSON: "warn",
    State.EXPIRED: "",
    State.UNDONE: "",
}
EXECUTION_TONES = {
    ExecutionState.DONE: "good",
    ExecutionState.COMPENSATED: "",
    ExecutionState.CANCELLED: "",
    ExecutionState.PARKED: "bad",
    ExecutionState.REFUSED: "bad",
    ExecutionState.NEEDS_PERSON: "warn",
    ExecutionState.STALE: "warn",
    ExecutionState.UNKNOWN: "warn",
}
OUTCOMES = {"allow": ("good", "Allowed"), "review": ("warn", "Needs review"),
            "deny": ("bad", "Denied")}  # fmt: skip
UNDOING = {
    "reversible": "Can be undone",
    "compensable": "Can be made up for",
    "final": "Cannot be undone",
}
TOLD_ELSEWHERE = ("amount", "currency", "in_reply_to")  # parameters
NAMES = frozenset({"number", "title", "sku", "to"})  # fields `name_target` tells already
LONG_TEXT = 40  # characters from which a text is compared word by word


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A field before and after. `pieces` is set where the texts are compared word by word."""

    label: str
    before: str
    after: str
    moved: str
    pieces: list[Piece]

    @property
    def within(self) -> str:
        """The label inside a sentence; names in it keep their letters."""
        return self.label[:1].lower() + self.label[1:]


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """A policy's decision: what it said, which rules fired, and the facts it saw.

    `factors` are the facts which crossed a limit of the rule that decided.
    """

    tone: str
    verdict: str
    rule: str
    reason: str
    policy: str
    fired: list[Mapping[str, Any]]
    factors: list[Factor]
    facts: list[Row]


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """How an execution stands, and what the back end answered once it is done."""

    tone: str
    state: str
    execution: Execution
    after: list[Row]


@dataclass(frozen=True, kw_only=True)
class ChangeCard:
    """One change of a proposal.

    `paragraphs` are those of the text it writes, `is_new_text` that there was none before: then
    the paragraphs stand for the field. `pictures` are filled in by who has read the past.
    """

    id: str
    title: str
    target: str
    fields: list[Difference]
    edited: list[Difference]
    context: list[Row]
    effect: str
    undo: str
    undoing: str
    reversibility: str
    ruling: Ruling | None
    receipt: Receipt | None
    paragraphs: list[Paragraph]
    is_new_text: bool
    pictures: list[Picture] = field(default_factory=list)

    @property
    def is_compared(self) -> bool:
        """Whether there is a before to put beside an after."""
        return any(difference.before != ABSENT for difference in [*self.fields, *self.edited])


def card(view: ChangeView, evidence: object = (), *, withheld: bool = False) -> ChangeCard:
    """A change with everything a reviewer needs.

    Its text is told paragraph by paragraph, with what of the evidence each was made from. While
    the proposer's word is `withheld`, its confidence is no fact to be shown.
    """
    change, spec = view.change, view.spec
    undoing, undo = reversal(view)
    currency = currency_of(change.params, change.after)
    moved = frozenset(diff.path for diff in view.fields)
    paragraphs = drafted(change, evidence)
    written = {diff.path for diff in view.fields if diff.path in TEXTS and not diff.before}
    told = written if paragraphs else set()
    return ChangeCard(
        id=str(change.pk),
        title=spec.title,
        target=name_target(change.before, change.target),
        fields=[difference(diff, currency) for diff in view.fields if diff.path not in told],
        edited=[difference(diff, currency, words) for words, diff in edits(view)],
        context=[*rows(change.before, without=moved | NAMES), *notes(change.params, change.after)],
        effect=spec.effect,
        undo=undo,
        undoing=UNDOING[undoing],
        reversibility=undoing,
        ruling=ruling(view.decision, withheld=withheld) if view.decision else None,
        receipt=receipt(view.execution) if view.execution else None,
        paragraphs=paragraphs,
        is_new_text=bool(told),
    )


def edits(view: ChangeView) -> Iterator[tuple[str, FieldDiff]]:
    """What reviewers have edited, lists item by item and with words of their own."""
    for diff in view.edited:
        yield from by_item(diff, view.change.before)


def reversal(view: ChangeView) -> tuple[str, str]:
    """Whether this very change can be undone (as a key of `UNDOING`), and how.

    A reversible action is final where there is no earlier value to set again.
    """
    spec, change = view.spec, view.change
    earlier = spec.compensate and spec.compensate(change.params, change.before, change.after)
    if spec.reversibility == Reversibility.REVERSIBLE and not earlier:
        return Reversibility.FINAL.value, "There is no earlier value that could be set again."
    return spec.reversibility.value, spec.undo


def summarise_edits(cards: Sequence[ChangeCard]) -> list[str]:
    """What reviewers have edited, in a few words each; of a long text only its name."""
    return [
        difference.within if difference.pieces else f"{difference.within} {difference.after}"
        for card in cards
        for difference in card.edited
    ]


def currency_of(params: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """The currency in which a change's amounts are."""
    return str(params.get("currency") or after.get("currency") or "")


def name_target(before: Mapping[str, Any], target: str) -> str:
    """The record a change touches, as a person would call it."""
    if before.get("number"):
        return f"Order {before['number']}"
    named = [str(before[name]) for name in ("title", "sku", "to") if before.get(name)]
    return " · ".join(named) or target.partition(":")[2] or target


def notes(params: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Row]:
    """Parameters the record itself does not show, without its identifiers."""
    currency = currency_of(params, after)
    for name, value in params.items():
        known = name in after or name.endswith("_id") or name in TOLD_ELSEWHERE
        if not known and value not in ("", None):
            yield Row(label(name), show(name, value, currency))


def difference(diff: FieldDiff, currency: str, words: str = "") -> Difference:
    """A field's change, under its own words if it has any; long texts are compared word by word."""
    before, after = show(diff.path, diff.before, currency), show(diff.path, diff.after, currency)
    texts = isinstance(diff.before, str) and isinstance(diff.after, str)
    long = texts and bool(diff.before) and max(len(before), len(after)) > LONG_TEXT
    return Difference(
        label=words or label(diff.path),
        before=before,
        after=after,
        moved=movement(diff.before, diff.after),
        pieces=differences.compare(before, after) if long else [],
    )


def ruling(decision: Decision, *, withheld: bool = False) -> Ruling:
    """A decision in words; `withheld` leaves out what the proposer says of itself."""
    tone, verdict = OUTCOMES[decision.outcome]
    version = decision.version
    return Ruling(
        tone=tone,
        verdict=verdict,
        rule=decision.rule,
        reason=decision.reason,
        policy=f"{version.policy.name}, version {version.number}" if version else "",
        fired=decision.fired,
        factors=factors(decision, withheld=withheld),
        facts=[
            row
            for row in facts(decision.facts, version.limits if version else {})
            if not (withheld and row.label in map(label, OWN))
        ],
    )


def facts(seen: Mapping[str, Any], limits: Mapping[str, Any] | None = None) -> Iterator[Row]:
    """The single facts a rule saw; numbers nobody knew are left out.

    None of them is rounded to one of the `limits` it misses.
    """
    beside = numbers_of(limits or {})
    currency = str(seen.get("currency") or "")
    unknown = {
        name
        for flag, names in (
            ("has_amount", ("amount", "total_amount", "currency")),
            ("has_change", ("change_percent",)),
            ("has_margin", ("margin_percent",)),
            ("has_customer_orders", ("customer_orders",)),
            ("has_catalogue_size", ("catalogue_size",)),
        )
        if not seen.get(flag)
        for name in names
    }
    for name, value in seen.items():
        if name in unknown or name.startswith("has_") or isinstance(value, Mapping) or value == "":
            continue
        if name.endswith("_percent"):
            yield Row(label(name), percent(name, value, beside))
        elif name == "confidence" and isinstance(value, (int, float)):
            yield Row(label(name), share(value, beside))
        elif name == "action" and value in ACTIONS:
            yield Row(label(name), ACTIONS[value].title)
        else:
            yield Row(label(name), show(name, value, currency))
    yield from rates_used(seen)


def receipt(execution: Execution) -> Receipt:
    """How carrying it out stands."""
    after = (execution.receipt or {}).get("after")
    state = ExecutionState(execution.state)
    return Receipt(
        tone=EXECUTION_TONES.get(state, "busy"),
        state=str(state.label),
        execution=execution,
        after=list(rows(after)) if isinstance(after, Mapping) else [],
    )


def amount_of(proposal: Proposal) -> str:
    """The money at stake; empty when none moves."""
    return "" if proposal.amount is None else money(proposal.amount, proposal.currency)


def returns(proposal: Proposal) -> list[Difference]:
    """What had changed when an approval became void."""
    return [
        difference(
            FieldDiff(path=str(returned.get("field", "")), before=returned.get("before"),
                      after=returned.get("after")),
            proposal.currency,
        )
        for returned in proposal.returned
        if isinstance(returned, Mapping)
    ]  # fmt: skip
