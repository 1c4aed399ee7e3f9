"""Text as it comes out of JSON: halves of characters are joined, what cannot be kept is dropped.

A character outside the basic plane is two escapes in JSON, and some servers end a chunk between
them; others end it between the bytes of one character. Bytes that are no UTF-8 come here as
Python's `surrogateescape` writes them. Pure.
"""

import math
import re
from typing import Any

_HALF = re.compile("[\ud800-\udfff]")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_BYTES = re.compile("[\udc80-\udcff]+")
_OPEN_END = re.compile("(?:[\ud800-\udbff]|[\udc80-\udcff]{1,3})$")


def _joined(text: str) -> str:
    """Halves that belong together made one; the others stay."""
    if not _HALF.search(text):
        return text
    text = _PAIR.sub(_pair, text)
    return _BYTES.sub(_character, text)


def _pair(found: re.Match[str]) -> str:
    return found.group().encode("utf-16", "surrogatepass").decode("utf-16")


def _character(found: re.Match[str]) -> str:
    raw = bytes(ord(character) - 0xDC00 for character in found.group())
    return raw.decode("utf-8", "surrogateescape")


def whole(text: str) -> str:
    """The text without NUL and with a mark for each character that came only by half."""
    return _HALF.sub("\ufffd", _joined(text)).replace("\0", "")


def whole_json(text: str) -> str:
    """JSON text without NUL; halves are written as JSON's escapes, for its reader to refuse."""
    return _HALF.sub(lambda half: f"\\u{ord(half.group()):04x}", _joined(text)).replace("\0", "")


def kept(value: Any) -> Any:
    """The JSON value with texts and numbers that can be kept."""
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, list):
        return [kept(part) for part in value]
    if isinstance(value, dict):
        return {whole(str(key)): kept(part) for key, part in value.items()}
    return value


class Pieces:
    """Joins what was split between two pieces of a text."""

    def __init__(self) -> None:
        self._held = ""

    def take(self, piece: str) -> str:
        """All that is certain so far."""
        text = _joined(self._held + piece)
        end = _OPEN_END.search(text)
        self._held = end.group() if end else ""
        return whole(text[: end.start()] if end else text)

    def rest(self) -> str:
        """What is left at the end."""
        held, self._held = self._held, ""
        return whole(held)
