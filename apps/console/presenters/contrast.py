"""How well colours stand apart: the tokens of the style sheet, measured as WCAG 2.2 does. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

TEXT, PART = 4.5, 3.0  # what WCAG asks of words, and of lines, icons and rings
ENHANCED = 7.0  # what we promise of words in high contrast
GROUNDS = ("page", "surface", "sunken", "raised", "hover")
TONES = ("good", "warn", "bad", "busy")

Palette = Mapping[str, str]  # token -> "#rrggbb"


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A colour in front of another, and the least ratio between them."""

    front: str
    behind: str
    least: float


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A pair in one theme: the colours and their ratio, from 1 to 21."""

    pair: Pair
    front: str
    behind: str
    ratio: float

    @property
    def is_enough(self) -> bool:
        """Whether people can tell them apart."""
        return self.ratio >= self.pair.least


def pairs(*, words: float = TEXT) -> list[Pair]:
    """Every pair the sheets make; words need a ratio of `words`."""
    text = [(ink, ground) for ink in ("ink", "ink-soft") for ground in GROUNDS]
    text += [(tone, ground) for tone in ("accent", *TONES) for ground in (*GROUNDS, f"{tone}-soft")]
    text += [("accent-hover", ground) for ground in GROUNDS]
    text += [("ink", f"{tone}-soft") for tone in ("accent", *TONES)]
    text += [("ink", "ins"), ("ink", "del"), ("ink-soft", "bad-soft"), ("ink-soft", "warn-soft")]
    text += [("on-accent", "accent"), ("on-accent", "accent-hover")]
    text += [("on-bad", "bad"), ("on-bad", "bad-hover"), ("on-risk", "bad")]
    parts = [(part, ground) for part in ("line-strong", "focus") for ground in GROUNDS]
    return [Pair(front=a, behind=b, least=words) for a, b in text] + [
        Pair(front=a, behind=b, least=PART) for a, b in parts
    ]


def measure(palette: Palette, wanted: list[Pair]) -> list[Measured]:
    """The pairs in one theme."""
    return [
        Measured(
            pair=pair,
            front=palette[pair.front],
            behind=palette[pair.behind],
            ratio=ratio(palette[pair.front], palette[pair.behind]),
        )
        for pair in wanted
    ]


def ratio(first: str, other: str) -> float:
    """The contrast of two colours `#rrggbb` (WCAG 2.2, "contrast ratio"), to two places."""
    light, dark = sorted((luminance(first), luminance(other)), reverse=True)
    return round((light + 0.05) / (dark + 0.05), 2)


def luminance(colour: str) -> float:
    """The relative luminance of `#rrggbb` (WCAG 2.2), from 0 to 1."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)


def linear(part: float) -> float:
    """A part of a colour without its gamma."""
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


COLOUR = re.compile(r"--([\w-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)")
BLOCK = re.compile(r"(?P<name>:root|\[data-contrast=\"more\"\])\s*\{(?P<body>[^}]*)\}")


def palettes(sheet: str) -> dict[str, Palette]:
    """The themes of a sheet of tokens: light, dark, and both in high contrast."""
    found = {match["name"]: COLOUR.findall(match["body"]) for match in reversed(blocks(sheet))}
    usual, more = found[":root"], found['[data-contrast="more"]']
    light, dark = {name: a for name, a, _ in usual}, {name: b for name, _, b in usual}
    return {
        "light": light,
        "dark": dark,
        "light, high contrast": light | {name: a for name, a, _ in more},
        "dark, high contrast": dark | {name: b for name, _, b in more},
    }


def blocks(sheet: str) -> list[re.Match[str]]:
    """The blocks of a sheet that set tokens, in their order."""
    return list(BLOCK.finditer(re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)))
