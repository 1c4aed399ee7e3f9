"""How many pieces of an article a text speaks of, in six languages. Pure."""

from collections.abc import Sequence
from decimal import Decimal
from enum import Enum

from apps.agents.playbooks.refund_desk.tokens import Token, every

NUMBERS = {
    word: number
    for number, words in enumerate(
        (
            "one a an ein eine einer eines einen einem un une uno una een",
            "two zwei deux dos due twee",
            "three drei trois tres tre drie",
            "four vier quatre cuatro quattro",
            "five fuenf cinq cinco cinque vijf",
            "six sechs seis sei zes",
        ),
        start=1,
    )
    for word in words.split()
}
BOTH = every("both beide beiden ambos ambas entrambi entrambe")
ALL = every("all alle allen tous toutes todos todas tutti tutte")
OF = every("of von vom davon des de di dei delle degli del van der")
# What may stand between a number and the article
FILLERS = OF | every(
    "the my these those our den die das meiner meinen unserer unseren les mes ces nos los las mis "
    "estos estas i gli le mie miei mijn onze deze x mal"
)
OF_THEM = every("them davon dieser diesen ellos ellas loro ervan hiervan those these")
MOST = 4  # words looked back for a number


class Several(Enum):
    """A number that depends on how many there are."""

    BOTH = "both"
    ALL = "all"


Count = Decimal | Several


def count_before(words: Sequence[Token], start: int) -> Count | None:
    """What the words before the article's name count: `two of the three` counts two."""
    found: Count | None = None
    for place in range(start - 1, max(start - 1 - MOST, -1), -1):
        word = words[place].folded
        number = number_of(word)
        if number is not None:
            if found is not None and words[place + 1].folded not in OF:
                break
            found = number
        elif word not in FILLERS:
            break
    return found


def count_anywhere(words: Sequence[Token]) -> Count | None:
    """A count that stands apart from the name: `both are broken`, `one of them`; if just one."""
    found: set[Count] = set()
    for place, word in enumerate(words):
        number = number_of(word.folded)
        behind = [token.folded for token in words[place + 1 : place + 3]]
        of_them = behind[:1] == ["davon"] or (
            len(behind) > 1 and behind[0] in OF and behind[1] in OF_THEM
        )
        if number is not None and (isinstance(number, Several) or of_them):
            found.add(number)
    return found.pop() if len(found) == 1 else None


def number_of(word: str) -> Count | None:
    """The number a folded word stands for: `two`, `2`, `2x`, `both`."""
    if word in BOTH:
        return Several.BOTH
    if word in ALL:
        return Several.ALL
    digits = word.removesuffix("x")
    if digits.isascii() and digits.isdigit() and len(digits) < 4:
        return Decimal(digits)
    return Decimal(NUMBERS[word]) if word in NUMBERS else None


def pieces_of(count: Count | None, *, quantity: Decimal, is_alone: bool) -> Decimal | None:
    """How many of `quantity` are meant; None where that does not add up.

    `is_alone`: no other article is named, so that `both` can only be pieces of this one.
    """
    if count == Several.ALL:
        return quantity
    if count == Several.BOTH:
        if quantity == 1 and not is_alone:
            return Decimal(1)
        return quantity if quantity == 2 else None
    if isinstance(count, Decimal):
        return count if 0 < count <= quantity else None
    return Decimal(1)
