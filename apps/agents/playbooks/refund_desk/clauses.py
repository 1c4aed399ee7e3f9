"""Which parts of a text complain, and which only mention: `the mug is fine, the lamp broke`. Pure.

A part ends with a sentence, before a word of contrast, and at a comma or an `and` once it has
said something.
"""

import re
from collections.abc import Mapping, Sequence
from enum import Enum

from apps.agents.playbooks.refund_desk.tokens import Tokens, every, fold

FINE = every(
    "fine ok okay intact undamaged unbroken unharmed heil ordnung unbeschaedigt unversehrt "
    "intacte intactes intacto intacta intactos intactas integro integra onbeschadigd"
)
ORDERED = every(
    "ordered order bought purchased bestellt bestellte gekauft kaufte commande achete pedi pedido "
    "compre comprado ordinato comprato besteld gekocht"
)
NOT = every(
    "not no isn aren wasn weren doesn nothing nicht kein keine keiner nichts pas aucun aucune "
    "rien non nessun nessuna niente ningun ninguno ninguna nada niet geen niets without ohne sans "
    "sin senza zonder"
)
TOO = every("too also auch ebenfalls ebenso aussi egalement tambien anche ook")
CONTRAST = every(
    "but however while whereas except only aber jedoch hingegen ausser sondern nur mais sauf "
    "tandis seulement pero sino excepto salvo solo ma tranne invece maar behalve alleen"
)
AND = every("and und et y e en")
SENTENCE = re.compile(r"[.;!?\n]")
NEAR = 3  # words before a sign in which a `not` takes it back


class Says(Enum):
    """What a part of a text says of the articles in it."""

    COMPLAINS = "complains"
    FINE = "fine"
    ORDERED = "ordered"
    NOTHING = "nothing"


DONE = (Says.COMPLAINS, Says.FINE)  # a list of what was ordered goes on behind an `and`


def clauses(tokens: Tokens, signs: Sequence[str]) -> list[tuple[int, Says]]:
    """For each word the number of the part it stands in, and what that part says.

    `signs` are the words that were taken for the complaint, or beginnings of them.
    """
    words = [word.folded for word in tokens.words]
    complaints = signs_in(words, signs)
    numbers: list[int] = []
    parts: list[list[int]] = [[]]
    for place, word in enumerate(tokens.words):
        before = tokens.text[tokens.words[place - 1].end : word.start] if place else ""
        weak = word.folded in AND or "," in before or ":" in before
        if (
            SENTENCE.search(before)
            or word.folded in CONTRAST
            or (weak and says(words, parts[-1], complaints) in DONE)
        ):
            parts.append([])
        parts[-1].append(place)
        numbers.append(len(parts) - 1)
    told = [says(words, part, complaints) for part in parts]
    return [(number, told[number]) for number in numbers]


def signs_in(words: Sequence[str], signs: Sequence[str]) -> dict[int, int]:
    """Which words belong to a sign: the place of each -> the place where its sign begins."""
    found: dict[int, int] = {}
    for sign in signs:
        parts = [fold(word) for word in re.findall(r"[^\W_]+", sign)]
        for start in range(len(words) - len(parts) + 1) if parts else ():
            *whole, last = zip(words[start : start + len(parts)], parts, strict=True)
            if all(word == part for word, part in whole) and last[0].startswith(last[1]):
                found |= dict.fromkeys(range(start, start + len(parts)), start)
    return found


def says(words: Sequence[str], places: Sequence[int], complaints: Mapping[int, int]) -> Says:
    """What the words at these places, one part of the text, say."""
    found: set[Says] = set()
    for place in places:
        start = complaints.get(place, place)
        near = words[max(start - NEAR, places[0]) : start]
        taken_back = any(word in NOT for word in near)
        if place in complaints:
            found.add(Says.FINE if taken_back else Says.COMPLAINS)
        elif words[place] in FINE:
            found.add(Says.COMPLAINS if taken_back else Says.FINE)
        elif words[place] in ORDERED:
            found.add(Says.ORDERED)
    if not found and any(words[place] in TOO for place in places):
        return Says.COMPLAINS
    return next((says for says in Says if says in found), Says.NOTHING)
