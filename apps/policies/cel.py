"""Rules in the Common Expression Language (CEL): compile once, evaluate many times. Pure.

Deny overrides review, review overrides allow, order does not matter, and nothing that matched
means deny. A rule that cannot be evaluated denies: an error never allows.

No rule is begun that could take longer than an evaluation may (see `cost`): it denies.

All numbers are doubles (see `reckoning`), and limits have a currency. An amount in another one is
converted by a dated rate; where there is none, a rule that depends on it asks for a person,
whatever it would have said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import cel
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from apps.policies.cost import Meter, TooCostly, flat_steps
from apps.policies.expression import (
    Call,
    Node,
    Unreadable,
    declared_words,
    free_words,
    parse,
    walk,
)
from apps.policies.facts import VOCABULARY, Facts
from apps.policies.measure import Market, Measured, age_in, measure
from apps.policies.reckoning import (
    AS_IS,
    FUNCTIONS,
    IN_LIMITS,
    OWN_FUNCTIONS,
    beside_limits,
    doubled,
    plain,
)
from apps.policies.window_calls import WINDOW, NoWindow, asked
from apps.policies.window_calls import check as check_windows
from apps.policies.window_facts import Windows
from apps.policies.windows import Asked

MAX_EXPRESSION = 2_000  # characters
MAX_RULES = 200
MAX_REASON = 300  # characters
NEVER_EVALUATED = "__it_does_not_compile_any_more"
UNCONVERTED = frozenset(IN_LIMITS.values())


class Outcome(StrEnum):
    """What a policy says of one change."""

    ALLOW = "allow"
    REVIEW = "review"
    DENY = "deny"


STRICTNESS = {Outcome.ALLOW: 0, Outcome.REVIEW: 1, Outcome.DENY: 2}


class InvalidRule(ValueError):
    """A rule does not compile or uses a word that does not exist. Correct the expression."""


class Rule(BaseModel):
    """One CEL expression with its outcome.

    `actions` empty means every action. `reviewers` is how many different people a review needs.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=100)
    when: str = Field(min_length=1, max_length=MAX_EXPRESSION)
    outcome: Outcome
    reason: str = Field(min_length=1, max_length=MAX_REASON)
    actions: tuple[str, ...] = ()
    reviewers: int = Field(default=1, ge=1, le=5)


@dataclass(frozen=True, kw_only=True)
class Fired:
    """A rule that matched, or one that failed (then `error` says why and it denies).

    `exchange` says by which rates an amount was compared with limits in another currency:
    {currency, amount, total_amount, rates, as_of}; empty where none was.
    """

    rule: str
    outcome: Outcome
    reason: str
    reviewers: int = 1
    error: str = ""
    exchange: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What all rules together say, and which of them fired."""

    outcome: Outcome
    fired: tuple[Fired, ...]

    @property
    def deciding(self) -> Fired | None:
        """The first of the strictest rules that fired; None when nothing matched."""
        return next((fired for fired in self.fired if fired.outcome == self.outcome), None)

    @property
    def reviewers(self) -> int:
        """How many different people have to approve; 0 unless the outcome is review."""
        asked = [fired.reviewers for fired in self.fired if fired.outcome == Outcome.REVIEW]
        return max(asked, default=0) if self.outcome == Outcome.REVIEW else 0


@dataclass(frozen=True)
class Compiled:
    """A rule ready to run; `node` None: it could not be compiled, and always denies.

    `steps` is what it takes whatever it sees; None where that depends on the change.
    """

    rule: Rule
    program: cel.Program
    node: Node | None
    steps: int | None


class Ruleset:
    """Compiled rules and limits of one policy version, indexed by action.

    A rule of a published version that does not compile any more is kept and denies (`lenient`).
    """

    def __init__(
        self, rules: Sequence[Rule], limits: Mapping[str, Any], *, lenient: bool = False
    ) -> None:
        if len(rules) > MAX_RULES:
            raise InvalidRule(f"{len(rules)} rules; a version holds at most {MAX_RULES}.")
        self.limits = dict(limits)
        compiled = compile_or_deny if lenient else compile_rule
        self.rules = [compiled(rule) for rule in rules]
        self._numbers = doubled(self.limits)

    @classmethod
    def stored(cls, rules: Sequence[Any], limits: Mapping[str, Any]) -> "Ruleset":
        """The rules of a version as the database has them: one that is none denies everything."""
        if len(rules) > MAX_RULES:
            return cls([unusable(f"{len(rules)} rules")], limits, lenient=True)
        return cls([rule_or_deny(rule) for rule in rules], limits, lenient=True)

    @property
    def currency(self) -> str:
        """The currency of the limits; empty where they name none."""
        named = self.limits.get("currency")
        return named if isinstance(named, str) else ""

    def applicable(self, action: str) -> list[Compiled]:
        """The rules that speak of the action."""
        return [rule for rule in self.rules if not rule.rule.actions or action in rule.rule.actions]

    def asked(self, action: str) -> frozenset[Asked]:
        """The windows its rules about the action ask for."""
        return frozenset().union(*(asked(rule.rule.when) for rule in self.applicable(action)))

    def windows(self, facts: Facts, market: Market) -> Windows:
        """The windows of a change, with amounts in the currency of the limits."""
        days = age_in(self.limits, market.max_age_days)
        currency = self.currency or market.currency
        return Windows(facts, currency=currency, market=market, max_age_days=days)

    def measure(self, facts: Facts, market: Market) -> Measured:
        """The amounts of a change in the currency of the limits."""
        return measure(facts, self.currency, self.limits, market)

    def evaluate(self, facts: Facts, market: Market | None = None) -> list[Fired]:
        """The rules which fire on the facts; one CEL context serves them all.

        `market` has the rates by which amounts are compared with limits in another currency, and
        the currency of limits that name none. Without it nothing is converted.
        """
        applicable = self.applicable(facts.action)
        if not applicable:
            return []
        market = market or Market()
        seen = facts.variables()
        try:
            affordable = within_budget(applicable, seen | {"limits": self.limits})
        except TooCostly as error:
            return [failed(rule.rule, error) for rule in applicable]
        measured, windows = self.measure(facts, market), self.windows(facts, market)
        variables = doubled(seen) | {"limits": self._numbers}
        variables |= in_limits(measured, variables)
        context = cel.Context(variables, OWN_FUNCTIONS | {WINDOW: windows})
        fired = (
            failed(rule.rule, why)
            if why
            else fire(rule.rule, rule.program, context, measured, windows)
            for rule, why in affordable
        )
        return [firing for firing in fired if firing is not None]


def within_budget(
    rules: Sequence[Compiled], variables: Mapping[str, Any]
) -> list[tuple[Compiled, TooCostly | None]]:
    """Each rule, and why it is not to be run on these values if it is not.

    Raises `TooCostly` where the values alone are too many.
    """
    meter, found = Meter(variables), []
    for rule in rules:
        why = None
        try:
            if rule.node is not None:
                meter.charge(rule.node, rule.steps)
        except TooCostly as error:
            why = error
        found.append((rule, why))
    return found


def in_limits(measured: Measured, variables: Mapping[str, Any]) -> dict[str, Any]:
    """What stands for amounts beside limits; nothing for what cannot be compared with them."""
    found = {}
    if measured.amount is not None:
        found = {"amount": measured.amount, "total_amount": measured.total_amount}
    if not measured.differs:
        found |= {name: variables[name] for name in AS_IS}
    return {IN_LIMITS[name]: value for name, value in found.items()}


def compile_rule(rule: Rule) -> Compiled:
    """The rule, compiled. Raises `InvalidRule` naming the rule and what is wrong in it."""
    try:
        node = parse(rule.when)
    except Unreadable as error:
        raise InvalidRule(f"Rule '{rule.name}': {refusal(rule.when) or error}") from error
    check_words(rule, node)
    try:
        if said := refusal(rule.when):
            raise ValueError(said)
        program = cel.compile(plain(node, beside_limits(node)))
    except ValueError as error:
        raise InvalidRule(f"Rule '{rule.name}': {error}") from error
    return Compiled(rule, program, node, flat_steps(node))


def refusal(when: str) -> str:
    """What the library says of an expression it does not take; empty if it takes it."""
    try:
        cel.compile(when)
    except ValueError as error:
        return f"Syntax error. {error}" if "yntax" not in str(error) else str(error)
    return ""


def check_words(rule: Rule, node: Node) -> None:
    """Refuse words and functions that do not exist, and variables that hide a word."""
    if unknown := free_words(node) - VOCABULARY:
        raise InvalidRule(
            f"Rule '{rule.name}' uses unknown words {sorted(unknown)}; known are "
            f"{', '.join(sorted(VOCABULARY))}."
        )
    if hidden := declared_words(node) & VOCABULARY:
        raise InvalidRule(
            f"Rule '{rule.name}' names a variable {sorted(hidden)}, which is a word of its own. "
            "Name it otherwise."
        )
    called = {call.function for call in walk(node) if isinstance(call, Call)}
    try:
        check_windows(node)
    except NoWindow as error:
        raise InvalidRule(f"Rule '{rule.name}': {error}") from error
    if strange := called - FUNCTIONS:
        raise InvalidRule(
            f"Rule '{rule.name}' calls unknown functions {sorted(strange)}; known are "
            f"{', '.join(sorted(FUNCTIONS))}."
        )


def compile_or_deny(rule: Rule) -> Compiled:
    """The rule; one that always fails, and so denies, where it does not compile."""
    try:
        return compile_rule(rule)
    except (InvalidRule, RecursionError):
        return Compiled(rule, cel.compile(NEVER_EVALUATED), None, None)


def rule_or_deny(stored: Any) -> Rule:
    """A rule as the database has it; one that always denies where that is none."""
    try:
        return Rule.model_validate(stored)
    except ValidationError:
        name = stored.get("name") if isinstance(stored, Mapping) else ""
        return unusable(str(name or "a rule"))


def unusable(name: str) -> Rule:
    """A rule of this name, about every action, that can only fail."""
    return Rule(
        name=name[:100], when=NEVER_EVALUATED, outcome=Outcome.DENY, reason="It cannot be used."
    )


def fire(
    rule: Rule,
    program: cel.Program,
    context: cel.Context,
    measured: Measured | None = None,
    windows: Windows | None = None,
) -> Fired | None:
    """Evaluate one rule: None when it does not match, a denial when it fails.

    A rule that would need an amount which cannot be compared with the limits asks for a person.
    What stops a change by its windows says in its reason what these hold.
    """
    if windows is not None:
        windows.turn(rule.actions, rule.when)
    uses = UNCONVERTED & set(program.variables()) if measured and measured.differs else set()
    try:
        matched = program.execute(context)
        if not isinstance(matched, bool):
            raise TypeError(f"the expression gives {type(matched).__name__}, not true or false")
    except Exception as error:  # noqa: BLE001  (whatever fails in a rule must deny)
        if measured and uses and (why := measured.why_not(uses)):
            return Fired(rule=rule.name, outcome=Outcome.REVIEW, reason=why[:MAX_REASON])
        if windows is not None and (why := windows.why_not(error)):
            return Fired(rule=rule.name, outcome=Outcome.REVIEW, reason=why[:MAX_REASON])
        return failed(rule, error)
    if not matched:
        return None
    return Fired(
        rule=rule.name,
        outcome=rule.outcome,
        reason=reason_of(rule, windows),
        reviewers=rule.reviewers,
        exchange=measured.told() if measured and uses else {},
    )


def failed(rule: Rule, error: Exception) -> Fired:
    """A rule that could not be evaluated: it denies."""
    return Fired(
        rule=rule.name,
        outcome=Outcome.DENY,
        reason="The rule could not be evaluated, so the change is denied.",
        error=f"{type(error).__name__}: {error}"[:300],
    )


def reason_of(rule: Rule, windows: Windows | None) -> str:
    """Why a rule stops a change or lets it pass; with the series that stops it."""
    if windows is None or rule.outcome == Outcome.ALLOW or not (of := asked(rule.when)):
        return rule.reason
    return f"{rule.reason} {windows.series(of)}".strip()[:MAX_REASON]


def combine(fired: Sequence[Fired]) -> Verdict:
    """One verdict from all that fired, strictest first; nothing fired means deny."""
    ordered = tuple(sorted(fired, key=lambda firing: -STRICTNESS[firing.outcome]))
    return Verdict(outcome=ordered[0].outcome if ordered else Outcome.DENY, fired=ordered)
