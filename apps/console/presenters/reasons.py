"""Why a proposal waits for a person: which facts crossed which limits, and what was missing."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.console import reader
from apps.console.presenters.values import Row, decimal, label, money, show
from apps.policies.models import Decision, Version
from apps.proposals.models import Proposal
from apps.proposals.stale import rests_on_stale

FACT = r"(?<![\w.'])(?P<fact>[a-z_]+)"
LIMIT = r"(?P<minus>-?)limits\.(?P<limit>\w+)"
COMPARED = re.compile(rf"{FACT}\s*(?P<sign><=|>=|<|>)\s*{LIMIT}")
SAYS = {"<": "below", "<=": "at most", ">": "above", ">=": "at least"}
HOLDS = {
    "<": lambda fact, limit: fact < limit,
    "<=": lambda fact, limit: fact <= limit,
    ">": lambda fact, limit: fact > limit,
    ">=": lambda fact, limit: fact >= limit,
}
FLAGS = {
    "amount": "has_amount",
    "total_amount": "has_amount",
    "change_percent": "has_change",
    "margin_percent": "has_margin",
}
OWN = ("confidence",)  # facts the proposer supplies itself; they speak for it


@dataclass(frozen=True, kw_only=True)
class Factor:
    """A fact beside the limit it crossed: `−13.5 %` is `below` the limit of `−5 %`."""

    label: str
    value: str
    relation: str
    limit: str
    name: str


def factors(decision: Decision, *, withheld: bool) -> list[Factor]:
    """Which facts crossed which limits in the rule that decided, by its very expression.

    Pure comparison of a fact with a limit; `withheld` leaves out what the proposer says of itself.
    """
    version = decision.version
    expression = expression_of(version, decision.rule) if version else ""
    found = (compare(match, decision.facts, version) for match in COMPARED.finditer(expression))
    crossed = {one.label: one for one in found if one is not None}
    return [
        one for name, one in crossed.items() if not (withheld and name in map(label, OWN))
    ]  # fmt: skip


def expression_of(version: Version, rule: str) -> str:
    """What the rule of this name asks for; empty where the version has none."""
    rules = version.rules if isinstance(version.rules, list) else []
    return next((str(one.get("when", "")) for one in rules if one.get("name") == rule), "")


def compare(
    match: re.Match[str], facts: Mapping[str, Any], version: Version | None
) -> Factor | None:
    """One comparison in words; None where it does not hold or something in it is not known."""
    name, sign = match["fact"], match["sign"]
    flag = FLAGS.get(name)
    fact = decimal(facts.get(name))
    limit = decimal((version.limits if version else {}).get(match["limit"]))
    if fact is None or limit is None or (flag and not facts.get(flag)):
        return None
    limit = -limit if match["minus"] else limit
    if not HOLDS[sign](fact, limit):
        return None
    currency = str(facts.get("currency") or "")
    return Factor(
        label=label(name.removesuffix("_percent")),
        value=worded(name, fact, currency),
        relation=SAYS[sign],
        limit=worded(name, limit, currency),
        name=match["limit"].replace("_", " "),
    )


def worded(name: str, value: Decimal, currency: str) -> str:
    """A fact or its limit with the unit of the fact."""
    if name.endswith("_percent"):
        return percent(name, value)
    if name.endswith("amount"):
        return money(value, currency)
    if name == "confidence":
        return reader.percent(value * 100, 0)
    return show(name, str(value.normalize()))


def percent(name: str, value: Decimal | float) -> str:
    """A fact in percent; what moves has its sign."""
    return reader.percent(value, signed=name.startswith("change"))


def missing(proposal: Proposal, decisions: Sequence[Decision]) -> list[str]:
    """What would have been good to know and was not, in whole sentences."""
    return list(dict.fromkeys([*of_facts(decisions), *of_proposal(proposal, decisions)]))


def of_facts(decisions: Sequence[Decision]) -> Iterator[str]:
    """What the rules could not see."""
    for decision in decisions:
        facts = decision.facts
        currency = facts.get("currency") or "this currency"
        if facts.get("action") == "set_price" and not facts.get("has_margin"):
            yield f"The cost in {currency} is not known, so no margin could be worked out."
        if facts.get("action") == "set_price" and not facts.get("has_change"):
            yield f"There is no price in {currency} yet, so its move could not be measured."
        money_action = facts.get("action") in ("refund_payment", "cancel_order", "return_items")
        if money_action and not facts.get("has_amount"):
            yield "The amount that would leave is not known."
        for fired in decision.fired:
            if fired.get("error"):
                yield f"The rule “{fired.get('rule')}” could not be evaluated, so it denies."


def of_proposal(proposal: Proposal, decisions: Sequence[Decision]) -> Iterator[str]:
    """What the proposer did not have, or did not name."""
    stale = rests_on_stale(proposal.evidence if isinstance(proposal.evidence, list) else [])
    if stale or any(decision.facts.get("stale_read") for decision in decisions):
        yield "An outside system did not answer; this rests on its last good answer."
    if not proposal.evidence:
        yield "The proposer named no evidence."
    if any(decision.version is None for decision in decisions):
        yield "No policy speaks of this action, so it is not allowed by itself."


@dataclass(frozen=True, kw_only=True)
class Guideline:
    """A policy in its author's plain words, with its limits."""

    name: str
    number: int
    text: str
    limits: list[Row]


def guidelines(decisions: Sequence[Decision]) -> list[Guideline]:
    """The policies that decided, each once."""
    versions = {one.version.pk: one.version for one in decisions if one.version}
    return [
        Guideline(
            name=version.policy.name,
            number=version.number,
            text=version.policy.description,
            limits=[Row(label(k), show(k, v)) for k, v in (version.limits or {}).items()],
        )
        for version in versions.values()
    ]
