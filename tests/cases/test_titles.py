"""Titles from real shops: tidied only where it is sure, and sure only of white space."""

from typing import Any

import pytest

from apps.agents.playbooks.product_texts import planner
from apps.agents.playbooks.product_texts.sense import Product, Sensed
from apps.agents.playbooks.product_texts.settings import Settings
from apps.agents.playbooks.product_texts.tidy import tidy


def tidied(title: str) -> str:
    """The title as the agent would write it."""
    return tidy(title, quieten=True).title


def confidence(title: str) -> float:
    """How sure the proposal is."""
    product = Product(product_id="prod_1", title=title, skus=["A"])
    [planned] = planner.plan(Sensed(products=[product], read=1), Settings())
    assert planned.draft is not None
    return planned.draft.confidence


@pytest.mark.parametrize(
    "_name",
    [
        pytest.param("44", marks=pytest.mark.case("44-title-dot-22")),
        pytest.param("45", marks=pytest.mark.case("45-title-dot-net")),
    ],
)
def test_marks_are_left_where_they_are(case: dict[str, Any], _name: str) -> None:
    """A full stop may begin a number or a name, or end an abbreviation."""
    for title in case["given"]["titles"]:
        assert tidied(title) == title
        assert not tidy(title, quieten=True).done


@pytest.mark.case("46-title-decomposed-accents")
def test_accents_and_elisions_in_capitals(case: dict[str, Any]) -> None:
    """However the accent is stored; Turkish, which has two i, is left alone."""
    accents, elision, turkish = case["given"]["titles"]
    assert tidied(accents) == case["right"][0] == "Café Crème Luxe"
    assert tidied(elision) == case["right"][1]
    assert tidied(turkish) == turkish


@pytest.mark.parametrize(
    "title",
    [
        "Pellets .177 and .22", "ASP.NET Core", "Filter .5 µm", "Screw M8 x .75", "Vol. .5",
        "Quoi ?", "Attention : fragile ; cassant !", "Thé\u00a0: vert", "Jus d’orange\u202f!",
        "Scale 1 : 87", "The St. Moritz Co.", "Approx. 30 cm approx.", "Tube 2 in. x 4 ft.",
        "Mr. & Mrs.", "etc.", "Wait for it...", "Yahoo!", "Blutgruppe A-", "Type C:", "Battery + -",
        "e.l.f.", "S.T.A.L.K.E.R.", "¿Qué tal?", "a.k.a.", "7 .5",
    ],
)  # fmt: skip
def test_other_marks_that_are_meant(title: str) -> None:
    """In French, in numbers, in names, at the end."""
    assert tidied(title) == title


@pytest.mark.parametrize(
    "title",
    [
        "NASA MISSION PATCH", "USB-C CHARGING CABLE", "HOODIE XXL BLACK", "SHIRT SIZE XS BLUE",
        "IPHONE CASE LEATHER", "MCDONALD HAPPY TOY", "MACKENZIE TARTAN SCARF", "AC/DC TOUR SHIRT",
        "ROCKY IV POSTER", "CHAPTER VIII NOTES", "FILTER 500 ML GLASS", "MONITOR 24 IN BLACK",
        "NORM EN 388 GLOVES", "LAMPE 4K ULTRA", "SCHRAUBE M8 VERZINKT", "WEISSE TASSE GROSS",
        "SCHÜSSEL MIT DECKEL", "STRASSE UND HAUS", "GROßE TASSE BLAU", "KIRMIZI LAMBA",
        "ÇİÇEK DESENLI HALI", "IJSBERG SALADE", "WI-FI ROUTER", "HI-FI ANLAGE", "TV BOARD EICHE",
        "D'ÉTÉ COLLECTION", "КРАСНАЯ ЛАМПА", "BMW MODELLAUTO", "JBL SPEAKER BLACK", "LED LAMPE WARM",
        "ROCK'N'ROLL PARTY", "AEROPRESS COFFEE MAKER", "X\u0323\u0308\u0301 LONGER TITLE WORD",
    ],
)  # fmt: skip
def test_capitals_that_may_be_meant_are_left_alone(title: str) -> None:
    """Abbreviations, units, sizes, numerals, brands, and letters whose small form is not sure."""
    assert tidied(title) == title


@pytest.mark.parametrize(
    ("title", "right"),
    [
        ("ALDER TRAIL SHOE", "Alder Trail Shoe"),
        ("LEVI'S JEANS JACKET", "Levi's Jeans Jacket"),
        ("O’NEILL SURF BOARD", "O’Neill Surf Board"),
        ("VITAMIN C SERUM", "Vitamin C Serum"),
        ("ROBE DE FÊTE ÉLÉGANTE", "Robe De Fête Élégante"),
        ("ÉTAGÈRE À LIVRES", "Étagère À Livres"),
        ("MÜLLER KAFFEEKANNE", "Müller Kaffeekanne"),
        ("GROẞE KAFFEEKANNE", "Große Kaffeekanne"),
        ("CAJÓN ESPAÑOL GRANDE", "Cajón Español Grande"),
        ("T-SHIRT DAMEN BLAU", "T-Shirt Damen Blau"),
    ],
)
def test_ordinary_words_in_capitals_are_written_as_names(title: str, right: str) -> None:
    """And a person decides on each."""
    assert tidied(title) == right
    assert confidence(title) < 0.95


@pytest.mark.parametrize("title", ["Alder  Mug", " Alder Mug", "Alder\tMug", "Mug , blue"])
def test_white_space_alone_is_sure(title: str) -> None:
    """It cannot change what a title means."""
    assert confidence(title) == 0.95


@pytest.mark.parametrize("title", ["Alder Mug -", "Alder Mug ;", "Alder Mug,", "Alder  Mug ."])
def test_a_mark_that_goes_is_never_sure(title: str) -> None:
    """It may have been meant."""
    assert confidence(title) == 0.75


def test_a_combining_mark_never_splits_a_word() -> None:
    """Spacing leaves decomposed letters as they are stored."""
    assert tidied("Cafe\u0301  Cre\u0300me") == "Cafe\u0301 Cre\u0300me"
