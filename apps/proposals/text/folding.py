"""Text as it is compared, and where each of its characters came from. Pure.

Letters that only look like those of our languages count as these, characters nobody sees count as
nothing: whoever writes `аpproved` with a Cyrillic letter writes "approved".
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

# Letters of other scripts as people read them
LOOKS_LIKE = str.maketrans(
    "аɑαвсԁеёєһніїӏјκкӏмոпԛгоοορрѕтυսνѵѡхχуγʏᴢ",
    "aaabcdeeehniiljkklmnnqroooppstuuvvwxxyyyz",
)
DIRECTING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"  # bidi
BREAKING = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u034f\u115f\u1160\u3164"  # no width
TURNING = frozenset("\u202a\u202b\u202d\u202e\u2066\u2067\u2068")  # none in our languages
TAGS = range(0xE0000, 0xE0080)
SPACE = re.compile(r"\s")
DOUBLE = re.compile(r"\s\s")


@dataclass(frozen=True, kw_only=True)
class Folded:
    """Folded `text`; `places[i]` is where in `source` its character came from.

    `hidden` are places in `source` of characters that hide something: inside a word, or turning
    the direction of reading.
    """

    text: str
    places: Sequence[int]
    source: str
    hidden: list[int]


def is_unseen(char: str) -> bool:
    """Whether nothing of the character shows."""
    return char in DIRECTING or char in BREAKING or ord(char) in TAGS


def fold(text: str) -> Folded:
    """The text in lower case, one space between words, straight apostrophes, nothing unseen."""
    source = unicodedata.normalize("NFC", text)
    if source.isascii() and not DOUBLE.search(source):
        return Folded(
            text=SPACE.sub(" ", source).lower(),
            places=range(len(source)),
            source=source,
            hidden=[],
        )
    letters: list[str] = []
    places: list[int] = []
    hidden: list[int] = []
    for place, char in enumerate(source):
        plain = plain_of(char)
        if not plain and hides(source, place):
            hidden.append(place)
        if plain == " " and letters and letters[-1] == " ":
            continue
        letters.extend(plain)
        places.extend([place] * len(plain))
    return Folded(text="".join(letters), places=places, source=source, hidden=hidden)


@lru_cache(maxsize=4096)
def plain_of(char: str) -> str:
    """A character as it is compared; empty if nothing of it shows."""
    if is_unseen(char):
        return ""
    plain = unicodedata.normalize("NFKC", char).casefold().translate(LOOKS_LIKE)
    return SPACE.sub(" ", plain).replace("’", "'").replace("‘", "'")


def hides(source: str, place: int) -> bool:
    """Whether the unseen character turns what is read, or parts the letters of a word."""
    char = source[place]
    if char in TURNING or ord(char) in TAGS:
        return not is_emoji_tag(source, place)
    if char == "\u00ad" or char in DIRECTING:
        return False  # a soft hyphen and a mark of direction are set by ordinary programs
    return source[place - 1 : place].isalpha() and source[place + 1 : place + 2].isalpha()


def is_emoji_tag(source: str, place: int) -> bool:
    """Whether the character spells the flag of a region, behind a black flag."""
    while place and ord(source[place]) in TAGS:
        place -= 1
    return source[place] == "\U0001f3f4"
