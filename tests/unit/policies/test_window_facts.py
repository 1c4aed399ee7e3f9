"""What a rule reads of its windows, and what it says of them."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from apps.policies.cel import InvalidRule, Outcome, Rule, Ruleset
from apps.policies.exchange import Rate, Rates
from apps.policies.facts import Facts, describe
from apps.policies.measure import Market

TODAY = date(2026, 11, 21)
RATES = Market(currency="EUR", today=TODAY, rates=Rates([
    Rate(base="EUR", quote="USD", rate=Decimal("1.25"), as_of=TODAY, source="ECB"),
]))  # fmt: skip


def one(changes: int, alone: int | None = None, **money: tuple[str, str]) -> dict[str, Any]:
    """A sum as a decision keeps it: (amount, net) by currency."""
    return {"changes": changes, "alone": changes if alone is None else alone,
            "money": {code: [amount, net, amount] for code, (amount, net) in money.items()}}  # fmt: skip


def price(old: str, new: str, windows: dict[str, Any]) -> Facts:
    """A price move, and what its windows hold with it."""
    return describe(action="set_price", params={"amount": new, "currency": "EUR"},
                    before={"prices": {"EUR": old}}, after={"prices": {"EUR": new}},
                    connector="medusa", risk="medium", reversibility="reversible",
                    windows=windows)  # fmt: skip


def fired(when: str, facts: Facts, market: Market | None = None, **limits: Any) -> Any:
    """What a rule that asks for a person says, None if it does not fire."""
    rule = Rule(name="cap", when=when, outcome=Outcome.REVIEW, reason="A cap.",
                actions=("set_price", "refund_payment"))  # fmt: skip
    found = Ruleset([rule], limits).evaluate(facts, market)
    return found[0] if found else None


LADDER = price("85.09", "89.26", {"target": {"24h": {
    "set_price": one(17, EUR=("48.31", "48.31"))}}})  # fmt: skip


@pytest.mark.parametrize(
    ("when", "fires"),
    [
        ("window('target', '24h').changes == 17", True),
        ("window('target', '24h').changes > 17", False),
        ('window("target", "24h").drift_percent > 117.97', True),
        ("window('target', '24h').drift_percent > 117.98", False),
        ("window('target', '24h').moved_percent >= 100", True),
        ("window('target', '24h').amount == 48.31", True),
        ("window('agent', '7d').changes == 1", True),  # nothing is recorded: the change itself
        ("window('agent', '7d').amount == 4.17", True),
    ],
)
def test_facts_of_a_window(when: str, fires: bool) -> None:
    """The change itself is among them."""
    assert bool(fired(when, LADDER)) is fires


def test_the_reason_tells_the_series() -> None:
    """From where to where, in how many steps."""
    found = fired("window('target', '24h').changes > 3", LADDER)
    assert found.reason == "A cap. 17 moves of this in 24 h, 40.95 → 89.26 EUR, +118 %"


@pytest.mark.parametrize(("kept", "first"), [({"set_stock": one(4)}, True), ({}, True),
                                             ({"set_price": one(2, EUR=("2", "2"))}, False)])  # fmt: skip
def test_the_first_of_its_kind_has_no_other_before_it(kept: dict[str, Any], first: bool) -> None:
    """What else was done for a customer makes no difference, nor how long ago."""
    kept = {"set_price": one(1, EUR=("1", "1"))} | kept
    seen = price("10.00", "11.00", {"customer": {"ever": kept}})
    found = fired("window('customer', 'ever').changes == 1", seen)
    assert bool(found) is first
    assert not first or found.reason == "A cap. 1 change for this customer in total, 1.00 EUR"


def test_a_window_counts_the_actions_the_rule_is_about() -> None:
    """What others do is left out."""
    kept = {"set_price": one(2, EUR=("2", "2")), "refund_payment": one(1, EUR=("5", "0")),
            "set_stock": one(9)}  # fmt: skip
    seen = price("10.00", "11.00", {"agent": {"24h": kept}})
    assert fired("window('agent', '24h').changes == 3", seen)
    assert fired("window('agent', '24h').amount == 7.0", seen)


DOLLARS = price("10.00", "11.00", {"agent": {"24h": {
    "set_price": one(2, EUR=("1", "1")), "refund_payment": one(1, USD=("5", "0"))}}})  # fmt: skip


def test_amounts_are_added_up_in_the_currency_of_the_limits() -> None:
    """5 USD are 4 EUR."""
    assert fired("window('agent', '24h').amount == 5.0", DOLLARS, RATES)


@pytest.mark.parametrize("outcome", ["review", "allow", "deny"])
def test_without_a_rate_a_person_decides(outcome: str) -> None:
    """Told which rate is missing, whatever the rule would have said; counting needs none."""
    rule = Rule(name="cap", when="window('agent', '24h').amount < 5", outcome=Outcome(outcome),
                reason="A cap.")  # fmt: skip
    [found] = Ruleset([rule], {"currency": "EUR"}).evaluate(DOLLARS)
    assert (found.outcome, found.error) == (Outcome.REVIEW, "")
    assert "no rate from USD to EUR" in found.reason
    assert fired("window('agent', '24h').changes == 3", DOLLARS, currency="EUR").error == ""


def test_another_fault_denies_though_a_rate_is_missing_too() -> None:
    """Only what needs the amount is left to a person."""
    when = "window('agent', '24h').changes > 1 && params.nothing > 1"
    assert fired(when, DOLLARS, currency="EUR").outcome == Outcome.DENY


def test_a_price_somebody_else_brought_down_has_not_drifted_less() -> None:
    """Where the moves are more than the price, they are measured by the price there is."""
    seen = price("4.00", "4.20", {"target": {"24h": {"set_price": one(3, EUR=("5.2", "5.2"))}}})
    assert fired("window('target', '24h').drift_percent == 130", seen)


@pytest.mark.parametrize(
    "when",
    [
        "window('target', '24h') > 1",
        "window('target', '2h').changes > 1",
        "window('everything', '24h').changes > 1",
        "window('target').changes > 1",
        "window(action, '24h').changes > 1",
        "window('tar' + 'get', '24h').changes > 1",
        "params.window('target', '24h').changes > 1",
        "window('agent', '24h').drift_percent > 1",
        "window('target', '24h').moves > 1",
        "window('target', '24h').changes > 1 && window('target', '24h')['changes'] > 1",
        "windows.target > 1",
    ],
)
def test_a_window_that_is_none_is_refused(when: str) -> None:
    """On save, so that it is known beforehand what has to be read."""
    with pytest.raises(InvalidRule):
        fired(when, LADDER)


def test_old_facts_and_recorded_windows_replay() -> None:
    """A record from before there were windows counts the change alone."""
    old = Facts.from_record({k: v for k, v in LADDER.record().items() if k != "windows"})
    assert fired("window('target', '24h').changes == 1", old)
    assert Facts.from_record(LADDER.record()).windows == LADDER.windows
