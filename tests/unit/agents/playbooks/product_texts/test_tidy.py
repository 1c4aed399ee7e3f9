"""Titles as they should be written."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.agents.playbooks.product_texts.tidy import tidy


@pytest.mark.parametrize(
    ("title", "tidied"),
    [
        ("Alder  Mug", "Alder Mug"),
        (" Alder Mug ", "Alder Mug"),
        ("Alder Mug -", "Alder Mug"),
        ("Alder Mug .", "Alder Mug"),
        ("Alder Mug , blue", "Alder Mug, blue"),
        ("ALDER TRAIL SHOE", "Alder Trail Shoe"),
        ("ALDER MUG 2 L", "Alder Mug 2 L"),
    ],
)
def test_what_is_untidy_is_put_right(title: str, tidied: str) -> None:
    """And told in words."""
    found = tidy(title, quieten=True)
    assert found.title == tidied
    assert found.done


@pytest.mark.parametrize(
    "title", ["Alder Mug", "LED Lamp", "NATO", "Tent 2.1", "Größe", "…", "-", ""]
)
def test_what_is_tidy_stays(title: str) -> None:
    """Abbreviations too, and a title that would be empty."""
    assert tidy(title, quieten=True).title == title
    assert not tidy(title, quieten=True).done


def test_capitals_can_be_left_alone() -> None:
    """Where a brand is written so."""
    assert not tidy("ALDER TRAIL SHOE", quieten=False).done


@given(st.text(max_size=60), st.booleans())
def test_a_tidied_title_is_tidy(title: str, quieten: bool) -> None:
    """Once is enough, and no letter is lost."""
    once = tidy(title, quieten=quieten)
    again = tidy(once.title, quieten=quieten)
    assert (again.title, again.done) == (once.title, ())
    assert bool(once.done) == (once.title != title)
    assert letters(once.title) == letters(title)


def letters(title: str) -> list[str]:
    """Letters and digits without case, each accent with its letter."""
    return [c for c in unicodedata.normalize("NFC", title).casefold() if c.isalnum()]
