"""What the texts of a change lead to and whom they name. Pure.

Only what says of itself that it is an address counts: a bare `shop.example` is a word like
`invoice.pdf`, and a person sees it.
"""

import re
from collections.abc import Mapping
from typing import Any

LINK = re.compile(r"(?::[/\\]{2}|\bwww\.)[^\s/?#<>\"'()\[\]]+", re.IGNORECASE)
PART = r"[^\s@<>\"'(),;:\[\]]"
MAIL = re.compile(f"{PART}{{1,64}}@{PART}{{1,255}}\\.{PART}+")  # bounded: texts are strangers'


def texts(params: Mapping[str, Any]) -> str:
    """All texts among the parameters, one after the other; whom a message goes to is no text."""
    found = (value for name, value in params.items() if name != "to" and isinstance(value, str))
    return "\n".join(found)


def links(params: Mapping[str, Any]) -> list[str]:
    """The hosts that links in the texts lead to, each once, without `www.` and port, sorted.

    Whatever tries to look like another host stays as it is written, and is like none.
    """
    return sorted({host(match.group()) for match in LINK.finditer(texts(params))})


def host(link: str) -> str:
    """Where a link leads to: what stands behind the scheme and a name before `@`."""
    found = link.lower().removeprefix("://").rstrip(".,;:!")
    if "\\" in found:  # readers of addresses differ about it
        return found
    return re.sub(r":\d*$", "", found.rpartition("@")[2]).removeprefix("www.")


def addresses(params: Mapping[str, Any]) -> int:
    """How many different e-mail addresses the texts name, beside the one they go to."""
    named = {address.lower().rstrip(".") for address in MAIL.findall(texts(params))}
    return len(named - {str(params.get("to", "")).lower()})
