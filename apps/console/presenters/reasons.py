"""Why a proposal waits for a person: which facts crossed which limits, and what was missing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.console import reader
from apps.console.presenters.figures import places, rounded
from apps.console.presenters.values import Row, decimal, label, money, show
from apps.gateway import catalogue
from apps.gateway.catalogue.action_spec import Measure
from apps.money.currency import UnknownCurrency, minor_units
from apps.policies.comparisons import Comparison, comparisons
from apps.policies.models import Decision, Version
from apps.proposals.evidence import rests_on_stale
from apps.proposals.models import Proposal

SAYS = {"<": "below", "<=": "at most", ">": "above", ">=": "at least"}
FLAGS = {
    "amount": "has_amount",
    "total_amount": "has_amount",
    "change_percent": "has_change",
    "margin_percent": "has_margin",
    "customer_orders": "has_customer_orders",
    "catalogue_size": "has_catalogue_size",
}
EXCHANGED = ("currency", "amount", "total_amount")  # of a change in another currency
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
    facts = as_compared(decision)
    found = (compare(comparison, facts, version) for comparison in comparisons(expression))
    crossed = {factor.label: factor for factor in found if factor is not None}
    return [
        factor for name, factor in crossed.items() if not (withheld and name in map(label, OWN))
    ]  # fmt: skip


def as_compared(decision: Decision) -> Mapping[str, Any]:
    """The facts with their amounts in the currency of the limits, where they were converted.

    Where they are in another one and nothing was converted, the amounts are left out: the rule saw
    none beside its limits.
    """
    facts: Mapping[str, Any] = decision.facts
    version = decision.version
    told: Mapping[str, Any] = next(
        (firing for firing in decision.fired if firing.get("rule") == decision.rule), {}
    )
    if exchange := told.get("exchange"):
        return {**facts, **{name: exchange[name] for name in EXCHANGED}}
    currency = (version.limits or {}).get("currency") if version else None
    if currency and facts.get("currency") not in (None, "", currency):
        return {name: value for name, value in facts.items() if name not in EXCHANGED}
    return facts


def rates_used(facts: Mapping[str, Any]) -> Iterator[Row]:
    """What the amount was worth in the currencies of limits, and by which rates."""
    for currency, told in (facts.get("exchange") or {}).items():
        worth = decimal(told.get("total_amount"))
        if worth is not None:
            value = money(rounded(worth, digits_of(currency)), currency)
            yield Row(f"Worth in {currency}", f"{value} ({told.get('rates', '')})")


def expression_of(version: Version, rule: str) -> str:
    """What the rule of this name asks for; empty where the version has none."""
    rules = version.rules if isinstance(version.rules, list) else []
    return next(
        (
            str(stored_rule.get("when", ""))
            for stored_rule in rules
            if stored_rule.get("name") == rule
        ),
        "",
    )


def compare(
    comparison: Comparison, facts: Mapping[str, Any], version: Version | None
) -> Factor | None:
    """One comparison in words; None where it does not hold or something in it is not known."""
    flag, fact = FLAGS.get(comparison.fact), decimal(facts.get(comparison.fact))
    limit = decimal((version.limits if version else {}).get(comparison.limit))
    if fact is None or limit is None or (flag and not facts.get(flag)):
        return None
    limit = -limit if comparison.negative else limit
    if not comparison.holds(fact, limit):
        return None
    currency = str(facts.get("currency") or "")
    return Factor(
        label=label(comparison.fact.removesuffix("_percent")),
        value=worded(comparison.fact, fact, currency, limit),
        relation=SAYS[comparison.sign],
        limit=worded(comparison.fact, limit, currency, limit),
        name=comparison.limit.replace("_", " "),
    )


def worded(name: str, value: Decimal, currency: str, limit: Decimal) -> str:
    """A fact or its limit with the unit of the fact, on the side of the limit where it is."""
    if name.endswith("_percent"):
        return percent(name, value, [limit])
    if name.endswith("amount"):
        return money(rounded(value, places(value, [limit], digits_of(currency))), currency)
    if name == "confidence":
        return share(value, [limit])
    return show(name, str(value.normalize()))


def percent(name: str, value: Decimal | float, limits: Sequence[Decimal] = ()) -> str:
    """A fact in percent; what moves has its sign. It does not seem to touch a limit it misses."""
    exact = Decimal(str(value))
    return reader.percent(exact, places(exact, limits, 1), signed=name.startswith("change"))


def share(value: Decimal | float, limits: Sequence[Decimal] = ()) -> str:
    """A part of one as a percentage; it does not seem to touch a limit it misses."""
    exact = Decimal(str(value)) * 100
    return reader.percent(exact, places(exact, [limit * 100 for limit in limits], 0))


def digits_of(currency: str) -> int:
    """Decimals of a currency; 2 of what is none."""
    try:
        return minor_units(currency)
    except UnknownCurrency:
        return 2


def numbers_of(limits: Mapping[str, Any]) -> list[Decimal]:
    """The limits that are numbers, and what they are below nothing: moves go both ways."""
    found = [number for limit in limits.values() if (number := decimal(limit)) is not None]
    return [*found, *(-number for number in found)]


def missing(proposal: Proposal, decisions: Sequence[Decision]) -> list[str]:
    """What would have been good to know and was not, in whole sentences."""
    return list(dict.fromkeys([*of_facts(decisions), *of_proposal(proposal, decisions)]))


def of_facts(decisions: Sequence[Decision]) -> Iterator[str]:
    """What the rules could not see."""
    for decision in decisions:
        facts = decision.facts
        currency = facts.get("currency") or "this currency"
        measure = catalogue.measure(str(facts.get("action") or ""))
        if measure == Measure.PRICE and not facts.get("has_margin"):
            yield f"The cost in {currency} is not known, so no margin could be worked out."
        if measure == Measure.PRICE and not facts.get("has_change"):
            yield f"There is no price in {currency} yet, so its move could not be measured."
        if measure == Measure.OWED and not facts.get("has_amount"):
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
    versions = {decision.version.pk: decision.version for decision in decisions if decision.version}
    return [
        Guideline(
            name=version.policy.name,
            number=version.number,
            text=version.policy.description,
            limits=[Row(label(k), show(k, v)) for k, v in (version.limits or {}).items()],
        )
        for version in versions.values()
    ]
