"""Which evidence carries a text: paragraphs, facts, links, and what nothing supports."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.proposals.text import provenance
from apps.proposals.text.provenance import link, link_again, paragraphs, supported, unsupported

ORDER = {"kind": "shop", "title": "Order #1001: 1234.50 EUR, captured",
         "detail": "Placed 2026-11-21; 2 x Alder Mug / Blue (MUG-ALD-1) at 20.00"}  # fmt: skip
NOTE = {"kind": "memory", "title": "Known", "detail": {"name": "Anna Schmidt", "days": [3, 14]}}
MESSAGE = {"kind": "message", "title": "anna@example.org: Kaputt", "detail": "Der Becher ist hin."}
EVIDENCE = [ORDER, NOTE, MESSAGE]

LETTERS = st.characters(codec="utf-8", exclude_categories=["C", "Z"])
PARAGRAPH = st.lists(st.text(LETTERS, min_size=1, max_size=8), min_size=1, max_size=6).flatmap(
    lambda words: st.sampled_from([" ".join(words), "\n".join(words)])
)
BREAKS = st.sampled_from(["\n\n", "\n \n", "\n\n\n", "\r\n\r\n", "\n\t\n\n"])


@given(st.lists(PARAGRAPH, max_size=6), BREAKS)
def test_paragraphs_round_trip(parts: list[str], gap: str) -> None:
    """Whatever stands between them, the same paragraphs come back."""
    assert paragraphs(gap.join(parts)) == parts


@given(st.text(max_size=200))
def test_paragraphs_of_anything_are_stable(text: str) -> None:
    """Never empty, and the same when joined and split again."""
    found = paragraphs(text)
    assert all(part and part == part.strip() for part in found)
    assert paragraphs("\n\n".join(found)) == found


@given(st.text(max_size=200))
def test_a_text_supports_itself(text: str) -> None:
    """Whatever facts are found in it, the same text as evidence carries them."""
    assert supported(text, [{"kind": "note", "title": text}]) == []


@given(
    st.text(max_size=100),
    st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=30)), max_size=3),
)
def test_links_name_evidence_there_is(text: str, evidence: list[dict[str, str]]) -> None:
    """One list per paragraph, in range."""
    found = link(text, evidence)
    assert len(found) == len(paragraphs(text))
    assert all(0 <= place < len(evidence) for places in found for place in places)


@pytest.mark.parametrize(
    "text",
    [
        "Your order #1001 comes to 1,234.50 EUR.",
        "Ihre Bestellung 1001 kostet 1.234,50 EUR.",
        "Votre commande n° 1001 : 1 234,50 €.",
        "You ordered it on 2026-11-21.",
        "Sie haben am 21.11.2026 bestellt.",
        "You ordered on 21/11/2026.",
        "Commandé le 21 novembre 2026.",
        "We refund 20 EUR for the “Alder Mug”.",
        "We refund 20.0 EUR for the Alder Mug you bought.",
        "The article MUG-ALD-1 is on its way.",
        "we wrote to anna@example.org about it",
        "Dear customer, we have told Anna Schmidt so.",
        "It takes 3 or 14 days.",
        "no facts in here at all",
        "Mit freundlichen Grüßen\nIhr Serviceteam",
        "Guten Tag Frau Schmidt, vielen Dank für Ihre Nachricht zu Ihrem Becher.",
        "",
    ],
)
def test_what_the_evidence_holds_is_supported(text: str) -> None:
    """However a language writes numbers and dates."""
    assert supported(text, EVIDENCE) == []


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("Your order #1002 is lost.", "1002"),
        ("We refund 1,234.51 EUR.", "1,234.51"),
        ("We refund 1234.50 USD.", "USD"),
        ("We refund 1234.50 $ to you.", "$"),
        ("It comes on 22.11.2026.", "22.11.2026"),
        ("Write to eve@example.org please.", "eve@example.org"),
        ("We send the “Corrie Lamp” again.", "Corrie Lamp"),
        ("Wir schicken die „Lampe Corrie“ noch einmal.", "Lampe Corrie"),
        ("Nous renvoyons « la lampe ».", "la lampe"),
        ("your parcel was handed to Mr Bond by us on the evening of yesterday", "Mr Bond"),
        ("it was shipped with DHL", "DHL"),
        ("The article MUG-ALD-2 is on its way.", "MUG-ALD-2"),
        ("See https://example.org/pay for more.", "https://example.org/pay"),
        ("It is 15 % off.", "15"),
    ],
)
def test_what_stands_nowhere_is_named(text: str, missing: str) -> None:
    """A cent more, another day, another name: exactly that is reported."""
    assert supported(text, EVIDENCE) == [f"“{missing}” stands in none of its sources."]


def test_only_the_named_sources_count() -> None:
    """What another piece of evidence says does not help."""
    assert supported("Order 1001.", [NOTE]) == ["“1001” stands in none of its sources."]
    assert supported("Order 1001.", [NOTE, ORDER]) == []


@pytest.mark.parametrize("kind", provenance.NO_SOURCES)
def test_what_quotes_the_text_is_no_source(kind: str) -> None:
    """A model cannot vouch for itself, nor a warning for what it warns of."""
    echo = {"kind": kind, "title": "We refund 77 EUR", "detail": ""}
    assert len(supported("We refund 77 EUR.", [echo])) == 2
    assert link("We refund 77 EUR.", [echo]) == [[]]


def test_kinds_and_names_of_fields_say_nothing() -> None:
    """Only values do."""
    assert len(supported("“shop” 7", [{"kind": "shop", "title": "", "detail": {"7": "x"}}])) == 2


def test_a_number_inside_another_is_not_that_number() -> None:
    """Nor is a word inside a word."""
    assert supported("100 left", [{"title": "1001 and 2100"}])
    assert supported("“art”", [{"title": "article"}])


def test_paragraphs_are_linked_to_what_carries_their_facts() -> None:
    """A paragraph without facts to nothing."""
    text = "Hello,\n\nyour order 1001 takes 14 days.\n\nBye"
    assert link(text, EVIDENCE) == [[], [0, 1], []]


def test_an_edited_paragraph_is_linked_anew_and_the_others_keep_theirs() -> None:
    """Also when one was taken out."""
    before = "Hello,\n\nyour order 1001.\n\nBye"
    sources = [[2], [0, 1], [2]]
    after = "Hello,\n\nyour order 1001 takes 14 days.\n\nBye"
    assert link_again(after, EVIDENCE, before=before, sources=sources) == [[2], [0, 1], [2]]
    shorter = "Hello,\n\nBye"
    assert link_again(shorter, EVIDENCE, before=before, sources=sources) == [[2], [2]]
    other = "Hello,\n\nit takes 14 days."
    assert link_again(other, EVIDENCE, before=before, sources=sources) == [[2], [1]]


def test_unsupported_goes_by_paragraph() -> None:
    """A paragraph nobody named sources for has none; a place that is not there supports nothing."""
    text = "Order 1001.\n\nOrder 1001.\n\nOrder 1001."
    problem = ["“1001” stands in none of its sources."]
    assert unsupported(text, EVIDENCE, [[0], [99]]) == [[], problem, problem]


@pytest.mark.parametrize(
    "text",
    [
        "«" + " " * 9_999,
        "." + " " * 5_000 + "a b " * 1_200,
        "a" * 10_000,
        "a." * 5_000,
        "1,1." * 2_500 + "a",
        "Wir haben " + "Anna " * 2_000,
    ],
)
def test_a_text_made_to_be_slow_is_read_at_once(text: str) -> None:
    """Its cost grows with its length alone: with the square of it, this would take minutes."""
    assert supported(text, [{"title": text}]) == []


@pytest.mark.parametrize(
    ("params", "text"),
    [({"body": "b", "subject": "s"}, "b"), ({"description": "d"}, "d"), ({"amount": "1"}, ""),
     ({"body": ""}, ""), ({"body": None, "description": "d"}, "d")],
)  # fmt: skip
def test_the_text_of_an_action_is_what_people_will_read(params: dict[str, str], text: str) -> None:
    """A message's body or a product's description."""
    assert provenance.text_of(params) == text
