"""A model's answer to a message beside the rules': of one mind, or of two. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.agents.playbooks.base import QUOTE, Planned
from apps.agents.playbooks.calibration import RULES, Calibration, both, read_by
from apps.agents.playbooks.refund_desk.reading import Reading
from apps.agents.playbooks.said import DOUBTED, SURE, Read, contradicted, seconded
from apps.proposals.operations import Draft
from apps.proposals.text.provenance import text_of

Change = tuple[str, dict[str, Any]]
MEANT = ("order_id", "payment_id", "currency")  # parameters that say what an effect is upon


@dataclass(frozen=True, kw_only=True)
class Second:
    """What a model made of a case the rules have planned for; `reading` is None if it gave none."""

    rules: Planned
    by_rules: Reading
    reading: Reading | None
    changes: Sequence[Change]
    words: str
    model: str

    @property
    def reads_alike(self) -> bool:
        """Whether the model read the same; where it read nothing it has no other opinion."""
        own, theirs = self.reading, self.by_rules
        return own is None or (own.intent, own.language) == (theirs.intent, theirs.language)

    @property
    def agrees(self) -> bool:
        """Whether reading, actions, order, payments and amounts are all the same."""
        draft = self.rules.draft
        if draft is None:
            return self.reads_alike
        return self.reads_alike and effects(draft.changes) == effects(self.changes)

    def read(self, by: str) -> Read:
        """Who read the case as what."""
        said = self.reading.intent.value if self.reading else None
        return read_by(by, name=self.model, rules=self.by_rules.intent.value, model=said)

    def otherwise(self) -> str:
        """What the model came to, in words for a person."""
        parts = []
        if self.reading is not None:
            intent = self.reading.intent.replace("_", " ")
            parts.append(f"It read: {intent} ({self.reading.language}).")
        texts = [text_of(params) for _, params in self.changes]
        parts += [f"It would have written: “{text[:QUOTE]}”" for text in texts if text]
        return " ".join(parts)


def effects(changes: Sequence[Change]) -> frozenset[tuple[str, ...]]:
    """What changes would do, whatever words they do it with."""
    found = []
    for action, params in changes:
        amount = str(Decimal(params["amount"]).normalize()) if "amount" in params else ""
        found.append((action, amount, *(str(params.get(name, "")) for name in MEANT)))
    return frozenset(found)


def settle(
    second: Second, own: Callable[[Read], Planned], *, measured: Calibration, heed_all: bool
) -> Planned:
    """The plan that is proposed.

    1. Of one mind: the rules' plan, as sure as without the model, said in our fixed words.
    2. The rules leave it to a person: the model's own plan, for that person.
    3. Of two minds: the model's own plan where people have found it right more often than the
       rules; else the rules' plan. A person decides unless the rules are sure of it, and with
       `heed_all` even then: a model nobody has measured takes no autonomy away.
    """
    draft, words, model = second.rules.draft, second.words, second.model
    if draft is None:
        return second.rules if second.agrees else own(second.read("model"))
    if second.agrees and not is_put_off(draft):
        if second.reading is None:  # it has followed the rules, and had no opinion of its own
            return seconded(second.rules, words, model, read=second.read(RULES))
        tally = measured.of(both(model), second.by_rules.intent)
        return seconded(second.rules, words, model, read=second.read("both"), measured=tally)
    if is_left_to_a_person(draft) or beats_rules(second, measured):
        return own(second.read("model"))
    return contradicted(
        second.rules, words, model, read=second.read(RULES), otherwise=second.otherwise(),
        waits=heed_all or draft.confidence < SURE,
    )  # fmt: skip


def is_left_to_a_person(draft: Draft) -> bool:
    """Whether the rules do not judge the case themselves."""
    return draft.confidence <= DOUBTED


def is_put_off(draft: Draft) -> bool:
    """Whether the rules only tell the customer that a person looks."""
    return is_left_to_a_person(draft) and {action for action, _ in draft.changes} == {
        "send_message"
    }


def beats_rules(second: Second, measured: Calibration) -> bool:
    """Whether people found the model right more often than the rules, each about what it read.

    Where both read the same they differ about what to do, of which that says nothing.
    """
    if second.reading is None or second.reading.intent == second.by_rules.intent:
        return False
    theirs = measured.of(RULES, second.by_rules.intent)
    return measured.of(second.model, second.reading.intent).beats(theirs)
