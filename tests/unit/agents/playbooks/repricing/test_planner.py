"""New prices by rules: pure, and the same every time."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.agents.playbooks.repricing import planner
from apps.agents.playbooks.repricing.sales import Sales
from apps.agents.playbooks.repricing.sense import Offer, Sensed
from apps.agents.playbooks.repricing.settings import Settings
from apps.gateway import catalogue
from apps.money.currency import codes, fits, step
from tests.factories import agents as make

SETTINGS = Settings()


def price_of(offer: Offer, settings: Settings = SETTINGS) -> str | None:
    """The planned price; None when it stays."""
    planned = planner.draft_for(offer, settings, now=make.NOW)
    if planned is None or planned.draft is None:
        return None
    [(action, params)] = planned.draft.changes
    assert action == "set_price"
    return str(catalogue.normalise(action, params)["amount"])


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ("50.00", "45.20", "44.99"),  # follows down, to the nearest .49 or .99
        ("50.00", "45.30", "45.49"),
        ("50.00", "55.00", "54.99"),  # follows up
        ("50.00", "50.00", None),  # same price
        ("50.00", "49.80", None),  # less than one percent is not worth it
        ("3.00", "2.70", "2.70"),  # cheap articles keep their cents
        ("19.99", "21.00", "20.99"),
    ],
)
def test_it_follows_the_competitor(ours: str, theirs: str, expected: str | None) -> None:
    """The nearest price that ends in .49 or .99, in the competitor's direction."""
    assert price_of(make.offer(ours, theirs)) == expected


@pytest.mark.parametrize(
    ("cost", "expected"),
    [
        ("25.00", "40.49"),  # the floor of 29.42 does not matter
        ("38.00", "44.99"),  # floor 44.71, rounded up, never below
        ("42.50", None),  # floor 50.00 is our own price
        ("60.00", None),  # the floor is above our price: a cut never becomes a raise
    ],
)
def test_it_never_goes_below_the_margin_floor(cost: str, expected: str | None) -> None:
    """15 percent of the price have to stay over cost."""
    price = price_of(make.offer("50.00", "40.50", cost=Decimal(cost)))
    assert price == expected
    if price:
        assert (Decimal(price) - Decimal(cost)) / Decimal(price) >= Decimal("0.15")


@pytest.mark.parametrize(
    ("stock", "expected"),
    [(None, "44.99"), (20, "44.99"), (3, "45.49"), (200, "44.49")],
)
def test_stock_nudges_the_price(stock: int | None, expected: str) -> None:
    """A little more for what is nearly gone, a little less for what lies in heaps."""
    assert price_of(make.offer("50.00", "45.00", stock=stock)) == expected


def test_stock_alone_changes_nothing() -> None:
    """Equal prices are left alone, or a price would creep from run to run."""
    settings = Settings(nudge_percent=Decimal(10))
    assert price_of(make.offer("50.00", "50.00", stock=0), settings) is None
    assert price_of(make.offer("50.00", "50.00", stock=500), settings) is None


def test_it_follows_a_share_of_the_distance() -> None:
    """Half of the way, when the operator says half."""
    assert price_of(make.offer("50.00", "40.00"), Settings(follow_percent=Decimal(50))) == "44.99"


def test_a_price_a_reviewer_chose_is_not_passed() -> None:
    """The agent said 44.99, the reviewer 47.49: it goes there and no further."""
    said = make.correction(verdict="approve", edited=make.edit("44.99", "47.49"))
    assert price_of(make.offer("50.00", "45.00", known=[said])) == "47.49"
    assert price_of(make.offer("47.49", "45.00", known=[said])) is None
    assert price_of(make.offer("50.00", "55.00", known=[said])) == "54.99"  # upwards is free


def test_a_raise_a_reviewer_lowered_is_not_passed() -> None:
    """The other direction."""
    said = make.correction(verdict="approve", edited=make.edit("54.99", "51.99"))
    assert price_of(make.offer("50.00", "55.00", known=[said])) == "51.99"
    assert price_of(make.offer("50.00", "45.00", known=[said])) == "44.99"


def test_a_rejected_move_is_not_repeated() -> None:
    """Neither the same nor one that goes further; a smaller one may be asked for."""
    said = make.correction(case={"from": "50.00", "to": "44.99"}, reason="not below 45")
    assert price_of(make.offer("50.00", "45.00", known=[said])) is None
    assert price_of(make.offer("50.00", "40.00", known=[said])) is None
    assert price_of(make.offer("50.00", "48.00", known=[said])) == "47.99"


def test_the_newest_correction_counts() -> None:
    """Reviewers change their minds."""
    old = make.correction(
        at=make.NOW - timedelta(days=5), verdict="approve", edited=make.edit("44.99", "48.99")
    )
    new = make.correction(verdict="approve", edited=make.edit("43.99", "46.49"))
    assert price_of(make.offer("50.00", "45.00", known=[old, new])) == "46.49"


def test_an_old_correction_is_not_heeded() -> None:
    """After a month the market has moved on."""
    said = make.correction(
        at=make.NOW - timedelta(days=31), verdict="approve", edited=make.edit("44.99", "47.49")
    )
    assert price_of(make.offer("50.00", "45.00", known=[said])) == "44.99"


def test_the_draft_says_what_it_rests_on() -> None:
    """Competitor with time, cost and margin, stock, sales, and the correction with its item."""
    said = make.correction(verdict="approve", edited=make.edit("44.99", "47.49"))
    sold = Sales(since=date(2026, 3, 1), pieces=3, orders=2, by_day={date(2026, 3, 2): 3})
    offer = make.offer("50.00", "45.00", known=[said], sold=sold)
    planned = planner.draft_for(offer, SETTINGS, now=make.NOW)
    assert planned is not None
    assert planned.draft is not None
    kinds = [entry["kind"] for entry in planned.draft.evidence]
    assert kinds == ["competitor", "cost", "stock", "sales", "correction"]
    assert planned.draft.evidence[-1]["item_id"] == said.item_id
    rival, cost, stock, sales, _ = (entry["detail"] for entry in planned.draft.evidence)
    assert (rival["price"], rival["seen"][-9:]) == ("45.00", "08:00 UTC")
    assert (cost["margin_percent_now"], cost["margin_percent_proposed"]) == ("50.0", "47.4")
    assert stock == {"sku": "MUG", "stock": 20}
    assert (sales["pieces"], sales["by_day"]) == (3, {"2026-03-02": 3})
    assert "rival.example asks 45.00 EUR, we ask 50.00." in planned.draft.rationale
    assert "not below 47.49" in planned.draft.rationale
    assert planned.draft.subject == "sku:MUG"


@pytest.mark.parametrize(
    ("fields", "confidence"), [({}, 0.85), ({"cost": None}, 0.55), ({"stock": None}, 0.75)]
)
def test_what_is_not_known_costs_confidence(fields: dict[str, None], confidence: float) -> None:
    """No cost, no stock: less sure."""
    planned = planner.draft_for(make.offer("50.00", "45.00", **fields), SETTINGS, now=make.NOW)
    assert planned is not None
    assert planned.draft is not None
    assert planned.draft.confidence == pytest.approx(confidence, abs=0.011)


def test_the_same_offers_give_the_same_plan() -> None:
    """Nothing but the sensed state decides; also after a detour through a checkpoint."""
    sensed = Sensed(offers=[make.offer("50.00", "45.00")], variants=1, open=0)
    again = Sensed.model_validate(sensed.model_dump(mode="json"))
    first = planner.plan(sensed, SETTINGS, now=make.NOW)
    assert planner.plan(again, SETTINGS, now=make.NOW) == first
    assert first[0].key == "move:MUG:EUR:50.00:44.99:2026-11-21"


@pytest.mark.parametrize(
    "data", [{"edited": "x"}, {"edited": [1]}, {"case": []}, {"case": {"to": {}}}]
)
def test_a_correction_that_makes_no_sense_is_ignored(data: dict[str, object]) -> None:
    """Memory is data too."""
    known = [make.correction(**data), make.correction(verdict="approve", **data)]
    assert price_of(make.offer("50.00", "45.00", known=known)) == "44.99"


@pytest.mark.parametrize(
    ("ours", "theirs", "currency", "expected"),
    [
        ("1000", "950", "JPY", "950"),
        ("1000.00", "950.00", "JPY", "950"),  # as a shop may write it
        ("12000", "11000", "KRW", "11000"),
        ("1.255", "1.195", "BHD", "1.195"),
        ("20000.00", "19000.00", "HUF", "19000.00"),
        ("50.00", "45.20", "USD", "44.99"),
    ],
)
def test_a_price_has_the_digits_of_its_currency(ours, theirs, currency, expected) -> None:
    """And endings only where there are coins for them; the words have the same digits."""
    planned = planner.draft_for(make.offer(ours, theirs, currency=currency), SETTINGS, now=make.NOW)
    assert planned is not None
    assert planned.draft is not None
    [(_, params)] = planned.draft.changes
    assert params["amount"] == expected
    assert f" to {expected} {currency} " in planned.draft.title
    assert planned.draft.case["to"] == expected


def test_the_margin_floor_is_rounded_up_in_the_currency() -> None:
    """Cost 850 yen and 15 percent: 1000 yen, not 1000.00 and not 999."""
    settings = Settings(currency="JPY")
    assert str(planner.margin_floor(Decimal("849.9"), settings)) == "1000"
    assert str(planner.margin_floor(Decimal("0.001"), settings, currency="KWD")) == "0.002"
    assert str(planner.margin_floor(Decimal(25), Settings())) == "29.42"


def test_a_change_just_under_the_least_is_none() -> None:
    """0.96 % is told as 1.0, and is less than 1 all the same."""
    assert price_of(make.offer("4.17", "4.13")) is None  # 0.959 %
    assert price_of(make.offer("4.17", "4.12")) == "4.12"  # 1.199 %


def test_what_was_said_of_another_currency_is_not_heeded() -> None:
    """A reviewer's 47.49 euros are no limit for a price in dollars."""
    said = make.correction(verdict="approve", edited=make.edit("44.99", "47.49"),
                           case={"currency": "EUR"})  # fmt: skip
    assert price_of(make.offer("50.00", "45.00", known=[said])) == "47.49"
    assert price_of(make.offer("50.00", "45.00", known=[said], currency="USD")) == "44.99"


def test_a_reviewers_old_price_is_not_followed_below_the_floor() -> None:
    """The cost has risen since: the price stays."""
    said = make.correction(verdict="approve", edited=make.edit("54.99", "51.99"))
    offer = make.offer("50.00", "55.00", known=[said], cost=Decimal("45.00"))  # floor 52.95
    assert price_of(offer) is None


@pytest.mark.parametrize("competitor", ["1e30", "999999999999999"])
def test_a_price_beyond_all_money_is_no_price(competitor: str) -> None:
    """And hides no other."""
    odd, good = make.offer("50.00", competitor), make.offer("50.00", "45.00")
    sensed = Sensed(offers=[odd, good], variants=2, open=0)
    assert len(planner.plan(sensed, SETTINGS, now=make.NOW)) == 1


@given(
    ours=st.integers(1, 10**7),
    percent=st.integers(30, 300),
    cost=st.none() | st.integers(1, 10**7),
    stock=st.none() | st.integers(0, 100),
    currency=st.sampled_from(codes()),
)
def test_a_planned_price_is_sound_in_any_currency(ours, percent, cost, stock, currency) -> None:
    """It fits its currency, never falls below the floor, and moves towards the competitor, past
    whom it goes only by the nudge and by rounding to the next usual price."""
    unit = step(currency)
    price, theirs = ours * unit, max(ours * percent // 100, 1) * unit
    offer = make.offer(str(price), str(theirs), currency=currency, stock=stock,
                       cost=None if cost is None else cost * unit)  # fmt: skip
    planned = planner.draft_for(offer, SETTINGS, now=make.NOW)
    if planned is None or planned.draft is None:
        return
    found = Decimal(planned.draft.changes[0][1]["amount"])
    assert fits(found, currency)
    assert catalogue.normalise(*planned.draft.changes[0])["amount"] == str(found)
    floor = planner.margin_floor(offer.cost, SETTINGS, currency=currency)
    assert floor is None or found >= floor
    assert (found - price) * (theirs - price) >= 0
    slack = theirs * SETTINGS.nudge_percent / 100 + 1
    low, high = min(price, theirs) - slack, max(price, theirs) + slack
    assert low <= found <= max(high, (floor or 0) + 1)
