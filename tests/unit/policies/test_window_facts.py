"""What a rule reads of its windows, and what it says of them."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.policies.cel import InvalidRule, Outcome, Rule, Ruleset
from apps.policies.exchange import Rate, Rates
from apps.policies.facts import Facts, facts_of
from apps.policies.measure import Market
from apps.policies.trial import check

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
    return facts_of(action="set_price", params={"amount": new, "currency": "EUR"},
                    before={"prices": {"EUR": old}}, after={"prices": {"EUR": new}},
                    connector="medusa", risk="medium", reversibility="reversible",
                    windows=windows)  # fmt: skip


def fired(when: str, facts: Facts, market: Market | None = None, **limits: Any) -> Any:
    """What a rule that asks for a person says, None if it does not fire."""
    rule = Rule(name="cap", when=when, outcome=Outcome.REVIEW, reason="A cap.",
                actions=("set_price", "refund_payment"))  # fmt: skip
    found = Ruleset([rule], limits).evaluate(facts, market)
    return found[0] if found else None


def test_a_share_of_the_catalogue_is_what_no_person_let_through() -> None:
    """In percent of its size, beside any limit exactly; said with the series."""
    facts = replace(price("40.00", "41.00", {"agent": {"24h": {"set_price": one(50, alone=30)}}}),
                    catalogue_size=400, has_catalogue_size=True)  # fmt: skip
    share = "window('agent', '24h').catalogue_percent"
    assert fired(f"{share} > 7.5", facts) is None
    assert fired(f"{share} >= 7.5", facts).reason == (
        "A cap. 50 changes by this agent in 24 h (7.5 % of the catalogue alone)"
    )
    assert fired("window('agent', '24h').alone > 1", facts).reason == (
        "A cap. 50 changes by this agent in 24 h"
    )


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(0, 100))
def test_a_share_stands_to_a_limit_as_the_exact_ratio_does(
    moved: int, size: int, most: int
) -> None:
    """Whatever was moved of whatever there is."""
    windows = {"agent": {"24h": {"set_price": one(moved)}}}
    facts = replace(price("40.00", "41.00", windows), catalogue_size=size,
                    has_catalogue_size=True)  # fmt: skip
    over = fired("window('agent', '24h').catalogue_percent > limits.most", facts, most=most)
    assert (over is not None) == (100 * moved > most * size)


@pytest.mark.parametrize("when", [
    "window('agent', '24h').catalogue_percent > 99",
    "window('agent', '24h').catalogue_percent < 99",
    "window('category', '7d').alone > 0 && window('category', '7d').catalogue_percent > 0",
])  # fmt: skip
def test_a_share_of_nobody_knows_how_much_asks_a_person(when: str) -> None:
    """Never below a limit, never a failure; a rule that does not need it is not held up."""
    facts = price("40.00", "41.00", {})
    found = fired(when, facts)
    assert (found.outcome, found.error) == (Outcome.REVIEW, "")
    assert found.reason == "How much the shop has in its catalogue is not known. A person decides."
    assert fired(f"window('agent', '24h').alone > 1 && {when}", facts) is None


def test_a_missing_rate_says_nothing_of_the_share_and_the_other_way_round() -> None:
    """Each is told for what it is."""
    facts = price("40.00", "41.00", {"agent": {"24h": {"set_price": one(1, JPY=("9", "9"))}}})
    both = "window('agent', '24h').amount > 5 || window('agent', '24h').catalogue_percent > 5"
    sized = replace(facts, catalogue_size=10, has_catalogue_size=True)
    assert fired(both, sized, RATES) is not None
    money, share = both.split(" || ")
    assert "JPY" in fired(money, facts, RATES).reason
    assert "catalogue" in fired(share, facts, RATES).reason


@pytest.mark.parametrize("when", [
    "window('agent', '24h').catalogue_percent > '5'",
    "customer_orders > '1'", "has_customer_orders > 1", "has_catalogue_size == 5",
])  # fmt: skip
def test_new_facts_have_kinds(when: str) -> None:
    """What does not go together is refused when it is written."""
    rule = Rule(name="r", when=when, outcome=Outcome.REVIEW, reason="R.", actions=("set_price",))
    with pytest.raises(InvalidRule, match=r"do not go together|is true or false|number"):
        check([rule], {})


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
