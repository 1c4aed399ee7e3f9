"""What the refund desk answers a reviewer by rules."""

from decimal import Decimal

import pytest

from apps.agents.playbooks.asking import Asked
from apps.agents.playbooks.base import Unfit
from apps.agents.playbooks.refund_desk import answering, planner
from apps.agents.playbooks.refund_desk.sense import Sensed
from apps.agents.playbooks.refund_desk.settings import Settings
from apps.gateway.records import Payment
from tests.factories import agents as make
from tests.factories.asking import asked

BROKEN = "Hello, the Alder Mug is broken. Please refund my order."
PAYMENT = {"captured": "100.00", "refunded": "70.00", "currency": "EUR"}


def question(text: str, message: str = BROKEN) -> Asked:
    """About 20.00 EUR for a broken mug, where 30.00 are left of the payment."""
    sensed = Sensed(cases=[make.case(message)], corrections=[], left=0)
    [planned] = planner.plan(sensed, Settings(), now=make.NOW)
    assert planned.draft is not None
    return asked(planned.draft, text, refund_payment=PAYMENT)


@pytest.mark.parametrize(
    ("text", "amount"),
    [("Could we refund only 10 EUR?", "10.00"), ("Half of it please", "10.00"),
     ("Bitte nur 25 %", "5.00"), ("Please give 30 EUR instead", "30.00")],
)  # fmt: skip
def test_another_amount_is_put_before_the_reviewer(text: str, amount: str) -> None:
    """Everything else of the refund stays; the message names no amount and stays too."""
    before = question(text)
    reply = answering.reply_to(before)
    refund = before.find("refund_payment")
    assert refund is not None
    assert reply.changes == {refund.id: {**refund.params, "amount": amount}}
    assert amount in reply.text
    assert "names no amount" in reply.text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Please refund 1,000 EUR", "can mean 1000.00 or 1.00"),
        ("Bitte nur 1.000 € erstatten", "can mean 1000.00 or 1.00"),
        ("Please refund 12 USD", "not an amount in EUR"),
        ("refund only 9.999 EUR", "can mean 9999.00 or 9.999. Write 9999.00."),
    ],
)
def test_a_sum_that_is_not_clear_is_asked_back(text: str, told: str) -> None:
    """In words, with what to write; nothing is changed meanwhile."""
    reply = answering.reply_to(question(text))
    assert not reply.changes
    assert told in reply.text
    assert "I have changed nothing" in reply.text


@pytest.mark.parametrize("text", ["Please refund 31 EUR", "refund 0 EUR please"])
def test_no_more_than_is_left_is_given(text: str) -> None:
    """Nor nothing: that would be a rejection."""
    reply = answering.reply_to(question(text))
    assert not reply.changes
    assert "I have changed nothing" in reply.text


def test_the_message_can_be_turned_into_another_language() -> None:
    """One of our own texts, to the same customer."""
    before = question("Please answer in German")
    said = before.find("send_message")
    assert said is not None
    reply = answering.reply_to(before)
    params = reply.changes[said.id]
    assert (params["language"], params["to"]) == ("de", said.params["to"])
    assert "Guten Tag" in params["body"]
    assert "#1001" in params["body"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Could you make it friendlier?", "cannot change the tone"),
        ("Please ask for a photo first", "cannot put another action"),
    ],
)
def test_what_it_cannot_do_it_says(text: str, told: str) -> None:
    """Plainly, and what to do instead."""
    reply = answering.reply_to(question(text))
    assert not reply.changes
    assert told in reply.text


def test_a_question_why_gets_the_rule_and_the_customers_words() -> None:
    """From the evidence that the question is about."""
    reply = answering.reply_to(question("Why a refund, what did the customer write?"))
    assert not reply.changes
    assert "100 % of what was paid for 1 x Alder Mug" in reply.text
    assert "a rule" in reply.text


def test_money_for_a_case_without_a_refund_is_not_made_up() -> None:
    """An answer cannot add an action."""
    reply = answering.reply_to(question("Can you refund 10 EUR?", "where is my order?"))
    assert not reply.changes
    assert "No refund is proposed here" in reply.text


def test_a_model_may_lower_a_refund_and_not_raise_it() -> None:
    """Unless the reviewer has named that amount; nor may it write to somebody else."""
    curious, generous = question("Is that right?"), question("Would 25.00 EUR be fair?")
    refund, said = curious.changes

    def check(asked_: Asked, **other: str) -> None:
        answering.check_change(asked_, refund, {**refund.params, **other})

    check(curious, amount="15.00")
    check(generous, amount="25.00")
    for asked_, other in ((curious, {"amount": "25.00"}), (generous, {"amount": "26.00"}),
                          (curious, {"currency": "USD"}), (generous, {"amount": "950.00"})):  # fmt: skip
        with pytest.raises(Unfit):
            check(asked_, **other)
    with pytest.raises(Unfit, match="nobody else"):
        answering.check_change(curious, said, {**said.params, "to": "eve@example.com"})


def over_two(text: str) -> Asked:
    """About 80.00 EUR for two lamps, of which 65.00 go on one payment and 15.00 on another."""
    payments = [
        Payment(payment_id=name, currency="EUR", captured=Decimal(amount), refunded=Decimal(0))
        for name, amount in (("pay_1", "35.00"), ("pay_2", "65.00"))
    ]
    case = make.case("Both Corrie Lamps are broken", order=make.order(payments=payments))
    sensed = Sensed(cases=[case], corrections=[], left=0)
    [planned] = planner.plan(sensed, Settings(), now=make.NOW)
    assert planned.draft is not None
    state = {"captured": "65.00", "refunded": "0.00", "currency": "EUR"}
    return asked(planned.draft, text, refund_payment=state)


@pytest.mark.parametrize(
    ("text", "amounts"),
    [("Please refund only 40 EUR", ["32.50", "7.50"]), ("Half of it please", ["32.50", "7.50"]),
     ("Please refund 10.01 EUR", ["8.13", "1.88"]), ("Please refund 90 EUR", []),
     ("Please refund 0.01 EUR", [])],
)  # fmt: skip
def test_another_amount_over_several_payments(text: str, amounts: list[str]) -> None:
    """Together what was asked for, shared out as before; nothing where one would not hold it."""
    reply = answering.reply_to(over_two(text))
    assert [params["amount"] for params in reply.changes.values()] == amounts
    if amounts:
        assert f"that is {amounts[0]} and {amounts[1]}" in reply.text
    else:
        assert "I have changed nothing" in reply.text
