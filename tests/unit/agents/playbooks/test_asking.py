"""How rules read what a reviewer asks for."""

from decimal import Decimal

import pytest

from apps.agents.playbooks.asking import amount_of, names_sum, wish_of
from apps.money.typed import Ambiguous, NotAnAmount

PROPOSED = Decimal("20.00")


@pytest.mark.parametrize(
    ("text", "value", "is_share"),
    [
        ("Could we refund only 10 EUR?", "10", False),
        ("make it 10 instead of 20", "10", False),
        ("Can you lower it to 18.99?", "18.99", False),
        ("Could you use 12,50 €?", "12.50", False),
        ("set 1.234,50 EUR", "1234.50", False),
        ("How about 9?", "9", False),
        ("Peut-on rembourser seulement 15 euros ?", "15", False),
        ("Bitte nur 50 % erstatten", "50", True),
        ("only 5% please", "5", True),
        ("Half of it please", "50", True),
        ("Nur die Hälfte bitte", "50", True),
    ],
)
def test_a_wish_is_read(text: str, value: str, is_share: bool) -> None:
    """In three languages, with either decimal sign."""
    wish = wish_of(text, known=PROPOSED)
    assert wish is not None
    assert (wish.value, wish.is_share) == (Decimal(value), is_share)


@pytest.mark.parametrize(
    ("text", "currency", "value"),
    [
        ("set 1,000.50 EUR", "EUR", "1000.50"),
        ("set it to 1\u202f000,50 €", "EUR", "1000.50"),
        ("make it 1'000.50", "CHF", "1000.50"),
        ("refund only 1,000 JPY", "JPY", "1000"),
        ("refund only ¥1,000", "JPY", "1000"),
        ("make it 12.3450 KWD", "KWD", "12.345"),
        ("change it to 15 NOW", "EUR", "15.00"),  # no currency is called that
    ],
)
def test_a_wish_is_read_in_the_currency_of_the_proposal(text, currency, value) -> None:
    """With its digits."""
    wish = wish_of(text, known=PROPOSED, currency=currency)
    assert wish is not None
    assert (str(wish.value), wish.is_share) == (value, False)


@pytest.mark.parametrize(
    ("text", "currency", "more", "less"),
    [
        ("please refund 1,000 EUR", "EUR", "1000.00", "1.00"),
        ("nur 1.000 € erstatten", "EUR", "1000.00", "1.00"),
        ("make it 12,345 KWD", "KWD", "12345.000", "12.345"),
        ("please refund 1,000 EUR", "", "1000", "1.000"),
    ],
)
def test_a_wish_that_can_be_two_things_is_asked_back(text, currency, more, less) -> None:
    """With both, whatever was proposed."""
    with pytest.raises(Ambiguous, match=f"can mean {more} or {less}"):
        wish_of(text, known=PROPOSED, currency=currency)


def test_the_amount_proposed_may_be_named_in_any_way() -> None:
    """What could be the amount there is now is not what is asked for."""
    wish = wish_of("make it 900 instead of 1,000", known=Decimal(1000), currency="EUR")
    assert wish is not None
    assert wish.value == 900
    assert wish_of("please leave it at 1,000", known=Decimal(1000), currency="EUR") is None


@pytest.mark.parametrize(
    ("text", "currency", "why"),
    [("refund 30 USD please", "EUR", "not an amount in EUR"),
     ("refund only $30", "EUR", "not an amount in EUR"),
     ("refund only 1000.50", "JPY", "no decimals")],
)  # fmt: skip
def test_a_wish_the_currency_does_not_have_is_refused(text, currency, why) -> None:
    """Another currency, or a part of its smallest coin."""
    with pytest.raises(NotAnAmount, match=why):
        wish_of(text, known=PROPOSED, currency=currency)


def test_percentages_keep_their_decimals() -> None:
    """33.333 % of it is a share, thirty thousand percent are none."""
    wish = wish_of("only 33.333 % please", known=PROPOSED, currency="EUR")
    assert wish is not None
    assert (wish.value, wish.is_share) == (Decimal("33.333"), True)
    assert amount_of(wish, of=Decimal(1000), currency="JPY") == 333


def test_a_letter_names_an_amount_in_one_of_its_readings() -> None:
    """Whoever reads 1,000 may take it for a thousand."""
    assert names_sum("You get 1,000 EUR back.", Decimal(1000), currency="EUR")
    assert names_sum("You get 1,000 EUR back.", Decimal(1), currency="EUR")
    assert not names_sum("You get 30 USD back.", Decimal(30), currency="EUR")
    assert not names_sum("You get your money back.", Decimal(30), currency="EUR")


@pytest.mark.parametrize(
    "text",
    [
        "Why 10 EUR and not 20?",
        "please explain 25.00",
        "why not half?",
        "Warum nur 10 EUR?",
        "Pourquoi seulement 15 euros ?",
        "Can you check order #1001 again?",
        "What about order 1001?",
        "Please answer in German",
        "Refund 10 EUR or 12 EUR please",  # which?
        "Please leave it at 20.00",  # it is that
        "Is 10 EUR enough?",
        "",
    ],
)
def test_no_wish_is_invented(text: str) -> None:
    """A question for reasons, two amounts, or a number that is none changes nothing."""
    assert wish_of(text, known=PROPOSED) is None


def test_a_share_is_taken_of_what_was_proposed() -> None:
    """Rounded to the cent."""
    wish = wish_of("only 33 % please", known=PROPOSED)
    assert wish is not None
    assert amount_of(wish, of=Decimal("9.99")) == Decimal("3.30")
