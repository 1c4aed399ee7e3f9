"""Trying a draft before it decides: what could only ever fail is refused, with what fails. Pure.

A rule that cannot be evaluated denies. So one that compares a text with a number, names a limit
that does not exist, or takes too long would be published and then deny everything; here it is
found.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import cel

from apps.money.currency import UnknownCurrency, minor_units
from apps.policies import kinds
from apps.policies.cel import InvalidRule, Rule
from apps.policies.comparisons import limit_in
from apps.policies.cost import Meter, TooCostly
from apps.policies.exchange import OLDEST_RATE
from apps.policies.expression import (
    Call,
    Chain,
    Choice,
    Node,
    Unary,
    parse,
    walk,
)
from apps.policies.facts import Facts
from apps.policies.measure import AGE_LIMIT, Market
from apps.policies.reckoning import OWN_FUNCTIONS, doubled, plain
from apps.policies.samples import actions, large, samples
from apps.policies.window_calls import WINDOW
from apps.policies.window_facts import Windows

WORD = re.compile(r"[A-Za-z_]\w*")
KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "true or false"),
    (str, "a text"),
    ((int, float), "a number"),
    (list, "a list"),
    (dict, "a record"),
    (type(None), "nothing"),
)


def check(rules: Sequence[Rule], limits: Mapping[str, Any]) -> None:
    """Refuse limits that are none, and rules that compile and could still only fail.

    Each part of a rule is tried on typical changes of every action it speaks of. What depends on
    what a shop sends is left to the decision: a key that is missing in a sample is no fault.
    Raises `InvalidRule` naming the rule, the action and what is wrong.
    """
    check_limits(limits)
    read = [(rule, parse(rule.when)) for rule in rules]
    for rule, node in read:
        check_named_limits(rule, node, limits)
        for action in rule.actions or actions():
            check_kinds(rule, node, action, limits)
    check_cost(read, limits)  # what would take too long is not even tried
    for rule, node in read:
        for action in rule.actions or actions():
            try_on(rule, node, action, limits)


def check_kinds(rule: Rule, node: Node, action: str, limits: Mapping[str, Any]) -> None:
    """Refuse parts that do not go together, with the place in the rule."""
    words = kinds.words_of(next(samples(action)), limits)
    try:
        kinds.check(rule.when, node, words)
    except kinds.Mismatch as error:
        raise InvalidRule(f"Rule '{rule.name}' on {action}: {error}") from error


def check_cost(rules: Sequence[tuple[Rule, Node]], limits: Mapping[str, Any]) -> None:
    """Refuse rules which together take too many steps on a large change of one action."""
    for action in {name for rule, _ in rules for name in rule.actions} | set(actions()):
        try:
            meter = Meter(large(action).variables() | {"limits": limits})
        except TooCostly as error:
            raise InvalidRule(f"The limits: {error}") from error
        for rule, node in rules:
            if rule.actions and action not in rule.actions:
                continue
            try:
                meter.charge(node)
            except TooCostly as error:
                raise InvalidRule(f"Rule '{rule.name}' on {action}: {error}") from error


def check_limits(limits: Mapping[str, Any]) -> None:
    """Refuse a limit that no rule could name, one that is no value, and a currency that is none."""
    for name, value in limits.items():
        if not WORD.fullmatch(name):
            raise InvalidRule(f"'{name}' is no name for a limit: letters, digits and _ only.")
        if isinstance(value, float) and not math.isfinite(value):
            raise InvalidRule(f"The limit '{name}' is no number.")
    if "currency" in limits:
        try:
            minor_units(limits["currency"])
        except UnknownCurrency as error:
            raise InvalidRule(f"The limit 'currency': {error}") from error
    age = limits.get(AGE_LIMIT, 1)
    if isinstance(age, bool) or not isinstance(age, (int, float)) or not 1 <= age <= OLDEST_RATE:
        raise InvalidRule(f"The limit '{AGE_LIMIT}' is a number of days from 1 to {OLDEST_RATE}.")


def check_named_limits(rule: Rule, node: Node, limits: Mapping[str, Any]) -> None:
    """Refuse `limits.NAME` of which there is none, unless the rule asks `has(limits.NAME)`."""
    asked = {limit_in(inner.args[0]) for inner in walk(node) if isinstance(inner, Call)
             and inner.function == "has" and inner.args}  # fmt: skip
    named = {name for inner in walk(node) if (name := limit_in(inner))}
    if missing := sorted(named - asked - set(limits)):
        raise InvalidRule(
            f"Rule '{rule.name}' names limits that do not exist: {', '.join(missing)}. "
            f"There are {', '.join(sorted(limits)) or 'none'}."
        )


def try_on(rule: Rule, node: Node, action: str, limits: Mapping[str, Any]) -> None:
    """Evaluate a rule, and each part of it, on typical changes of an action."""
    contexts = [
        cel.Context(
            doubled(facts.variables()) | {"limits": doubled(dict(limits))},
            OWN_FUNCTIONS | {WINDOW: windows_of(facts)},
        )
        for facts in samples(action)
    ]
    for part in atoms(node):
        for context in contexts:
            if isinstance(outcome := tried(part, context), TypeError):
                raise InvalidRule(
                    f"Rule '{rule.name}' could not be evaluated on {action}: "
                    f"{explained(part, context) or outcome}"
                )
    outcomes = [tried(node, context) for context in contexts]
    for outcome in outcomes:
        if not isinstance(outcome, (bool, Exception)):
            raise InvalidRule(
                f"Rule '{rule.name}' gives {kind_of(outcome)} on {action}, not true or false."
            )
    failed = [error for error in outcomes if isinstance(error, Exception)]
    if len(failed) == len(outcomes) and not any(isinstance(error, KeyError) for error in failed):
        raise InvalidRule(f"Rule '{rule.name}' can only fail on {action}: {failed[0]}")


def windows_of(facts: Facts) -> Windows:
    """The windows of a sample, in which nothing else was counted."""
    return Windows(facts, currency="", market=Market(), max_age_days=1)


def tried(node: Node, context: cel.Context) -> object:
    """What an expression gives, or the error it ends in."""
    try:
        return cel.compile(plain(node, {})).execute(context)
    except Exception as error:  # noqa: BLE001  (whatever a rule would fail with is what is sought)
        return error


def atoms(node: Node) -> Iterator[Node]:
    """The parts of a rule that are joined by and, or, not and a choice: one may hide another."""
    match node:
        case Chain() if node.is_logic:
            for operand in node.operands:
                yield from atoms(operand)
        case Unary("!", of):
            yield from atoms(of)
        case Choice(test, then, otherwise):
            for inner in (test, then, otherwise):
                yield from atoms(inner)
        case _:
            yield node


def explained(node: Node, context: cel.Context) -> str:
    """Of which kinds the operands are that do not go together; empty where that says nothing."""
    for inner in walk(node):
        if not isinstance(inner, Chain):
            continue
        values = [tried(operand, context) for operand in inner.operands]
        kinds = [kind_of(value) for value in values]
        if len(set(kinds)) > 1 and not any(isinstance(value, Exception) for value in values):
            named = zip(inner.operands, kinds, strict=True)
            words = " and ".join(f"{plain(operand, {})} is {kind}" for operand, kind in named)
            return f"{words}; they do not go together."
    return ""


def kind_of(value: object) -> str:
    """The kind of a value in words."""
    return next((words for types, words in KINDS if isinstance(value, types)), "something else")
