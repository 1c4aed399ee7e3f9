"""Which kind of value each part of a rule has, and refusing what does not go together. Pure.

CEL answers `'5' == 5` with false and `change_percent > '5'` with an error, each time anew. What is
known of a word (see `facts`), of a limit and of the parameters of an action says so once, when the
rule is written, and where in it. What a shop sends may be of any kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from apps.policies.expression import (
    Call,
    Chain,
    Choice,
    Index,
    Items,
    Literal,
    Name,
    Node,
    Select,
    Unary,
)
from apps.policies.facts import Facts
from apps.policies.reckoning import GIVES_WHOLE
from apps.policies.window_calls import COUNTS, DRIFTS, WINDOW


class Mismatch(ValueError):
    """Two parts of a rule do not go together; the text says where they stand and what they are."""


@dataclass(frozen=True)
class Kind:
    """A kind of value in words; of a list what is in it, of a record what is known of it."""

    words: str
    part: "Kind | None" = None
    fields: Mapping[str, "Kind"] = field(default_factory=dict)

    def fits(self, *others: "Kind") -> bool:
        """Whether it may be of one of these kinds."""
        return self.words in (ANY.words, *(kind.words for kind in others))


ANY = Kind("anything")
TRUTH, NUMBER, TEXT = Kind("true or false"), Kind("a number"), Kind("a text")
NOTHING, LIST, RECORD = Kind("nothing"), Kind("a list"), Kind("a record")
MOMENT, SPAN, BYTES = Kind("a point in time"), Kind("a span of time"), Kind("bytes")
WINDOWED = Kind(RECORD.words, fields=dict.fromkeys((*COUNTS, *DRIFTS), NUMBER))
OF_TYPE = {str: TEXT, bool: TRUTH, int: NUMBER, float: NUMBER}
ORDERED = (NUMBER, TEXT, TRUTH, MOMENT, SPAN, BYTES)
TEXT_ONLY = frozenset({"matches", "contains", "startsWith", "endsWith"})
MADE_FROM = {
    "timestamp": ((TEXT, NUMBER, MOMENT), MOMENT),
    "duration": ((TEXT, SPAN), SPAN),
    "double": ((TEXT, NUMBER), NUMBER),
    "int": ((TEXT, NUMBER, MOMENT, SPAN), NUMBER),
    "uint": ((TEXT, NUMBER), NUMBER),
    "size": ((TEXT, LIST, RECORD, BYTES), NUMBER),
    "bytes": ((TEXT, BYTES), BYTES),
    "string": ((TEXT, NUMBER, TRUTH, BYTES, MOMENT, SPAN), TEXT),
}


def kind_of(value: object) -> Kind:
    """The kind of a JSON value, with what is in it."""
    if isinstance(value, bool):
        return TRUTH
    if isinstance(value, Mapping):
        return Kind(RECORD.words, fields={name: kind_of(part) for name, part in value.items()})
    if isinstance(value, (list, tuple)):
        return Kind(LIST.words, part=common([kind_of(part) for part in value]))
    return next((kind for of, kind in OF_TYPE.items() if isinstance(value, of)), NOTHING)


def common(kinds: list[Kind]) -> Kind:
    """What all of these are; anything if they differ."""
    return kinds[0] if kinds and len({kind.words for kind in kinds}) == 1 else ANY


def words_of(sample: Facts, limits: Mapping[str, Any]) -> dict[str, Kind]:
    """The kind of each word of the vocabulary, of records as far as a sample shows them."""
    hints = get_type_hints(Facts)
    found = {name: OF_TYPE.get(hint, ANY) for name, hint in hints.items()}
    records = {name: kind_of(getattr(sample, name)) for name in ("params", "before", "after")}
    listed = dict.fromkeys(("pressure", "links"), Kind(LIST.words, part=TEXT))
    return found | records | listed | {"limits": kind_of(limits)}


def check(when: str, node: Node, words: Mapping[str, Kind]) -> None:
    """Refuse a rule of which parts do not go together, or that is not true or false.

    Raises `Mismatch` with the place, as in `change_percent > '5'` (characters 1 to 20).
    """
    reader = Reader(when)
    whole = reader.kind(node, words)
    if not whole.fits(TRUTH):
        raise Mismatch(f"It gives {whole.words}, not true or false.")


class Reader:
    """Reads the kinds in one rule; of mismatches the first is told."""

    def __init__(self, when: str) -> None:
        self._when = when

    def source(self, node: Node) -> str:
        """A part as it is written."""
        start, end = node.at
        return self._when[start:end]

    def refuse(self, node: Node, why: str) -> Mismatch:
        """What is wrong, and where it stands."""
        start, end = node.at
        return Mismatch(f"In `{self.source(node)}` (characters {start + 1} to {end}): {why}")

    def demand(self, node: Node, operand: Node, found: Kind, *wanted: Kind) -> None:
        """Refuse an operand that is none of these."""
        if not found.fits(*wanted):
            named = " or ".join(kind.words for kind in wanted)
            raise self.refuse(node, f"{self.source(operand)} is {found.words}, not {named}.")

    def kind(self, node: Node, words: Mapping[str, Kind]) -> Kind:  # noqa: PLR0911  (a kind each)
        """The kind of a part. Raises `Mismatch`."""
        match node:
            case Literal(text, kind):
                return literal(text, kind)
            case Name(text):
                return words.get(text, ANY)
            case Select(of, name):
                found = self.kind(of, words)
                self.demand(node, of, found, RECORD)
                return found.fields.get(name, ANY)
            case Index(of, key):
                return self.indexed(node, self.kind(of, words), self.kind(key, words))
            case Items(items, is_mapping):
                kinds = [self.kind(operand, words) for operand in items]
                return RECORD if is_mapping else Kind(LIST.words, part=common(kinds))
            case Unary(sign, of):
                wanted = TRUTH if sign == "!" else NUMBER
                self.demand(node, of, self.kind(of, words), wanted)
                return wanted
            case Choice(test, then, otherwise):
                self.demand(node, test, self.kind(test, words), TRUTH)
                return common([self.kind(then, words), self.kind(otherwise, words)])
            case Chain():
                return self.chained(node, words)
            case Call():
                return self.looped(node, words) if node.variable else self.called(node, words)

    def indexed(self, node: Index, of: Kind, key: Kind) -> Kind:
        """`of[key]`."""
        self.demand(node, node.of, of, LIST, RECORD)
        if of.fits(LIST) and of != ANY:
            self.demand(node, node.key, key, NUMBER)
            return of.part or ANY
        named = node.key.text.strip("'\"") if isinstance(node.key, Literal) else ""
        return of.fields.get(named, ANY)

    def chained(self, node: Chain, words: Mapping[str, Kind]) -> Kind:
        """Operands with signs between them, from the left."""
        operands = [(operand, self.kind(operand, words)) for operand in node.operands]
        if node.is_logic:
            for operand, kind in operands:
                self.demand(node, operand, kind, TRUTH)
            return TRUTH
        left = operands[0][1]
        for (sign, _), (before, _), (operand, right) in zip(
            node.rest, operands[:-1], operands[1:], strict=True
        ):
            left = self.pair(node, sign, (before, left), (operand, right))
        return left

    def pair(
        self, node: Chain, sign: str, left: tuple[Node, Kind], right: tuple[Node, Kind]
    ) -> Kind:
        """What `left sign right` gives."""
        (before, kind), (operand, other) = left, right
        result = combined(sign, kind, other)
        if result is None:
            raise self.refuse(
                node,
                f"{self.source(before)} is {kind.words} and {self.source(operand)} is "
                f"{other.words}; they do not go together.",
            )
        return result

    def looped(self, node: Call, words: Mapping[str, Kind]) -> Kind:
        """A macro; its variable is what is in the list."""
        over = self.kind(node.of, words) if node.of is not None else ANY
        self.demand(node, node.of or node, over, LIST, RECORD)
        part = (over.part or ANY) if over.fits(LIST) else TEXT
        inside = {**words, node.variable: part}
        bodies = [(argument, self.kind(argument, inside)) for argument in node.args[1:]]
        tests = bodies[:-1] if node.function == "map" else bodies
        for operand, kind in tests:
            self.demand(node, operand, kind, TRUTH)
        if node.function == "map":
            return Kind(LIST.words, part=bodies[-1][1])
        return Kind(LIST.words, part=part) if node.function == "filter" else TRUTH

    def called(self, node: Call, words: Mapping[str, Kind]) -> Kind:
        """A function, or a method of a value."""
        given = (*([node.of] if node.of is not None else []), *node.args)
        kinds = [self.kind(operand, words) for operand in given]
        if node.function == "has":
            return TRUTH
        if node.function == WINDOW:
            return WINDOWED
        if node.function in TEXT_ONLY:
            for operand, kind in zip(given, kinds, strict=True):
                self.demand(node, operand, kind, TEXT)
            return TRUTH
        if node.function in MADE_FROM and given:
            wanted, result = MADE_FROM[node.function]
            self.demand(node, given[0], kinds[0], *wanted)
            return result
        return NUMBER if node.function in GIVES_WHOLE else ANY


def literal(text: str, kind: str) -> Kind:
    """The kind of a constant."""
    if kind == "text":
        return BYTES if text[:2].lower().startswith(("b'", 'b"', "br", "rb")) else TEXT
    if kind == "constant":
        return NOTHING if text == "null" else TRUTH
    return NUMBER


def combined(sign: str, kind: Kind, other: Kind) -> Kind | None:
    """What two kinds give with a sign between them; None if they do not go together."""
    if sign in ("==", "!="):
        return TRUTH if kind.fits(other, NOTHING) or other.fits(kind, NOTHING) else None
    if sign == "in":
        if not other.fits(LIST, RECORD):
            return None
        wanted = (other.part or ANY) if other.fits(LIST) else ANY
        return TRUTH if kind.fits(wanted) or wanted.fits(kind, NOTHING) else None
    if sign in ("<", "<=", ">", ">="):
        goes = kind.fits(other) or other.fits(kind)
        return TRUTH if goes and kind.fits(*ORDERED) and other.fits(*ORDERED) else None
    if sign in ("*", "/", "%"):
        return NUMBER if kind.fits(NUMBER) and other.fits(NUMBER) else None
    return added(sign, kind, other)


def added(sign: str, kind: Kind, other: Kind) -> Kind | None:
    """What `+` or `-` give."""
    if ANY in (kind, other):
        return ANY
    if {kind.words, other.words} == {MOMENT.words, SPAN.words}:
        return MOMENT
    if kind.words != other.words:
        return None
    if sign == "-" and kind.words == MOMENT.words:
        return SPAN
    sums = (NUMBER, SPAN) if sign == "-" else (NUMBER, SPAN, TEXT, BYTES, LIST)
    return common([kind, other]) if kind.fits(*sums) else None
