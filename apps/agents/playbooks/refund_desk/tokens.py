"""A text as the words it is made of, folded so that spelling does not matter. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

WORD = re.compile(r"[^\W_]+")
HYPHENS = str.maketrans(dict.fromkeys("‐‑‒–−", "-") | {"—": " — ", "’": "'"})
TIGHT = re.compile(r"[-_]|[./](?=\d)")  # glues what stands on both sides to one word
# What may stand between the parts of a name: a space, a sign, or a sign between spaces
GAP = re.compile(r"\s{0,2}|[-_./'+&]|\s?[-/&+(),]\s?")
# German spells an umlaut with an e where there is no key for it
DIGRAPHS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
PLURALS = ("s", "es", "n", "en", "e", "er", "x")
LAST_VOWELS = {("o", "i"), ("a", "e"), ("e", "i")}
SHORTEST = 3  # letters a word has before an ending can make it another number of the same


@dataclass(frozen=True)
class Token:
    """A word: as it is written, folded, and where it stands in the tidied text."""

    written: str
    folded: str
    start: int
    end: int


@dataclass(frozen=True)
class Tokens:
    """A tidied text and its words."""

    text: str
    words: tuple[Token, ...]

    def is_apart(self, first: int, last: int) -> bool:
        """Whether the words from first to last are no part of a longer word or number."""
        start, end = self.words[first].start, self.words[last].end
        before, after = self.text[:start], self.text[end:]
        glued_before = before[-1:] in ("-", "_") or (
            before[-1:] in (".", "/") and self.words[first].written[0].isdigit()
        )
        if glued_before and before[-2:-1].isalnum():
            return False
        return not (TIGHT.match(after) and after[1:2].isalnum())

    def are_joined(self, first: int, last: int) -> bool:
        """Whether only small gaps stand between the words from first to last."""
        gaps = (
            self.text[token.end : other.start]
            for token, other in pairwise(self.words[first : last + 1])
        )
        return all(GAP.fullmatch(gap) for gap in gaps)

    def are_spaced(self, first: int, last: int) -> bool:
        """Whether white space stands between any of the words from first to last."""
        written = self.text[self.words[first].start : self.words[last].end]
        return bool(re.search(r"\s", written))


def tokenise(text: str) -> Tokens:
    """The words of a text. Width, ligatures and kinds of hyphens are made alike before."""
    tidied = unicodedata.normalize("NFKC", text).translate(HYPHENS)
    return Tokens(
        text=tidied,
        words=tuple(
            Token(match.group(), fold(match.group()), match.start(), match.end())
            for match in WORD.finditer(tidied)
        ),
    )


def fold(word: str) -> str:
    """A word without case and accents; an umlaut as the two letters it may be spelt with."""
    spelt = unicodedata.normalize("NFKC", word).casefold().translate(DIGRAPHS)
    apart = unicodedata.normalize("NFD", spelt)
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def same_word(word: str, other: str) -> bool:
    """Whether two folded words are the same but for their number."""
    if word == other:
        return True
    short, long = sorted((word, other), key=len)
    if len(short) < SHORTEST or not short.isalpha():
        return False
    for stem in (long, without_umlauts(long)):  # Stuhl, Stühle
        if stem.startswith(short) and stem[len(short) :] in PLURALS:
            return True
    if short.endswith("y") and long == short[:-1] + "ies":
        return True
    alike = len(word) == len(other) > SHORTEST and word[:-1] == other[:-1]
    return alike and tuple(sorted((word[-1], other[-1]))) in {
        tuple(sorted(pair)) for pair in LAST_VOWELS
    }


def without_umlauts(word: str) -> str:
    """A folded word with the vowels its umlauts came from."""
    for vowel in "aou":
        word = word.replace(f"{vowel}e", vowel)
    return word


def every(words: str) -> frozenset[str]:
    """Words of a list as it stands in the code, which are folded already."""
    return frozenset(words.split())


def joined(words: Sequence[Token]) -> str:
    """Folded words without what stands between them."""
    return "".join(word.folded for word in words)
