"""Which lines of an order a text speaks of, and how many pieces."""

from decimal import Decimal

import pytest

from apps.agents.playbooks.refund_desk.articles import Named, named
from apps.gateway.records import Order, OrderLine
from tests.factories import agents as make

Given = tuple[str, str] | tuple[str, str, str]  # sku, title, quantity


def order(*lines: Given) -> Order:
    """An order of these lines."""
    return make.order(
        number="1001",
        lines=[
            OrderLine(line_id=f"l{place}", sku=line[0], title=line[1],
                      quantity=Decimal(line[2] if len(line) > 2 else 1), unit_price=Decimal(10))
            for place, line in enumerate(lines)
        ],
    )  # fmt: skip


def lines_of(found: Named) -> list[str]:
    """The places of the lines, or the word that it is in doubt."""
    return ["doubt"] if found.doubt else [line.line_id for line in found.lines]


PENS = (("PN-1", "Eraser"), ("PN-10", "Ruler"), ("PN-100", "Ruler set"))
MUGS = (("M-B", "Mug / Blue"), ("M-R", "Mug / Red"), ("LAMP", "Desk lamp"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Article PN-10 is broken", ["l1"]),
        ("article pn10 is broken", ["l1"]),
        ("PN 10 is broken", ["l1"]),
        ("PN‑10 is broken", ["l1"]),  # a hyphen that does not break
        ("PN-100 is broken.", ["l2"]),
        ("PN-1, PN-10 are broken", ["l0", "l1"]),
        ("PN-10/PN-100 are broken", ["l1", "l2"]),
        ("PN-1000 is broken", ["doubt"]),
        ("PN-10-X is broken", ["doubt"]),
        ("The ruler is broken", ["l1"]),
        ("The rulers are broken", ["l1"]),
        ("The ruler set is broken", ["l2"]),
        ("The Ruler-Set is broken", ["l2"]),
        ("The rulerset is broken", ["l2"]),
        ("I measured. The ruler. Set is a word", ["l1"]),
        ("The eraser and the ruler are broken", ["l0", "l1"]),
        ("Something is broken", ["doubt"]),
        ("The rulership is broken", ["doubt"]),
        ("", ["doubt"]),
    ],
)
def test_the_longest_name_wins_its_words(text: str, expected: list[str]) -> None:
    """Whole words and numbers, however they are spelt; nothing else is taken for a name."""
    assert lines_of(named(order(*PENS), text)) == expected


@pytest.mark.parametrize(
    ("sku", "text", "is_found"),
    [
        ("", "It is broken", False),
        ("-", "It is broken - sorry", False),
        ("12345", "Article 12345 is broken", True),
        ("12345", "12345 is broken", True),
        ("1001", "My order 1001 is broken", False),  # the order's own number
        ("1001", "Article 1001 is broken", True),
        ("100", "I paid 100 EUR and it is broken", False),
        ("2024", "It broke on 12.11.2024", False),
        ("2", "I have 2 of them, one is broken", False),
        ("A", "A bad thing, broken", False),
        ("A", "Article A is broken", True),
        ("T-1", "the T-1 is broken", True),
        ("T-1", "it came at t 1 o'clock, broken", False),
        ("THE", "the thing is broken", False),
        ("SET", "The SET is broken", True),
        ("BOX", "the box arrived broken", False),  # a word, and not one of the title
        ("LAMP", "the lamp is broken", True),  # a word of the title
        ("ÄX-7", "AEX-7 ist kaputt", True),
        ("ÄX-7", "äx-7 ist kaputt", True),
        ("AB.7", "AB.7 is broken.", True),
        ("AB-7", "See photo_AB-7.jpg", False),
    ],
)
def test_what_counts_as_an_article_number(sku: str, text: str, is_found: bool) -> None:
    """Never an empty one, never a usual word or number unless the text points at it."""
    found = named(order((sku, "Bright lamp"), ("ZZ-99", "Curtain")), text)
    assert [line.line_id for line in found.lines] == (["l0"] if is_found else [])


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Café crème", "the cafe creme is broken"),
        ("Café crème", "the Cafe\u0301 cre\u0300me is broken"),
        ("Müslischale", "die Muesli-Schale ist kaputt"),
        ("Tasse", "die Tassen sind kaputt"),
        ("Stuhl", "die Stühle sind kaputt"),
        ("Taza roja", "las tazas rojas están rotas"),
        ("Tazza", "le tazze sono rotte"),
        ("Battery", "the batteries are broken"),
        ("Battery pack", "the BATTERY PACKS are broken"),
        ("Kid's mug", "the kids mug is broken"),
        ("Grüße-Karte", "the grusse karte is broken"),
        ("T-Shirt", "the tshirt is torn"),
        ("Straßenlampe", "die Strassenlampe ist kaputt"),
        ("Rocket No. 5", "rocket no 5 is broken"),
    ],
)
def test_a_title_in_another_spelling(title: str, text: str) -> None:
    """Case, accents, hyphens, one word or two, one or several."""
    if title.startswith("Grüße"):
        text = "die Gruesse Karte ist kaputt"
    assert lines_of(named(order(("A-1", title), ("B-1", "Curtain")), text)) == ["l0"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The mug is broken", ["doubt"]),
        ("The blue mug is broken", ["l0"]),
        ("The mug (red) is broken", ["l1"]),
        ("The mug M-R is broken", ["l1"]),
        ("Both mugs are broken", ["l0", "l1"]),
        ("Die beiden Mugs sind kaputt", ["l0", "l1"]),
        ("The two mugs are broken", ["l0", "l1"]),
        ("Three mugs are broken", ["doubt"]),
        ("One of the mugs is broken", ["doubt"]),
        ("The red and the blue mug are broken", ["doubt"]),
        ("The mug and the desk lamp are broken", ["doubt"]),
    ],
)
def test_lines_of_the_same_name_are_told_apart_or_asked_for(text: str, expected: list[str]) -> None:
    """By the variant, the article number, or because all of them are meant."""
    assert lines_of(named(order(*MUGS), text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The ruler is fine, the eraser is broken", ["l0"]),
        ("The ruler is fine and the eraser is broken", ["l0"]),
        ("The eraser is broken, but the ruler is not damaged", ["l0"]),
        ("Das Ruler ist heil, aber der Eraser ist kaputt", ["l0"]),
        ("I ordered an eraser and a ruler. The eraser is broken", ["l0"]),
        ("The eraser is broken. The ruler too", ["l0", "l1"]),
        ("The eraser arrived with the ruler, only the eraser is broken", ["doubt"]),
        ("The ruler is fine. Something else is broken", ["doubt"]),
        ("The eraser, the ruler are broken", ["l0", "l1"]),
        ("The ruler is not ok, the eraser is intact", ["l1"]),
    ],
)
def test_only_what_is_complained_of(text: str, expected: list[str]) -> None:
    """A name alone is no complaint; where some are only named it is asked for."""
    signs = ["broken", "damaged", "kaputt"]
    assert lines_of(named(order(*PENS), text, signs)) == expected


@pytest.mark.parametrize(
    ("text", "quantity", "expected"),
    [
        ("The mug is broken", "2", None),
        ("One of the two mugs is broken", "2", "1"),
        ("one of the mugs is broken", "3", "1"),
        ("Both mugs are broken", "2", "2"),
        ("The mugs are both broken", "2", "2"),
        ("Both mugs are broken", "3", "doubt"),
        ("Two mugs are broken", "3", "2"),
        ("2 of the three mugs are broken", "3", "2"),
        ("2x mug broken", "2", "2"),
        ("2 x Mug broken", "2", "2"),
        ("All mugs are broken", "4", "4"),
        ("all three mugs are broken", "3", "3"),
        ("Five mugs are broken", "2", "doubt"),
        ("The mugs are broken", "2", "doubt"),
        ("The mugs are broken", "1", None),
        ("two of them are broken", "3", "2"),
        ("zwei davon sind kaputt", "3", "2"),
        ("Eine der beiden Mugs ist kaputt", "2", "1"),
        ("Beide Mugs sind kaputt", "2", "2"),
        ("les deux mugs sont cassés", "2", "2"),
        ("un des deux mugs est cassé", "2", "1"),
        ("ambos mugs están rotos", "2", "2"),
        ("uno dei due mugs è rotto", "2", "1"),
        ("een van de twee mugs is kapot", "2", "1"),
    ],
)
def test_how_many_pieces(text: str, quantity: str, expected: str | None) -> None:
    """As the text says; None where it does not, in doubt where that does not add up."""
    found = named(order(("M-1", "Mug", quantity)), text)
    told = "doubt" if found.doubt else found.pieces.get("l0")
    assert told == (expected if expected in (None, "doubt") else Decimal(expected))


def test_an_order_of_one_line_needs_no_name() -> None:
    """It can only be that one, unless the text points at another."""
    only = order(("PN-1", "Eraser"))
    assert lines_of(named(only, "it is broken")) == ["l0"]
    assert "PN-10" in named(only, "Article PN-10 is broken").doubt
    assert lines_of(named(only, "the article of order 1001 arrived 100% broken")) == ["l0"]


def test_what_is_weighed_is_not_counted() -> None:
    """One and a half kilograms are one thing."""
    found = named(order(("C", "Coffee", "1.5")), "both bags of coffee are torn")
    assert (found.pieces, found.doubt) == ({}, "")


def test_an_order_without_lines_names_nothing() -> None:
    """And nothing breaks."""
    assert named(order(), "the mug is broken").lines == ()
