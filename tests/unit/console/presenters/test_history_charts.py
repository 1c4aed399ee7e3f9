"""What was before, drawn and told: prices, stock, an order's money, a run, a customer."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from apps.console.presenters.history_charts import competitor, distribution, neighbours, pictures_of
from apps.proposals.models import Proposal, State
from apps.proposals.reading.history import Past
from apps.proposals.reading.precedents import Sibling, Size
from tests.factories.views import letter, price, refund, view

QUOTED = {"source": "hub.example", "amount": "18.50", "currency": "EUR"}
RIVAL = [{"kind": "competitor", "title": "Seen today", "price": QUOTED}]


def past(old, day) -> Past:
    state = {"prices": {"EUR": old}}
    return Past(proposal_id=UUID(int=1), at=datetime(2026, 11, day, tzinfo=UTC), params={},
                before=state, after=state)  # fmt: skip


def test_a_price_lies_between_cost_and_competitor():
    """One picture without a past, a second with one."""
    one = price("20", "19", cost="10", cost_currency="EUR")
    [where] = pictures_of(one, [], RIVAL)
    assert where.desc == ("Now €20.00; Proposed €19.00; Cost €10.00; "
                          "hub.example €18.50.")  # fmt: skip
    _, went = pictures_of(one, [past("22", 3), past("21", 9)], RIVAL)
    assert went.desc.startswith("Until 3 Nov, 00:00 €22.00; Until 9 Nov, 00:00 €21.00; ")


@pytest.mark.parametrize(
    "odd",
    [
        None,
        "x",
        [1],
        [{"kind": "competitor"}],
        [{"kind": "competitor", "title": "hub.example: 18.50 EUR"}],  # prose is not read
        [{"price": "18.50 EUR"}],
        [{"price": QUOTED | {"amount": "many"}}],
        [{"price": QUOTED | {"amount": "NaN"}}],
        [{"price": QUOTED | {"amount": None}}],
        [{"price": QUOTED | {"currency": ""}}],
    ],
)
def test_a_competitor_is_only_what_names_a_price(odd):
    """In our currency, from its fields; anything else is survived."""
    assert competitor(odd, "EUR") is None
    assert competitor(RIVAL, "USD") is None
    found = competitor(RIVAL, "EUR")
    assert found is not None
    assert (found.label, found.value) == ("hub.example", Decimal("18.50"))


def test_an_order_shows_what_goes_back_of_it():
    """Before, now, and what stays."""
    one = refund("30.00", captured="80.00", refunded="10.00")
    [bar] = pictures_of(one, [], [])
    assert bar.desc == ("Given back before €10.00; This refund €20.00; "
                        "Stays with us €50.00.")  # fmt: skip


@pytest.mark.parametrize(("old", "new", "word"), [(8, 20, "Comes 12"), (20, 8, "Goes 12")])
def test_stock_shows_what_comes_or_goes(old, new, word):
    """Against the fuller of the two."""
    [bar] = pictures_of(view("set_stock", {}, {"quantity": old}, {"quantity": new}), [], [])
    assert bar.title == f"Stock: {old} now, {new} proposed"
    assert word in bar.desc


def test_nothing_to_compare_is_no_picture():
    """A letter, an unknown stock, an order without its payment."""
    assert pictures_of(letter(), [], []) == []
    assert pictures_of(view("set_stock", {}, {}, {"quantity": 2}), [], []) == []
    assert pictures_of(refund(), [], []) == []


def siblings(*values):
    return [Sibling(proposal_id=UUID(int=n), title=f"P{n}", size=Size(is_percent=True, value=v))
            for n, v in enumerate(values, 1)]  # fmt: skip


def test_a_run_shows_where_this_one_lies():
    """Its place, the range, and who is far from the rest by name."""
    facts = {"has_change": True, "change_percent": -6.0}
    own = Proposal(pk=UUID(int=2), currency="EUR")
    found = distribution(siblings(-5.0, -6.0, -5.5, -6.5, -5.2, -28.0), own, facts)
    assert found is not None
    assert found.words == (
        "−6.0\u00a0% is number 3 of 6 from the lowest; they go from −28.0\u00a0% to −5.0\u00a0%."
    )
    assert [(title, size) for _, title, size in found.outliers] == [("P6", "−28.0\u00a0%")]
    assert [one.tone for one in found.picture.shapes].count("own") == 1


def test_few_or_unlike_ones_make_no_distribution():
    """Three are no crowd, and money is not compared with percent."""
    own, facts = Proposal(pk=UUID(int=2)), {"has_change": True, "change_percent": -6.0}
    assert distribution(siblings(-5.0, -6.0, -7.0), own, facts) is None
    amounts = {"has_amount": True, "amount": 5}
    assert distribution(siblings(1.0, 2.0, 3.0, 4.0), own, amounts) is None
    assert distribution(siblings(1.0, 2.0, 3.0, 4.0), own, {}) is None


def test_a_customer_has_a_history():
    """Open ones apart, and what they were given back in all, by currency."""
    proposal = Proposal(case={"about": "customer:ada@example.com"})
    done = [Proposal(state=State.DONE, amount=Decimal(a), currency=c)
            for a, c in (("10", "EUR"), ("5.50", "EUR"), ("7", "USD"))]  # fmt: skip
    refused = Proposal(state=State.REJECTED, amount=Decimal(99), currency="EUR")
    waiting = Proposal(state=State.WAITING, amount=Decimal(1), currency="EUR")
    found = neighbours(proposal, [waiting, refused, *done])
    assert found.open == [waiting]
    assert len(found.earlier) == 4
    assert (found.subject, found.summary) == ("customer ada@example.com", "€15.50, $7.00")
    assert neighbours(Proposal(case={"about": "sku:A"}), done).summary == ""
