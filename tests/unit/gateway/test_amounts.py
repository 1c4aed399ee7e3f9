"""An amount in the parameters of an action has the digits of the currency beside it."""

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from apps.gateway.catalogue import normalise
from apps.gateway.catalogue.refund_payment import RefundPayment
from apps.gateway.catalogue.set_price import SetPrice


def refund(amount: object, currency: object = "EUR") -> dict[str, object]:
    """Parameters of a refund."""
    return {"order_id": "order_1", "payment_id": "pay_1", "amount": amount, "currency": currency}


def problems(amount: object, currency: object = "EUR") -> dict[str, str]:
    """What is wrong with such a refund, by field."""
    with pytest.raises(ValidationError) as error:
        normalise("refund_payment", refund(amount, currency))
    return {".".join(map(str, one["loc"])): one["msg"] for one in error.value.errors()}


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1000.00", "JPY", "1000"),
        (25.5, "EUR", "25.50"),
        ("1.255", "KWD", "1.255"),
        ("0.001", "KWD", "0.001"),
        (999_999_999_999, "JPY", "999999999999"),
    ],
)
def test_an_amount_comes_out_in_its_currencys_digits(amount, currency, text):
    """And goes in again as it came out."""
    once = normalise("refund_payment", refund(amount, currency))
    assert once["amount"] == text
    assert normalise("refund_payment", once) == once


def test_what_the_currency_does_not_have_is_told_at_the_amount():
    """With what would fit; nothing is said of what is right."""
    assert problems("1000.50", "JPY") == {
        "amount": "JPY has no decimals, so 1000.5 is not an amount of it; 1000 or 1001 would be."
    }
    assert problems("1,000") == {
        "amount": "“1,000” can mean 1000.00 or 1.00. Write 1000.00 or 1.00."
    }


@pytest.mark.parametrize("amount", [0, "0.00", -5, "-0.01"])
def test_nothing_and_less_is_no_amount(amount):
    """A price and a refund are more than nothing."""
    assert list(problems(amount)) == ["amount"]


@pytest.mark.parametrize("currency", ["eur", "ZZZ", "XAU", "EURO", "", "EU\u0420", None, 978])
def test_a_currency_nobody_knows_is_told_at_the_currency_alone(currency):
    """Whether the amount fits cannot be said then."""
    assert list(problems("1000.505", currency)) == ["currency"]


def test_the_unknown_currency_is_named():
    """With what one looks like."""
    assert problems(5, "ZZZ")["currency"] == "“ZZZ” is no currency code of ISO 4217, such as EUR."


def test_a_missing_amount_or_currency_is_told():
    """Each as missing, not as wrong."""
    with pytest.raises(ValidationError) as error:
        normalise("refund_payment", {"order_id": "order_1", "payment_id": "pay_1"})
    assert {one["type"] for one in error.value.errors()} == {"missing"}


@pytest.mark.parametrize("model", [SetPrice, RefundPayment])
def test_the_schema_says_what_an_amount_is(model):
    """A model is told the digits in words, and its schema takes numbers and plain text."""
    schema = model.model_json_schema()
    Draft202012Validator.check_schema(schema)
    amount = schema["properties"]["amount"]
    assert "JPY" in amount["description"]
    taken = Draft202012Validator(amount).is_valid
    assert all(map(taken, [25.5, "25.50", "1000", "1.255"]))
    assert not any(map(taken, ["1,000", "1 000", "-5", "", 0, -1, None]))
    assert schema["properties"]["currency"]["pattern"] == "^[A-Z]{3}$"
