"""Whether other rules could let anything through that the rules in force do not. Pure.

For every change there could be, not only for those there were: the questions that the rules ask
(see `formulas`) are answered in all ways that matter, and both sides judged. What is found need
not be possible in a shop; where it takes too many answers, nothing is proved. Both count as new.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from time import thread_time
from typing import Any

from apps.policies.cel import Outcome, Rule
from apps.policies.exchange import MAX_AGE_DAYS
from apps.policies.expression import Name, Select, Unreadable, parse, walk
from apps.policies.formulas import Asks, Formula, Question, formula, questions
from apps.policies.measure import AGE_LIMIT
from apps.policies.partition import (
    ERROR,
    FALSE,
    NO,
    TRUE,
    Part,
    answered,
    anything,
    conjunction,
    parts,
    turned,
)
from apps.policies.reckoning import beside_limits, plain
from apps.policies.window_calls import MAY_LACK, is_window

NOTHING, ALLOW, DENY = 0, 1, 7  # how strict; a review by so many people is between
MOST_ANSWERS, LONGEST = 10_000, 3.0  # and seconds of its own; after that it is left open
MOST_LOOKED_AT = 20  # ways in which more is let through, of which a few are told
CURRENCY, HAS_AMOUNT = Question("currency", "text"), Question("has_amount", "truth")
LAST = ("shop", "opaque")
OF_RULES = {"currency", AGE_LIMIT}  # limits that each rule with an amount reads


@dataclass(frozen=True)
class Book:
    """The rules and limits of one active version; `currency`: in which its limits are.

    Amounts in others stand beside them by rates up to `days` old.
    """

    rules: tuple[Rule, ...]
    limits: Mapping[str, Any]
    currency: str = ""
    days: int = MAX_AGE_DAYS

    @property
    def money(self) -> str:
        """In which currency amounts stand beside the limits, and by rates how old."""
        return f"{self.currency}_{self.days}"


@dataclass(frozen=True)
class Finding:
    """Something that would be let through that is not now, in words; or that it stays open."""

    action: str  # empty: any other
    words: str


@dataclass(frozen=True)
class Clause:
    """One rule as a formula; `money`: of the amounts it needs, which may not be known.

    `windows` names those of which it reads what may not be known: amounts in yet other currencies,
    a share of the catalogue.
    """

    formula: Formula
    level: int
    money: str
    windows: str = ""

    @property
    def rate(self) -> Question:
        """Whether those amounts are in another currency, and there is no rate."""
        if self.windows:
            return Question(self.windows, "rate of windows")
        return Question("no rate", "rate", self.money)


class Undecided(Exception):
    """It takes too many answers to tell."""


def loosened(before: Sequence[Book], after: Sequence[Book]) -> list[Finding]:
    """What all rules together would let through after and not before; empty: certainly nothing."""
    named = {name for book in (*before, *after) for rule in book.rules for name in rule.actions}
    found: list[Finding] = []
    until = thread_time() + LONGEST
    for action in [*sorted(named), ""]:
        if thread_time() > until:  # also of thousands of actions
            return [*found, Finding(action, "There is too much to be compared.")]
        old, new = clauses(before, action), clauses(after, action)
        if old == new:
            continue
        if old is None or new is None:
            found.append(Finding(action, "A rule is too intricate to be compared."))
            continue
        try:
            found += [Finding(action, text) for text in Comparison(old, new, until).told()]
        except Undecided:
            found.append(Finding(action, "The rules are too intricate to be compared."))
    return found


def clauses(books: Iterable[Book], action: str) -> tuple[Clause, ...] | None:
    """The rules about an action as formulas; None if one cannot be taken apart."""
    try:
        return tuple(
            clause(rule, book)
            for book in books
            for rule in book.rules
            if not rule.actions or action in rule.actions
        )
    except (Unreadable, RecursionError):
        return None


def clause(rule: Rule, book: Book) -> Clause:
    """A rule as a formula. Raises `Unreadable`."""
    node = parse(rule.when)
    words = {name.text for name in walk(node) if isinstance(name, Name)}
    level = {Outcome.ALLOW: ALLOW, Outcome.DENY: DENY}.get(rule.outcome, ALLOW + rule.reviewers)
    needs = words & set(beside_limits(node))
    sums = {
        plain(inner.of, {})
        for inner in walk(node)
        if isinstance(inner, Select) and is_window(inner.of) and inner.field in MAY_LACK
    }
    windows = " ".join([book.money, *sorted(sums), *sorted(rule.actions)]) if sums else ""
    whole = formula(rule.when, book.limits, book.money, rule.actions)
    return Clause(whole, level, book.money if needs else "", windows)


def unread(before: Book | None, after: Book | None) -> list[str]:
    """Limits that differ and that no rule reads: what they change only the program knows."""
    old, new = (dict(book.limits) if book else {} for book in (before, after))
    read = {name for book in (before, after) if book for name in limits_read(book)} | OF_RULES
    return sorted(name for name in (old.keys() | new.keys()) - read
                  if old.get(name, False) != new.get(name, False))  # fmt: skip


def limits_read(book: Book) -> Iterator[str]:
    """The limits which the rules of a version name; all of them if one takes them as a whole."""
    for rule in book.rules:
        nodes = list(walk(parse(rule.when)))
        named = [
            select for select in nodes if isinstance(select, Select) and select.of == Name("limits")
        ]
        yield from (select.field for select in named)
        if len(named) < sum(node == Name("limits") for node in nodes):
            yield from book.limits


Answers = dict[Question, Part]


class Comparison:
    """All changes of one action, before and after."""

    def __init__(self, before: Sequence[Clause], after: Sequence[Clause], until: float) -> None:
        self.before, self.after, self.looked, self.until = before, after, 0, until
        self.gone = [earlier for earlier in before if earlier not in after]
        self.added = [new_clause for new_clause in after if new_clause not in before]
        both = list(dict.fromkeys([*self.gone, *self.added, *before]))
        asked = [atom for clause in both for atom in questions(clause.formula)]
        monies = {
            old_clause.money: Question("no rate", "rate", old_clause.money)
            for old_clause in both
            if old_clause.money
        }
        first = [CURRENCY, HAS_AMOUNT, *monies.values()] if monies else []
        known = [Asks(CURRENCY, "==", money.split("_")[0]) for money in monies]
        raw = [Question(atom.question.term, "number") for atom in asked
               if atom.question.kind == "measured"]  # fmt: skip
        rates = [old_clause.rate for old_clause in both if old_clause.windows]
        # what may fail is asked last: it seldom decides, and has the most answers
        changed = [atom.question for clause in (*self.gone, *self.added)
                   for atom in questions(clause.formula)]  # fmt: skip
        rest = sorted(
            [*(atom.question for atom in asked), *raw], key=lambda question: question.kind in LAST
        )
        self.order = list(dict.fromkeys([*first, *changed, *rest, *rates]))
        self.parts = {
            question: list(
                parts(question, [a for a in (*known, *asked) if is_about(question, a.question)])
            )
            for question in self.order
        }

    def told(self) -> list[str]:
        """Some answers with which more is let through, in words: of each kind the first.

        Raises `Undecided` where none is found before it takes too long.
        """
        found: dict[tuple[int, int], str] = {}
        try:
            for answers, low, high in islice(self.search({}), MOST_LOOKED_AT):
                if (low, high) not in found:
                    said = dict.fromkeys(part.words for part in self.needed(answers) if part.words)
                    where = " and ".join(said) or "whatever it is"
                    found[low, high] = (
                        f"{level_words(low)} becomes {level_words(high)} where {where}"
                    )
        except Undecided:
            if not found:
                raise
        return list(found.values())

    def needed(self, answers: Answers) -> Iterable[Part]:
        """Those of the answers without which it would not be certain that more is let through."""
        kept = dict(answers)
        for question in answers:
            fewer = {span: part for span, part in kept.items() if span != question}
            if verdict(self.after, fewer)[1] < verdict(self.before, fewer)[0]:
                kept = fewer
        return kept.values()

    def search(self, answers: Answers) -> Iterator[tuple[Answers, int, int]]:
        """Answers with which after is certainly, or once all are given, milder than before."""
        self.looked += 1
        if self.looked > MOST_ANSWERS or thread_time() > self.until:
            raise Undecided
        if is_harmless(levels(self.gone, answers), levels(self.added, answers)):
            return  # whatever the rules say that stay
        old, new = verdict(self.before, answers), verdict(self.after, answers)
        if new[0] >= old[1]:
            return
        if new[1] < old[0]:
            yield answers, old[0], new[1]
            return
        for question in self.order:
            if question not in answers and self.matters(question, answers):
                for part in self.possible(question, answers):
                    yield from self.search({**answers, question: part})
                return
        raise Undecided  # a part that stays open whatever is asked

    def matters(self, question: Question, answers: Answers) -> bool:
        """Whether a rule that is still open depends on it."""
        undecided = [
            clause
            for clause in (*self.before, *self.after)
            if turns_out(clause.formula, answers) not in (TRUE, FALSE)
        ]
        asked = {as_it_is(atom.question, answers) for clause in undecided
                 for atom in questions(clause.formula)}  # fmt: skip
        if question.kind == "rate":
            return any(clause.money == question.money for clause in undecided)
        if any(clause.windows and clause.rate == question for clause in undecided):
            return True
        if question in (CURRENCY, HAS_AMOUNT) and any(clause.money for clause in undecided):
            return True
        return question in asked

    def possible(self, question: Question, answers: Answers) -> list[Part]:
        """The answers to it: an amount is there unless a rate is missing."""
        found = self.parts[question]
        rate = Question("no rate", "rate", question.money)
        if question.kind == "rate" and is_same_money(question, answers):
            return [part for part in found if not part.truth]
        if question.kind == "measured" and not answers[rate].truth:
            return [part for part in found if not part.is_error]
        return found


def is_about(question: Question, other: Question) -> bool:
    """Whether two questions are after the same; an amount is one in each currency."""
    return question == other or (question.term == other.term and {question.kind, other.kind} <= {
        "number", "measured"})  # fmt: skip


def is_same_money(question: Question, answers: Answers) -> bool:
    """Whether it is known that the change is in the currency of the limits, or has no amount."""
    currency, has_amount = answers.get(CURRENCY), answers.get(HAS_AMOUNT)
    if has_amount is not None and not has_amount.truth:
        return True
    return currency is not None and currency.value == question.money.split("_")[0]


def as_it_is(question: Question, answers: Answers) -> Question:
    """The question after an amount as the change has it, where that is the one beside limits."""
    if question.kind == "measured" and is_same_money(question, answers):
        return Question(question.term, "number")
    return question


def is_harmless(gone: frozenset[int], added: frozenset[int]) -> bool:
    """Whether rules of these levels may go and come beside any others, and nothing gets easier."""
    return all(
        (max(new, rest) or DENY) >= (max(old, rest) or DENY)
        for old in gone
        for new in added
        for rest in range(NOTHING, DENY + 1)
    )


def verdict(clauses: Sequence[Clause], answers: Answers) -> tuple[int, int]:
    """How strict the rules are at least and at most, by the answers so far."""
    found = {level or DENY for level in levels(clauses, answers)}
    return min(found), max(found)


def levels(clauses: Sequence[Clause], answers: Answers) -> frozenset[int]:
    """What the level of the strictest rule that fires may be; `NOTHING` if none does."""
    found = {NOTHING}
    for clause in clauses:
        own = levels_of(clause, answers)
        found = {max(least, level) for least in found for level in own}
    return frozenset(found)


def levels_of(clause: Clause, answers: Answers) -> set[int]:
    """What the level of a rule may be: its own, `NOTHING`, or what it asks for where it fails."""
    may = turns_out(clause.formula, answers)
    found = {clause.level} if may & TRUE else set()
    found |= {NOTHING} if may & FALSE else set()
    if may & ERROR:
        missing = answers.get(clause.rate) if clause.money or clause.windows else NO
        found |= {DENY} if missing is None or not missing.truth else set()
        found |= {ALLOW + 1} if missing is None or missing.truth else set()
    return found


def turns_out(formula_part: Formula, answers: Answers) -> int:
    """What a formula may turn out to be, as a sum of `TRUE`, `FALSE` and `ERROR`."""
    if isinstance(formula_part, Asks):
        question = as_it_is(formula_part.question, answers)
        part = answers.get(question)
        return anything(question) if part is None else answered(formula_part, part)
    if formula_part.sign in ("true", "false"):
        return TRUE if formula_part.sign == "true" else FALSE
    inside = [turns_out(part, answers) for part in formula_part.parts]
    if formula_part.sign == "!":
        return turned(inside[0])
    if formula_part.sign == "&&":
        return conjunction(inside)
    if formula_part.sign == "||":
        return turned(conjunction([turned(part) for part in inside]))
    test, then, otherwise = inside
    return (then if test & TRUE else 0) | (otherwise if test & FALSE else 0) | test & ERROR


def level_words(level: int) -> str:
    """How strict, in words."""
    if level in (ALLOW, DENY):
        return "done without a person" if level == ALLOW else "denied"
    people = level - ALLOW
    return "waiting for a person" if people == 1 else f"waiting for {people} people"
