"""What the repricer answers a reviewer by rules."""

from dataclasses import replace
from decimal import Decimal

import pytest

from apps.agents.playbooks.asking import Asked, Reply
from apps.agents.playbooks.base import Unfit
from apps.agents.playbooks.repricing import answering, planner
from apps.agents.playbooks.repricing.sense import Sensed
from apps.agents.playbooks.repricing.settings import Settings
from tests.factories import agents as make
from tests.factories.asking import asked

SETTINGS = Settings()
STATE = {"sku": "MUG", "title": "Mug", "cost": "10.00", "cost_currency": "EUR",
         "prices": {"EUR": "20.00"}}  # fmt: skip


def question(text: str) -> Asked:
    """About a cut from 20.00, as a competitor asks 18; the article costs 10.00."""
    sensed = Sensed(offers=[make.offer("20", "18")], variants=1, open=0)
    [planned] = planner.plan(sensed, SETTINGS, now=make.NOW)
    assert planned.draft is not None
    return asked(planned.draft, text, set_price=STATE)


def price_in(reply: Reply) -> str | None:
    """The price the reply puts before the reviewer; None if it changes nothing."""
    return next((str(params["amount"]) for params in reply.changes.values()), None)


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("Can you make it 19.20?", "19.20"),
        ("Bitte nur 5 % senken", "19.00"),
        ("only 5 % please", "19.00"),  # in the direction proposed
        ("Please raise it by 5 % instead", "21.00"),
        ("Could you keep a margin of 40 %?", "16.67"),
    ],
)
def test_another_price_is_put_before_the_reviewer(text: str, price: str) -> None:
    """With what it means in percent and margin."""
    reply = answering.reply_to(question(text), SETTINGS)
    assert price_in(reply) == price
    assert f"{price} EUR" in reply.text
    assert "margin" in reply.text
    assert "looked again" in reply.text


@pytest.mark.parametrize(
    ("text", "told"),
    [("Can you make it 1,900?", "can mean 1900.00 or 1.90"),
     ("Please set 19 USD", "not an amount in EUR")],
)  # fmt: skip
def test_a_price_that_is_not_clear_is_asked_back(text: str, told: str) -> None:
    """With what to write; nothing is changed meanwhile."""
    reply = answering.reply_to(question(text), SETTINGS)
    assert not reply.changes
    assert told in reply.text


def test_a_price_below_the_margin_floor_is_refused() -> None:
    """Whoever asks; the figures are named, and nothing is changed."""
    reply = answering.reply_to(question("Please make it 11.00"), SETTINGS)
    assert not reply.changes
    assert "below my margin floor" in reply.text
    assert "11.77" in reply.text


def test_a_question_why_gets_the_rule_the_figures_and_the_sources() -> None:
    """And changes nothing."""
    reply = answering.reply_to(
        question("Why this price and what does the competitor ask?"), SETTINGS
    )
    assert not reply.changes
    for told in ("rival.example asks 18", "a rule", "It waits for a person"):
        assert told in reply.text


def test_what_has_moved_since_is_told() -> None:
    """The shop was read again for the answer."""
    before = question("why?")
    moved = replace(before.changes[0], now={**STATE, "cost": "12.00"})
    reply = answering.reply_to(replace(before, changes=(moved,)), SETTINGS)
    assert "cost was 10.00, is 12.00" in reply.text


def test_a_model_is_held_to_the_floor_and_the_currency() -> None:
    """What it names is checked like what a person asks for."""
    change = question("make it cheap").changes[0]
    answering.check_change(change, {**change.params, "amount": "15.00"}, SETTINGS)
    with pytest.raises(Unfit, match="floor"):
        answering.check_change(change, {**change.params, "amount": "11.00"}, SETTINGS)
    with pytest.raises(Unfit, match="currency"):
        answering.check_change(change, {**change.params, "currency": "USD"}, SETTINGS)


def test_without_a_cost_no_margin_is_claimed() -> None:
    """Nor a floor kept that nobody knows."""
    before = question("make it 11.00 please")
    unknown = replace(before.changes[0], now={**STATE, "cost": None})
    reply = answering.reply_to(replace(before, changes=(unknown,)), SETTINGS)
    assert Decimal(price_in(reply) or 0) == 11
    assert "margin" not in reply.text
