"""Texts that differ, word by word. Their white space is shown, so no template may lay them out."""

from collections.abc import Sequence
from typing import Literal

from django import template
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString

from apps.console.presenters.differences import Piece

register = template.Library()
SIGNS = {"ins": ("added", "+"), "del": ("removed", "−")}


@register.simple_tag
def marked(pieces: Sequence[Piece]) -> SafeString:
    """Both texts in one: what came and what went is marked, and named for who only hears it."""
    return format_html_join("", "{}", ((signed(piece),) for piece in pieces))


@register.simple_tag
def one_side(pieces: Sequence[Piece], kind: Literal["ins", "del"]) -> SafeString:
    """One of the two texts; what only it has is marked."""
    element = f"<{kind}>{{}}</{kind}>"
    return format_html_join(
        "",
        "{}",
        (
            (format_html(element, piece.text) if piece.kind == kind else piece.text,)
            for piece in pieces
            if piece.kind in {kind, "same"}
        ),
    )


def signed(piece: Piece) -> SafeString:
    """A piece with its sign; what stayed has none."""
    if piece.kind == "same":
        return conditional_escape(piece.text)
    words, sign = SIGNS[piece.kind]
    element = f"<{piece.kind}>{{}}{{}}{{}}</{piece.kind}>"
    name = format_html('<span class="unseen">{}: </span>', words)
    drawn = format_html('<span class="sign" aria-hidden="true">{}</span>', sign)
    return format_html(element, name, drawn, piece.text)
