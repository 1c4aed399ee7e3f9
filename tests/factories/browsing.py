"""A test client that reads a page as a browser does: how its template is laid out is not seen."""

import re
from typing import Any

from django.http import HttpResponse
from django.test import Client

BLOCK = (
    "article|body|button|caption|dd|details|div|dl|dt|fieldset|footer|form|h1|h2|h3|head|header|html|"
    "legend|li|main|nav|ol|option|p|section|select|summary|svg|table|tbody|td|th|thead|title|tr|ul"
)
SPACE = re.compile(r"[ \t\n\f\r]+")  # not the space that no line breaks at
AS_IT_IS = re.compile(r"(<(?:pre|textarea|script)\b.*?</(?:pre|textarea|script)>)", re.DOTALL)
TAG = re.compile(r"<[a-z/!](?:\"[^\"]*\"|'[^']*'|[^<>\"'])*>", re.IGNORECASE)
BESIDE_BLOCKS = re.compile(rf" *(</?(?:{BLOCK})\b(?:\"[^\"]*\"|'[^']*'|[^<>\"'])*>) *")


class Browser(Client):
    """Its pages have one space where words are apart, and none beside what begins a line."""

    def request(self, **request: Any) -> Any:
        """The response; its content, where that is HTML, as it is read."""
        response = super().request(**request)
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if is_page and isinstance(response, HttpResponse):
            response.content = flatten(response.content.decode())
        return response


def flatten(html: str) -> str:
    """The same page in one line."""
    return "".join(
        part if AS_IT_IS.fullmatch(part) else _flatten(part) for part in AS_IT_IS.split(html)
    )


def _flatten(html: str) -> str:
    tight = TAG.sub(lambda tag: re.sub(r"\s+(/?>)$", r"\1", SPACE.sub(" ", tag[0])), html)
    return BESIDE_BLOCKS.sub(r"\1", SPACE.sub(" ", tight))
