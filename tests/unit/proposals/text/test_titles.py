"""Titles name the values that are proposed now, and are left alone in everything else."""

from decimal import Decimal
from typing import Any

import pytest

from apps.proposals.text.titles import LONGEST, Move, renewed


def edited(before: Any, after: Any, field: str = "amount") -> list[dict[str, Any]]:
    """One field that was changed."""
    return [{"change": "c", "field": field, "before": before, "after": after}]


@pytest.mark.parametrize(
    ("title", "before", "after", "then"),
    [
        ("Refund 30.00 EUR: order #1001 (damaged)", "30.00", "25.50",
         "Refund 25.50 EUR: order #1001 (damaged)"),
        ("Refund 30 EUR: order #30", "30.00", "25.00", "Refund 25 EUR: order #30"),
        ("Refund €30", "30.00", "25.50", "Refund €25.50"),
        ("30,00 EUR zurück", "30.00", "25.50", "25,50 EUR zurück"),
        ("Refund 1,234.50 EUR", "1234.50", "99.00", "Refund 99.00 EUR"),
        ("Pack of 12: 13.00 to 12.00 EUR", "12.00", "12.50", "Pack of 12: 13.00 to 12.50 EUR"),
        ("Price to 50", "50.00", "45.50", "Price to 45.50"),
        ("Stock 5 to 12.", 12, 9, "Stock 5 to 9."),
        ("Tidy the title of “BIG Hat”", "BIG Hat", "Big hat", "Tidy the title of “Big hat”"),
        ("Publish the hat", "draft", "published", "Publish the hat"),
        ("Mug: 20 % off", "20.00", "18.00", "Mug: 20 % off"),
        ("Jacket A50", "50.00", "45.00", "Jacket A50"),
        ("Set 30.005", "30.00", "45.00", "Set 30.005"),
    ],
)  # fmt: skip
def test_the_value_that_was_changed_is_named_as_it_is_now(
    title: str, before: Any, after: Any, then: str
) -> None:
    """In the same way of writing; order numbers, codes and percentages are not amounts."""
    assert renewed(title, edited(before, after)) == then


def test_what_cannot_be_told_apart_is_added() -> None:
    """Rather than naming the old value alone, or changing the wrong one."""
    assert renewed("50 of 50", edited("50.00", "45.00")) == "50 of 50 (amount now 45.00)"


def test_several_changes_do_not_chase_each_other() -> None:
    """The new value of one may be the old one of another."""
    both = edited("50.00", "60.00") + edited("60.00", "70.00")
    assert renewed("Price to 50, 60", both) == "Price to 60, 70"


@pytest.mark.parametrize(
    ("title", "after", "then"),
    [
        ("Mug: 13.00 to 12.00 EUR (-7.7 %)", "-3.846", "Mug: 13.00 to 12.50 EUR (-3.8 %)"),
        ("Mug: 13.00 to 12.00 EUR (-7.7 %)", "3.846", "Mug: 13.00 to 12.50 EUR (+3.8 %)"),
        ("Mug: 13.00 to 12.00 EUR (−8%)", "-3.846", "Mug: 13.00 to 12.50 EUR (−4%)"),
        ("Mug: 12.00 EUR, cut by 7.7 %", "-3.846", "Mug: 12.50 EUR, cut by 3.8 %"),
        ("Mug: 12.00 EUR, by 7,7 %", "3.846", "Mug: 12.50 EUR, by +3,8 %"),
        ("Mug: 13.00 to 12.00 EUR (-9.9 %)", "-3.846", "Mug: 13.00 to 12.50 EUR (-9.9 %)"),
    ],
)
def test_a_percentage_goes_with_its_price(title: str, after: str, then: str) -> None:
    """To as many places as it was said; another percentage is not this one's."""
    move = Move(Decimal("-7.6923"), Decimal(after))
    assert renewed(title, edited("12.00", "12.50"), [move]) == then


def test_it_stays_short_enough_and_on_one_line() -> None:
    """Whatever was typed."""
    long = renewed("“old words”", edited("old words", "new\nwords " * 100, "title"))
    assert len(long) == LONGEST
    assert "\n" not in long
