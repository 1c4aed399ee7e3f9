"""How rules read what a reviewer asks for."""

from decimal import Decimal

import pytest

from apps.agents.playbooks.asking import amount_of, wish_of

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
