"""All answers to a question that make a difference, and what comparisons come to with them. Pure.

Three-valued, as CEL is: a part of a rule is true, false, or fails.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from apps.policies.formulas import ORDER, SAME, Asks, Question

TRUE, FALSE, ERROR = 1, 2, 4  # what a part may turn out to be: a sum of these
COUNTED = re.compile(r"_in_[^(]*_of_[^(]*\(")  # what tells windows apart, behind their name


@dataclass(frozen=True)
class Part:
    """One answer to a question: the true comparisons among all there are, and it in words."""

    words: str
    value: float | str | None = None  # a number or text it stands for
    is_error: bool = False
    truth: bool = False


NO = Part("")


def anything(question: Question) -> int:
    """What a comparison may turn out to be as long as its question is open."""
    always = question.kind in ("number", "text", "truth")
    return TRUE | FALSE | (0 if always else ERROR)


def answered(atom: Asks, part: Part) -> int:
    """What a comparison turns out to be with this answer."""
    if part.is_error:
        return ERROR
    if atom.question.kind in ("truth", "opaque"):
        return TRUE if part.truth else FALSE
    if part.value is None:  # no number, and no text of which somebody asks
        return TRUE if atom.sign == "!=" else FALSE
    return TRUE if (ORDER | SAME)[atom.sign](part.value, atom.value) else FALSE  # type: ignore[arg-type]


def parts(question: Question, asked: Sequence[Asks]) -> Iterator[Part]:
    """All answers that make a difference to those who ask."""
    term = COUNTED.sub("(", question.term)
    match question.kind:
        case "rate of windows":
            yield NO
            yield Part(
                "an amount in a window has no exchange rate or its share is not known", truth=True
            )
        case "rate":
            yield NO
            yield Part("there is no exchange rate for it", truth=True)
        case "truth":
            yield Part(f"{term} is true", truth=True)
            yield Part(f"{term} is false")
        case "opaque":
            yield Part(f"“{term}” holds", truth=True)
            yield Part(f"“{term}” does not hold")
        case "text":
            known = list(dict.fromkeys(str(atom.value) for atom in asked))
            for value in known:
                yield Part(f"{term} is “{value}”", value)
            yield Part(f"{term} is none of {', '.join(f'“{name}”' for name in known)}")
        case _:
            yield from ranges(term, sorted({atom.value for atom in asked}))
    if question.kind == "shop":
        yield Part(f"“{term}” is no number")
    if question.kind in ("measured", "shop", "opaque"):
        yield Part(f"“{term}” is not known", is_error=True)


def ranges(term: str, limits: Sequence[float]) -> Iterator[Part]:
    """A number below, between, above and on the limits it is compared with."""
    for low, high in pairwise(limits):
        yield Part(f"{term} is between {low:g} and {high:g}", (low + high) / 2)
    yield Part(f"{term} is over {limits[-1]:g}", limits[-1] + 1)
    yield Part(f"{term} is under {limits[0]:g}", limits[0] - 1)
    for limit in limits:
        yield Part(f"{term} is {limit:g}", limit)


def turned(may: int) -> int:
    """The opposite."""
    return (FALSE if may & TRUE else 0) | (TRUE if may & FALSE else 0) | may & ERROR


def conjunction(inside: Sequence[int]) -> int:
    """`&&` in CEL: false as soon as one is, whatever else fails."""
    may = FALSE if any(part & FALSE for part in inside) else 0
    if all(part & TRUE for part in inside):
        may |= TRUE
    if all(part & (TRUE | ERROR) for part in inside) and any(part & ERROR for part in inside):
        may |= ERROR
    return may
