"""Characters nobody sees, made visible: the one place through which all text for browsers goes.

A title with U+202E reads backwards, one of no width makes two names look the same. Whoever decides
sees them as `⟦U+202E⟧`. What stands in a field to be edited stays as it is.
"""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

DIRECTING = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidi
NO_WIDTH = "\u034f\u115f\u1160\u180b-\u180e\u200b\u2060-\u2064\u206a-\u206f\u3164\ufeff\uffa0"
JOINING = "\u200c\u200d"  # they build emoji; beside a letter they hide
TAGS = "\U000e0000-\U000e007f"  # they build flags, behind a black one
UNSEEN = re.compile(
    rf"(?P<one>[{DIRECTING}{NO_WIDTH}])(?P=one)*|(?<=\w)[{JOINING}]+|[{JOINING}]+(?=\w)"
    rf"|(?<![\U0001f3f4{TAGS}])[{TAGS}]+"
)
FIELDS = r"<textarea\b[^>]*>.*?</textarea>|<input\b[^>]*>"
IN_A_PAGE = re.compile(f"(?P<field>{FIELDS})|{UNSEEN.pattern}", re.DOTALL)


def reveal(text: str) -> str:
    """The text with each unseen character as its number; equal ones in a row are counted."""
    return UNSEEN.sub(number, text)


def reveal_page(html: str) -> str:
    """The same for a page, but for the fields a person edits."""
    return IN_A_PAGE.sub(lambda found: found["field"] or number(found), html)


def number(found: re.Match[str]) -> str:
    """What stands for a run of unseen characters."""
    run = found.group()
    times = f" ×{len(run)}" if len(run) > 1 else ""
    return f"⟦U+{ord(run[0]):04X}{times}⟧"


class Revealing:
    """Middleware that reveals what no one sees in every page, whoever has built it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The page with its text as people have to see it."""
        response = self._get_response(request)
        if isinstance(response, HttpResponse) and is_page(response):
            html = response.content.decode(response.charset)
            if UNSEEN.search(html):
                response.content = reveal_page(html).encode(response.charset)
        return response


def is_page(response: HttpResponse) -> bool:
    """Whether a browser shows it as a page."""
    return str(response.headers.get("Content-Type", "")).startswith("text/html")
