"""Which lines of an order a text speaks of, and how many pieces; in doubt it says so. Pure.

Names are compared as whole words whatever their spelling. The longest name wins its words, an
article number before a title; what names nothing is never found.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from apps.agents.playbooks.refund_desk.clauses import Says, clauses
from apps.agents.playbooks.refund_desk.counting import (
    BOTH,
    count_anywhere,
    count_before,
    pieces_of,
)
from apps.agents.playbooks.refund_desk.tokens import (
    Tokens,
    every,
    joined,
    same_word,
    tokenise,
)
from apps.gateway.records import Order, OrderLine

Name = tuple[str, ...]  # its folded words
NUMBER, TITLE = 0, 1  # of an article; the order of precedence
TELLING_DIGITS, TELLING = 5, 3  # characters from which an article number is no usual number, word
SPACED = 4  # characters from which an article number may be written with spaces in it
ENDING = 3  # letters by which a plural is longer
POINTERS = every(
    "article articles sku item items product products art artikel artikelnummer artikelnr produkt "
    "produktnummer produit reference ref articulo articulos producto articolo articoli prodotto "
    "referencia riferimento artikelen"
)
AFTER_POINTER = every("no nr number nummer numero n id")


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A name found in the text, from the first to the last of its words; `lines` bear it."""

    kind: int
    lines: tuple[int, ...]
    first: int
    last: int
    length: int
    is_exact: bool = True

    @property
    def words(self) -> set[int]:
        """The places of its words."""
        return set(range(self.first, self.last + 1))


@dataclass(frozen=True, kw_only=True)
class Named:
    """The lines a text speaks of; `pieces` by line where the text says how many.

    `doubt`: why it cannot be said which ones, or how many; empty where it can.
    """

    lines: tuple[OrderLine, ...] = ()
    pieces: Mapping[str, Decimal] = field(default_factory=dict)
    doubt: str = ""


def named(order: Order, text: str, signs: Sequence[str] = ()) -> Named:
    """What a text says of an order's lines; `signs` are the words of its complaint.

    An order of one line needs no name, unless the text names an article it does not have.
    """
    tokens = tokenise(text)
    hits = claim(find(order, tokens))
    if not hits:
        if stranger := unknown_number(order, tokens):
            return Named(doubt=f"The text names an article {stranger} the order does not have.")
        if len(order.lines) != 1:
            return Named(doubt="The order holds several articles and the text names none of them.")
        return counted(order, tokens, {0: None})
    by_line, doubt = resolve(order, tokens, hits)
    if doubt:
        return Named(doubt=doubt)
    kept, doubt = meant(order, tokens, by_line, signs)
    return Named(doubt=doubt) if doubt else counted(order, tokens, kept)


def find(order: Order, tokens: Tokens) -> list[Hit]:
    """Every place where the name of a line stands."""
    numbers, titles = by_name(order, sku_of), by_name(order, title_of)
    hits = [hit for name, lines in numbers.items() for hit in sku_hits(order, tokens, name, lines)]
    hits += [hit for name, lines in titles.items() for hit in title_hits(tokens, name, lines)]
    return hits


def by_name(order: Order, name_of: Callable[[OrderLine], Name]) -> dict[Name, tuple[int, ...]]:
    """Lines by the folded words of their name; those without one are left out."""
    found: dict[Name, tuple[int, ...]] = {}
    for place, line in enumerate(order.lines):
        if name := name_of(line):
            found[name] = (*found.get(name, ()), place)
    return found


def sku_of(line: OrderLine) -> Name:
    """The words of a line's article number."""
    return tuple(word.folded for word in tokenise(line.sku).words)


def title_of(line: OrderLine) -> Name:
    """The words of a line's product, without those of the variant."""
    return tuple(word.folded for word in tokenise(line.title.split(" / ")[0]).words)


def sku_hits(order: Order, tokens: Tokens, name: Name, lines: tuple[int, ...]) -> Iterator[Hit]:
    """Where an article number stands: `PN-10`, `PN10` and `pn 10` are one."""
    whole = "".join(name)
    for first, last in spans(tokens, whole):
        if not tokens.is_apart(first, last) or not tokens.are_joined(first, last):
            continue
        pointed = is_pointed_at(tokens, first)
        if len(whole) < SPACED and tokens.are_spaced(first, last) and not pointed:
            continue
        kind = NUMBER
        if not pointed:
            written = tokens.text[tokens.words[first].start : tokens.words[last].end]
            if whole.isdigit() and (len(whole) < TELLING_DIGITS or whole == order.number):
                continue
            if len(whole) < TELLING and "-" not in written:
                continue
            if whole.isalpha() and written != order.lines[lines[0]].sku:
                if not in_title(order, lines, name):
                    continue
                kind = TITLE
        yield Hit(kind=kind, lines=lines, first=first, last=last, length=len(whole))


def in_title(order: Order, lines: Iterable[int], name: Sequence[str]) -> bool:
    """Whether an article number that is a word is one of the title's words too."""
    return all(set(name) <= set(title_of(order.lines[place])) for place in lines)


def spans(tokens: Tokens, whole: str) -> Iterator[tuple[int, int]]:
    """From which to which word the text spells `whole`, if nothing between them is counted."""
    for first in range(len(tokens.words)):
        spelt = ""
        for last in range(first, len(tokens.words)):
            spelt += tokens.words[last].folded
            if spelt == whole:
                yield first, last
            if len(spelt) >= len(whole) or not whole.startswith(spelt):
                break


def is_pointed_at(tokens: Tokens, first: int) -> bool:
    """Whether a word such as `article` or `SKU no` stands right before."""
    before = [word.folded for word in tokens.words[max(first - 2, 0) : first]]
    if before and before[-1] in AFTER_POINTER:
        before.pop()
    return bool(before) and before[-1] in POINTERS


def title_hits(tokens: Tokens, name: Name, lines: tuple[int, ...]) -> Iterator[Hit]:
    """Where a title stands, in the singular or the plural, in one word or in several."""
    whole, count = "".join(name), len(name)
    for first in range(len(tokens.words)):
        for last in range(first, min(first + max(count, len(whole)), len(tokens.words))):
            spelt = joined(tokens.words[first : last + 1])
            if len(spelt) > len(whole) + ENDING * count:
                break
            words = [word.folded for word in tokens.words[first : last + 1]]
            each = len(words) == count and all(map(same_word, words, name))
            if not (each or same_word(spelt, whole)):
                continue
            if tokens.is_apart(first, last) and tokens.are_joined(first, last):
                yield Hit(
                    kind=TITLE,
                    lines=lines,
                    first=first,
                    last=last,
                    length=len(whole),
                    is_exact=spelt == whole,
                )


def claim(hits: Sequence[Hit]) -> list[Hit]:
    """The hits that win their words; of several that are as good, one that bears all lines."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit.kind, -hit.length, not hit.is_exact, hit.first)):
        rival = next((kept_hit for kept_hit in kept if kept_hit.words & hit.words), None)
        if rival is None:
            kept.append(hit)
        elif rank(rival) == rank(hit):
            kept.remove(rival)
            kept.append(replace(rival, lines=tuple(sorted({*rival.lines, *hit.lines}))))
    return sorted(kept, key=lambda hit: hit.first)


def rank(hit: Hit) -> tuple[int, int, int, bool]:
    """What two hits that are as good as each other share."""
    return hit.kind, hit.first, hit.last, hit.is_exact


def resolve(order: Order, tokens: Tokens, hits: Sequence[Hit]) -> tuple[dict[int, list[Hit]], str]:
    """The hits of each line that is named for sure; else why it cannot be said which."""
    found: dict[int, list[Hit]] = {}
    for hit in (found_hit for found_hit in hits if len(found_hit.lines) == 1):
        found.setdefault(hit.lines[0], []).append(hit)
    for hit in (found_hit for found_hit in hits if len(found_hit.lines) > 1):
        if any(place in found for place in hit.lines):
            continue
        number = by_variant(order, tokens, hit.lines)
        if number is not None:
            found[number] = [hit]
        elif says_all(tokens, hit, len(hit.lines)):
            found |= {place: [hit] for place in hit.lines}
        else:
            name = tokens.text[tokens.words[hit.first].start : tokens.words[hit.last].end]
            return {}, f"{len(hit.lines)} lines of the order are called “{name}”."
    return found, ""


def by_variant(order: Order, tokens: Tokens, lines: Sequence[int]) -> int | None:
    """The one of these lines whose variant the text names."""
    words = {word.folded for word in tokens.words}
    fitting = []
    for place in lines:
        variant = variant_of(order.lines[place])
        if variant and variant <= words:
            fitting.append(place)
    return fitting[0] if len(fitting) == 1 else None


def variant_of(line: OrderLine) -> set[str]:
    """The folded words of a line's variant."""
    return {word.folded for word in tokenise(" ".join(line.title.split(" / ")[1:])).words}


def says_all(tokens: Tokens, hit: Hit, count: int) -> bool:
    """Whether the text counts all the lines that bear the name: `both mugs` for two."""
    said = count_before(tokens.words, hit.first) or count_anywhere(tokens.words)
    if any(word.folded in BOTH for word in tokens.words):
        return count == 2
    return said == Decimal(count)


def meant(
    order: Order, tokens: Tokens, found: Mapping[int, list[Hit]], signs: Sequence[str]
) -> tuple[dict[int, list[Hit] | None], str]:
    """Of the named lines those that are complained of; else why it cannot be said which."""
    parts = clauses(tokens, signs)
    told = {place: {parts[hit.first][1] for hit in hits} for place, hits in found.items()}
    complained = {place for place, says in told.items() if Says.COMPLAINS in says}
    fine = {place for place, says in told.items() if says <= {Says.FINE, Says.ORDERED} and
            Says.FINE in says}  # fmt: skip
    only_ordered = {place for place, says in told.items() if says == {Says.ORDERED}}
    rest = set(told) - complained - fine - only_ordered
    if len(order.lines) > 1 and fine == set(told):
        return {}, "The text says of the article it names that nothing is wrong with it."
    if complained and rest:
        return {}, "The text names several articles and complains of some of them only."
    kept = complained or rest or only_ordered or set(told)
    return {place: list(found[place]) for place in sorted(kept)}, ""


def counted(order: Order, tokens: Tokens, found: Mapping[int, list[Hit] | None]) -> Named:
    """The lines with how many pieces the text speaks of, where it says so."""
    lines = tuple(order.lines[place] for place in found)
    pieces: dict[str, Decimal] = {}
    for place, hits in found.items():
        line = order.lines[place]
        if line.kept != int(line.kept) or line.kept <= 1:
            continue
        before = [count_before(tokens.words, hit.first) for hit in hits or ()]
        said = next((earlier for earlier in before if earlier is not None), None)
        if said is None and len(found) == 1:
            said = count_anywhere(tokens.words)
        if said is None:
            if any(is_plural(tokens, hit, line) for hit in hits or ()):
                return Named(lines=lines, doubt=f"It does not say how many of {line.title}.")
            continue
        count = pieces_of(said, quantity=line.kept, is_alone=len(found) == 1)
        if count is None:
            return Named(
                lines=lines, doubt=f"The order has {line.kept.normalize():f} of {line.title}."
            )
        pieces[line.line_id] = count
    return Named(lines=lines, pieces=pieces)


def is_plural(tokens: Tokens, hit: Hit, line: OrderLine) -> bool:
    """Whether the text has the title in another number than the shop."""
    spelt = joined(tokens.words[hit.first : hit.last + 1])
    return hit.kind == TITLE and len(spelt) > len("".join(title_of(line)))


def unknown_number(order: Order, tokens: Tokens) -> str:
    """An article number the text points at, and the order does not have; empty if there is none."""
    for place, word in enumerate(tokens.words):
        if not is_pointed_at(tokens, place) or word.folded in AFTER_POINTER:
            continue
        written = re.match(r"[\w\-./]*\w", tokens.text[word.start :])
        number = written.group() if written else word.written
        percent = tokens.text[word.start + len(number) :].startswith("%")
        telling = len(number) >= TELLING and re.search(r"\d", number) and not percent
        if telling and number != order.number:
            return number
    return ""
