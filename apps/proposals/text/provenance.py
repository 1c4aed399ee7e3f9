"""Which evidence carries each paragraph of a text, and what in it nothing supports. Pure.

Nearly language-neutral: only what can be compared letter by letter counts as a fact. Numbers are
compared by value (`20,00` is `20.00`), dates by day; words are never understood. Which capitalised
words of a German text are names says `german`; in any other text full of capitals, such as a
headline, they say nothing.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from apps.proposals.evidence import BEYOND, DISSENT, UNMEASURED
from apps.proposals.text import german

TEXTS = ("body", "description")  # parameters of actions that hold a text people read
UNSUPPORTED = "unsupported"  # kind of evidence that warns of what nothing supports
# Kinds that quote a text, or what a model asked for: it cannot vouch for itself
NO_SOURCES = ("model", UNSUPPORTED, BEYOND, DISSENT, UNMEASURED)
NO_CONTENT = ("kind", "item_id")  # of a piece of evidence
MANY_CAPITALS = 0.18  # share of capitalised words inside sentences; above it they say nothing

BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*")
DATE = re.compile(r"(?<![\w./-])(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})(?:(?=T\d)|(?![\w/-]|\.\d))")
ADDRESS = re.compile(
    r"(?:https?://|www\.)[^\s<>\"”»]+|(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.IGNORECASE
)
CODE = re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[^\W\d_])\w+(?:-\w+)*(?![\w-])")
NUMBER = re.compile(r"(?<![\w.,])(?:\d{1,3}(?:[   '’]\d{3})+|\d+)(?:[.,]\d+)*(?!\w)")
QUOTED = re.compile(r"[“„]([^“”„]{1,200})[”“]|«([^«»]{1,200})»|\"([^\"]{1,200})\"")
WORD = re.compile(r"[^\W\d_]+")
SENTENCE_ENDS = ".!?:…"
BETWEEN = ' \t\r\f\v\u00a0\u202f"”»)'  # what may stand between two sentences
ABBREVIATED = re.compile(r"\b(?:Dr|Prof|Mr|Mrs|Ms|Fa|St)\.$")
CURRENCIES = {"€": "eur", "$": "usd", "£": "gbp", "¥": "jpy"}


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Something in a paragraph that can be looked up: as written, and as it is compared.

    `forms` are the readings of a number or a date; one that fits is enough.
    """

    text: str
    forms: frozenset[Decimal | date | str]


class Seen(NamedTuple):
    """What a piece of evidence holds, ready to be compared."""

    numbers: frozenset[Decimal | date | str]
    words: str  # case-folded, between spaces


def paragraphs(text: str) -> list[str]:
    """The paragraphs: what stands between blank lines, without white space around it."""
    clean = text.replace("\r\n", "\n").replace("\r", "\n")
    return [part.strip() for part in BLANK_LINE.split(clean) if part.strip()]


def text_of(params: Mapping[str, Any]) -> str:
    """The text people will read among an action's parameters; empty if it has none."""
    found = (params.get(name) for name in TEXTS)
    return next((value for value in found if isinstance(value, str) and value), "")


def supported(paragraph: str, items: Sequence[Mapping[str, Any]]) -> list[str]:
    """What of the paragraph stands in none of these pieces of evidence, in words."""
    seen = [look_at(item) for item in items if can_vouch(item)]
    missing = [
        fact for fact in facts(paragraph) if not any(holds(mention, fact) for mention in seen)
    ]
    return list(dict.fromkeys(f"“{fact.text}” stands in none of its sources." for fact in missing))


def link(text: str, evidence: Sequence[Mapping[str, Any]]) -> list[list[int]]:
    """For each paragraph, the places of the evidence that carry at least one of its facts."""
    seen = {place: look_at(item) for place, item in enumerate(evidence) if can_vouch(item)}
    return [
        [place for place, mention in seen.items() if any(holds(mention, fact) for fact in found)]
        for found in map(facts, paragraphs(text))
    ]


def link_again(
    text: str,
    evidence: Sequence[Mapping[str, Any]],
    *,
    before: str,
    sources: Sequence[Sequence[int]],
) -> list[list[int]]:
    """The sources of a text that was edited: a paragraph that stayed keeps those it had."""
    kept = dict(zip(paragraphs(before), map(list, sources), strict=False))
    found = zip(paragraphs(text), link(text, evidence), strict=True)
    return [kept.get(paragraph, places) for paragraph, places in found]


def unsupported(
    text: str, evidence: Sequence[Mapping[str, Any]], sources: Sequence[Sequence[int]]
) -> list[list[str]]:
    """For each paragraph, what in it stands in none of the sources named for it.

    An index the evidence does not have supports nothing.
    """
    named = [[evidence[i] for i in places if 0 <= i < len(evidence)] for places in sources]
    parts = paragraphs(text)
    padded = named + [[] for _ in parts[len(named) :]]
    return [supported(paragraph, items) for paragraph, items in zip(parts, padded, strict=False)]


def can_vouch(item: Mapping[str, Any]) -> bool:
    """Whether a fact may rest on it: what a model said of its own plan is no source."""
    return item.get("kind") not in NO_SOURCES


def holds(seen: Seen, fact: Fact) -> bool:
    """Whether the evidence has the fact, in one of its readings."""
    return any(
        f" {form} " in seen.words if isinstance(form, str) else form in seen.numbers
        for form in fact.forms
    )


def look_at(item: Mapping[str, Any]) -> Seen:
    """The values of a piece of evidence; its kind and the names of its fields say nothing."""
    values = leaves(
        {name: value for name, value in item.items() if name not in ("kind", "item_id")}
    )
    text = "\n".join(values)
    numbers = {form for fact in figures(text)[0] for form in fact.forms}
    days = [form for form in numbers if isinstance(form, date)]
    parts = {Decimal(part) for day in days for part in (day.year, day.day)}
    symbols = {code for symbol, code in CURRENCIES.items() if symbol in text}
    return Seen(frozenset(numbers | parts), f" {folded(text)} {' '.join(sorted(symbols))} ")


def leaves(value: object) -> Iterator[str]:
    """All values inside a JSON value as text."""
    if isinstance(value, Mapping):
        for part in value.values():
            yield from leaves(part)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for inner in value:
            yield from leaves(inner)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def folded(text: str) -> str:
    """Text as it is compared: words, codes and numbers alone, without case."""
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def facts(paragraph: str) -> list[Fact]:
    """Everything in the paragraph that can be looked up, in kinds: figures, codes, words."""
    found, rest = figures(paragraph)
    money = [
        Fact(text=symbol, forms=frozenset({code}))
        for symbol, code in CURRENCIES.items()
        if symbol in paragraph
    ]
    return found + money + words(rest)


def figures(text: str) -> tuple[list[Fact], str]:
    """Addresses, dates, codes and numbers; and the text without them."""
    found: list[Fact] = []

    def take(pattern: re.Pattern[str], read: Any) -> None:
        nonlocal text

        def note(match: re.Match[str]) -> str:
            forms = read(match)
            if not forms:
                return match.group()
            found.append(Fact(text=match.group().rstrip(".,;:!?"), forms=frozenset(forms)))
            return german.FIGURE

        text = pattern.sub(note, text)

    take(ADDRESS, lambda match: {folded(match.group().rstrip(".,;:!?"))})
    take(DATE, days_of)
    take(CODE, lambda match: {folded(match.group())})
    take(NUMBER, lambda match: readings(match.group()))
    return found, text


def days_of(match: re.Match[str]) -> set[Decimal | date | str]:
    """The days a date may mean: year first, day first, month first."""
    first, _, second, third = match.groups()
    orders = ((first, second, third), (third, second, first), (third, first, second))
    days: set[Decimal | date | str] = set()
    for year, month, day in orders:
        if len(year) == 4 and len(day) <= 2:
            try:
                days.add(date(int(year), int(month), int(day)))
            except ValueError:
                continue
    return days


def readings(number: str) -> set[Decimal | date | str]:
    """The values a number may have: `1,234` is 1234 to some and 1.234 to others."""
    plain = re.sub(r"[   '’]", "", number)
    marks = re.findall(r"[.,]", plain)
    if not marks:
        return {Decimal(plain)}
    head, _, tail = plain.rpartition(marks[-1])
    whole = re.sub(r"[.,]", "", head)
    values: set[Decimal | date | str] = set()
    if len(marks) == 1 or marks[-1] not in marks[:-1]:
        values.add(Decimal(f"{whole}.{tail}"))
    if len(set(marks)) == 1 and all(len(part) == 3 for part in re.split("[.,]", plain)[1:]):
        values.add(Decimal(whole + tail))
    return values or {folded(plain)}


def words(text: str) -> list[Fact]:
    """Quoted words and names."""
    quotes = [next(filter(None, match.groups())) for match in QUOTED.finditer(text)]
    found = [*filter(folded, quotes), *names(QUOTED.sub(" ", text))]
    return [Fact(text=words.strip(), forms=frozenset({folded(words)})) for words in found]


def names(text: str) -> list[str]:
    """Capitalised words inside sentences, those that follow each other together.

    Abbreviations in capitals count everywhere.
    """
    inside = list(words_inside(text))
    capitals = [m for m in inside if m.group()[0].isupper() and not m.group()[1:].isupper()]
    if german.is_german(text):
        capitals = german.names_among(capitals, text)
    elif len(capitals) > MANY_CAPITALS * len(inside):
        capitals = []
    shouted = [m for m in WORD.finditer(text) if len(m.group()) > 1 and m.group().isupper()]
    marked = sorted({m.span() for m in [*capitals, *shouted] if len(m.group()) > 1})
    joined: list[tuple[int, int]] = []
    for start, end in marked:
        if joined and text[joined[-1][1] : start] == " ":
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return [text[start:end] for start, end in joined]


def words_inside(text: str) -> Iterator[re.Match[str]]:
    """The words that do not begin a line or a sentence."""
    for match in WORD.finditer(text):
        if not begins_sentence(text, match.start()):
            yield match


def begins_sentence(text: str, start: int) -> bool:
    """Whether nothing of its line stands before the place, or the end of a sentence does.

    Looks back by hand: a search from the beginning of each line takes minutes for a text of
    10,000 characters that somebody made for it.
    """
    place = start
    while place and text[place - 1] in BETWEEN:
        place -= 1
    if not place or text[place - 1] == "\n":
        return True
    return text[place - 1] in SENTENCE_ENDS and not ABBREVIATED.search(
        text, max(place - 6, 0), place
    )
