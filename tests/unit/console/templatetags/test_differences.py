"""Texts that differ, as they are drawn."""

from apps.console.presenters.differences import Piece
from apps.console.templatetags.differences import marked, one_side

PIECES = [
    Piece("same", "Dear <b>,\n"),
    Piece("del", "five"),
    Piece("ins", "si\nx"),
    Piece("same", " EUR"),
]


def test_both_texts_stand_in_one() -> None:
    """What changed is marked and named; what people wrote is text, its white space kept."""
    assert marked(PIECES) == (
        "Dear &lt;b&gt;,\n"
        '<del><span class="unseen">removed: </span><span class="sign" aria-hidden="true">−</span>five</del>'
        '<ins><span class="unseen">added: </span><span class="sign" aria-hidden="true">+</span>si\nx</ins>'
        " EUR"
    )


def test_a_side_has_only_its_own() -> None:
    """What the other text has is left out, without a trace."""
    assert one_side(PIECES, "del") == "Dear &lt;b&gt;,\n<del>five</del> EUR"
    assert one_side(PIECES, "ins") == "Dear &lt;b&gt;,\n<ins>si\nx</ins> EUR"
