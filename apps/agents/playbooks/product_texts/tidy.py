"""Titles as they should be written. Pure, and what is tidy stays as it is."""

import re
from dataclasses import dataclass

SPACES = re.compile(r"\s+")
BEFORE_MARK = re.compile(r"\s+([,;:!?.])")
AT_THE_END = re.compile(r"[\s.,;:\-–]+$")
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
FEWEST_LETTERS = 8  # a shorter title in capitals may be a name, such as IKEA or NATO


@dataclass(frozen=True, kw_only=True)
class Tidied:
    """A title as it should be, and what was done to it, in words; nothing where it was tidy."""

    title: str
    done: tuple[str, ...]


def tidy(title: str, *, quieten: bool) -> Tidied:
    """White space in order, nothing left over at the end, and no shouting."""
    steps = [("put white space in order", spaced(title))]
    steps.append(("took away what was left over at the end", AT_THE_END.sub("", steps[-1][1])))
    if quieten:
        steps.append(("wrote capitals as names", quiet(steps[-1][1])))
    before, done = title, []
    for words, after in steps:
        if after != before:
            done.append(words)
        before = after
    return Tidied(title=before or title, done=tuple(done) if before else ())


def spaced(title: str) -> str:
    """One blank between words, none before a mark or around the whole."""
    return BEFORE_MARK.sub(r"\1", SPACES.sub(" ", title)).strip()


def quiet(title: str) -> str:
    """A title in capitals alone with capitals at the beginnings of its words."""
    return WORD.sub(named, title) if shouts(title) else title


def shouts(title: str) -> bool:
    """Whether it is written in capitals alone, and too long to be an abbreviation."""
    letters = [letter for letter in title if letter.isalpha()]
    return len(letters) >= FEWEST_LETTERS and all(
        letter.isupper() and len(letter.lower()) == 1 for letter in letters
    )


def named(word: re.Match[str]) -> str:
    """One word with a capital at its beginning."""
    text = word.group()
    return text[0] + text[1:].lower()
