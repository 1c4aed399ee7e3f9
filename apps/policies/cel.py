"""Rules in the Common Expression Language (CEL): compile once, evaluate many times. Pure.

Deny overrides review, review overrides allow, order does not matter, and nothing that matched
means deny. A rule that cannot be evaluated denies: an error never allows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import cel
from pydantic import BaseModel, ConfigDict, Field

from apps.policies.facts import VOCABULARY, Facts

MAX_EXPRESSION = 2_000  # characters
MAX_RULES = 200


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
    reason: str = Field(min_length=1, max_length=300)
    actions: tuple[str, ...] = ()
    reviewers: int = Field(default=1, ge=1, le=5)


@dataclass(frozen=True, kw_only=True)
class Fired:
    """A rule that matched, or one that failed (then `error` says why and it denies)."""

    rule: str
    outcome: Outcome
    reason: str
    reviewers: int = 1
    error: str = ""


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


class Ruleset:
    """Compiled rules and limits of one policy version, indexed by action."""

    def __init__(self, rules: Sequence[Rule], limits: Mapping[str, Any]) -> None:
        if len(rules) > MAX_RULES:
            raise InvalidRule(f"{len(rules)} rules; a version holds at most {MAX_RULES}.")
        self.limits = dict(limits)
        self.rules = [(rule, compile_rule(rule)) for rule in rules]

    def applicable(self, action: str) -> list[tuple[Rule, cel.Program]]:
        """The rules that speak of the action."""
        return [pair for pair in self.rules if not pair[0].actions or action in pair[0].actions]

    def evaluate(self, facts: Facts) -> list[Fired]:
        """The rules which fire on the facts; one CEL context serves them all."""
        context = cel.Context(facts.variables() | {"limits": self.limits})
        fired = (fire(rule, program, context) for rule, program in self.applicable(facts.action))
        return [one for one in fired if one is not None]


def compile_rule(rule: Rule) -> cel.Program:
    """The rule's program. Raises `InvalidRule` naming the rule and what is wrong in it."""
    try:
        program = cel.compile(rule.when)
    except ValueError as error:
        raise InvalidRule(f"Rule '{rule.name}': {error}") from error
    if unknown := set(program.variables()) - VOCABULARY:
        raise InvalidRule(
            f"Rule '{rule.name}' uses unknown words {sorted(unknown)}; known are "
            f"{', '.join(sorted(VOCABULARY))}."
        )
    return program


def fire(rule: Rule, program: cel.Program, context: cel.Context) -> Fired | None:
    """Evaluate one rule: None when it does not match, a denial when it fails."""
    try:
        matched = program.execute(context)
        if not isinstance(matched, bool):
            raise TypeError(f"the expression gives {type(matched).__name__}, not true or false")
    except Exception as error:  # noqa: BLE001  (whatever fails in a rule must deny)
        return Fired(
            rule=rule.name,
            outcome=Outcome.DENY,
            reason="The rule could not be evaluated, so the change is denied.",
            error=f"{type(error).__name__}: {error}"[:300],
        )
    if not matched:
        return None
    return Fired(rule=rule.name, outcome=rule.outcome, reason=rule.reason, reviewers=rule.reviewers)


def combine(fired: Sequence[Fired]) -> Verdict:
    """One verdict from all that fired, strictest first; nothing fired means deny."""
    ordered = tuple(sorted(fired, key=lambda one: -STRICTNESS[one.outcome]))
    return Verdict(outcome=ordered[0].outcome if ordered else Outcome.DENY, fired=ordered)
