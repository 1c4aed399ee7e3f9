"""What evaluating a rule takes at most, known before it is evaluated. Pure.

The library that evaluates CEL cannot be stopped once it runs, and holds all other work up
meanwhile. So a rule is not begun that could take more than its budget: its steps are counted on
the tree, with the very values it would see. A loop counts as often as its list is long, nothing is
cut short by `&&` or `||`, and what is copied counts by its size. A step is at most 0.35 µs of the
library's time on a machine with two cores.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

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
    walk,
)
from apps.policies.window_calls import WINDOW

BUDGET = 60_000  # steps of one evaluation, all rules together: about 20 ms
MOST_FACTS = 7_500  # values in a change: handing one to the library takes eight steps
NODE, OWN_FUNCTION, HAS, WINDOWED = 2, 10, 100, 300  # steps
DEEPEST = 50  # lists and mappings inside each other
FOLLOWED = 64  # values looked at one by one; of more only the largest counts
KNOWN = {"has": HAS, WINDOW: WINDOWED}
LARGE = frozenset({"before", "after", "params", "limits"})  # words for more than one value
LETTERS = 256  # of a text that count as one value
LONGEST_PATTERN = 200  # characters
UNICODE_CLASS = 3_000  # steps to make one of `\\w` and its kind, again at each repetition
HEAVY = re.compile(r"\\[wWdDsSpP]|\[\[|\(\?[a-zA-Z]*[iu]|[^\x00-\x7f]")
REPEATED = re.compile(r"\{\s*(\d*)\s*(?:,\s*(\d*)\s*)?\}")


class TooCostly(ValueError):
    """A rule could take more steps than an evaluation may; the text says how it comes to that."""


@dataclass(frozen=True)
class Extent:
    """How large a value may be: all values in it, the entries of a list in it, letters of a text.

    `values` are the very ones it may be, as far as they are known; `part` is what its entries are.
    """

    weight: int = 1
    length: int = 0
    letters: int = 0
    values: tuple[Any, ...] | None = None
    part: "Extent | None" = None

    @property
    def is_small(self) -> bool:
        """Whether it is one number, truth or short text."""
        return self.weight == 1


SMALL = Extent()


class Meter:
    """Counts the steps of rules on the values of one change, up to a budget for all of them."""

    def __init__(self, variables: Mapping[str, Any], budget: int = BUDGET) -> None:
        self.left = budget
        self._variables, self._budget = variables, budget
        self._measured: dict[int, tuple[int, int, int]] = {}
        if sum(self.measured(extent)[0] for extent in variables.values()) > MOST_FACTS:
            raise TooCostly(f"The change has more than {MOST_FACTS} facts.")

    def charge(self, node: Node, steps: int | None = None) -> None:
        """Count a rule in, by its `steps` if they are known. Raises `TooCostly` past the budget."""
        taken = Count(self, self.left)
        if steps is None:
            taken.extent(node, {})
        else:
            taken.add(steps)
        self.left -= taken.steps

    def of_word(self, word: str) -> Extent:
        """What a word of the vocabulary stands for."""
        return self.seen((self._variables[word],)) if word in self._variables else SMALL

    def seen(self, values: Iterable[Any]) -> Extent:
        """The extent of values that are known."""
        found = tuple(values)
        if not found:
            return SMALL
        sizes = [self.measured(value) for value in found]
        weight, length, letters = (max(column) for column in zip(*sizes, strict=True))
        return Extent(weight, length, letters, found if len(found) <= FOLLOWED else None)

    def parts(self, extent: Extent) -> Extent:
        """What an entry of a list may be, or a key or value of a mapping."""
        if extent.part is not None:
            return extent.part
        if extent.values is None:
            return Extent(extent.weight, extent.length, extent.letters)
        return self.seen(part for value in extent.values for part in entries(value))

    def fields(self, extent: Extent, field: str) -> Extent:
        """What `.field` may be."""
        if extent.values is None:
            return self.parts(extent)
        return self.seen(value[field] for value in extent.values
                         if isinstance(value, Mapping) and field in value)  # fmt: skip

    def measured(self, value: Any) -> tuple[int, int, int]:
        """Weight, length and letters of a value; each value is looked at once, as far as needed."""
        if isinstance(value, str):
            return 1 + len(value) // LETTERS, 0, len(value)
        if not isinstance(value, (Mapping, list, tuple)):
            return 1, 0, 0
        if (known := self._measured.get(id(value))) is None:
            known = self._measured[id(value)] = self.looked_through(value)
        return known

    def looked_through(self, value: Any) -> tuple[int, int, int]:
        """Weight, longest list and longest text in a list or mapping, until it is too much."""
        weight, length, letters, waiting = 1, 0, 0, [(value, 0)]
        while waiting and weight <= MOST_FACTS:
            outside, depth = waiting.pop()
            if depth > DEEPEST:
                return MOST_FACTS + 1, length, letters
            inside = list(entries(outside))
            length = max(length, len(inside))
            for variable in inside:
                if isinstance(variable, (Mapping, list, tuple)):
                    weight += 1
                    waiting.append((variable, depth + 1))
                else:
                    heavy, _, long = self.measured(variable)
                    weight, letters = weight + heavy, max(letters, long)
        return weight, length, letters


class Count:
    """The steps of one rule."""

    def __init__(self, meter: Meter, most: int) -> None:
        self.steps = 0
        self._meter, self._most = meter, most

    def add(self, steps: int) -> None:
        """Count steps. Raises `TooCostly` past the budget."""
        self.steps += steps
        if self.steps > self._most:
            raise TooCostly(
                f"It could take more than the {BUDGET} steps that one evaluation may take. "
                "Loop over fewer lists inside each other, or over shorter ones."
            )

    def extent(self, node: Node, scope: Mapping[str, Extent]) -> Extent:  # noqa: PLR0911  (a kind each)
        """How large the node's value may be; its steps are counted."""
        self.add(NODE)
        match node:
            case Literal(text, kind):
                return text_of(len(text)) if kind == "text" else SMALL
            case Name(text):
                return scope[text] if text in scope else self._meter.of_word(text)
            case Select(of, field):
                return self._meter.fields(self.extent(of, scope), field)
            case Index(of, key):
                self.extent(key, scope)
                self.add(OWN_FUNCTION)
                return self._meter.parts(self.extent(of, scope))
            case Items(items, _):
                return self.made([self.extent(inner, scope) for inner in items])
            case Unary(_, of):
                self.extent(of, scope)
                return SMALL
            case Choice(test, then, otherwise):
                self.extent(test, scope)
                chosen = widest([self.extent(then, scope), self.extent(otherwise, scope)])
                self.add(chosen.weight)
                return chosen
            case Chain():
                return self.chained(node, scope)
            case Call():
                return self.looped(node, scope) if node.variable else self.called(node, scope)

    def made(self, items: list[Extent]) -> Extent:
        """A list or mapping that is written out: everything in it is copied."""
        weight = 1 + sum(extent.weight for extent in items)
        self.add(weight)
        part = widest(items)
        return Extent(weight, max(len(items), part.length), part.letters, part=part)

    def chained(self, node: Chain, scope: Mapping[str, Extent]) -> Extent:
        """Operands one after the other."""
        so_far = self.extent(node.first, scope)
        for sign, operand in node.rest:
            right = self.extent(operand, scope)
            if sign == "+":
                so_far = self.joined(so_far, right)
                continue
            if sign == "in":
                self.add(right.length * min(so_far.weight, right.weight) + so_far.weight)
            elif node.is_relation:
                self.add(2 * min(so_far.weight, right.weight))
            elif sign in ("/", "%"):
                self.add(OWN_FUNCTION)
            so_far = SMALL
        return so_far

    def joined(self, left: Extent, right: Extent) -> Extent:
        """`left + right`: of texts and lists both are copied."""
        letters = left.letters + right.letters
        if not letters and left.is_small and right.is_small:
            return SMALL
        weight = left.weight + right.weight + letters // LETTERS
        self.add(weight)
        parts = [self._meter.parts(extent) for extent in (left, right) if extent.length]
        return Extent(weight, left.length + right.length, letters,
                      part=widest(parts) if parts else None)  # fmt: skip

    def looped(self, node: Call, scope: Mapping[str, Extent]) -> Extent:
        """A macro: its body as often as the list is long; `map` and `filter` copy at each turn."""
        over = self.extent(node.of, scope) if node.of is not None else SMALL
        part, times, before = self._meter.parts(over), over.length, self.steps
        if not times:
            return SMALL
        inside = {**scope, node.variable: part}
        bodies = [self.extent(inner, inside) for inner in node.args[1:]]
        self.add((times - 1) * (self.steps - before) + times * (NODE + part.weight))
        if node.function not in ("map", "filter"):
            return SMALL
        kept = bodies[-1] if node.function == "map" else part
        self.add(times * times * kept.weight // 2)
        return Extent(1 + times * kept.weight, times, kept.letters, part=kept)

    def called(self, node: Call, scope: Mapping[str, Extent]) -> Extent:
        """A function, or a method of a value."""
        given = (*([node.of] if node.of is not None else []), *node.args)
        extents = [self.extent(inner, scope) for inner in given]
        weight = sum(extent.weight for extent in extents)
        self.add(KNOWN.get(node.function, NODE + weight))
        if node.function == "matches":
            self.add(pattern_steps(given[-1], extents[0].letters))
        if node.function in ("dyn", "type"):
            return widest(extents)
        if node.function in ("string", "bytes"):
            return text_of(LETTERS * weight)
        return SMALL


def pattern_steps(pattern: Node, letters: int) -> int:
    """What looking for a pattern in a text of so many letters takes: it is made anew each time.

    Raises `TooCostly` for one that is not written out in the rule: what a stranger writes is none.
    """
    if not isinstance(pattern, Literal) or pattern.kind != "text":
        raise TooCostly("The pattern of `matches` has to be written out in the rule, in quotes.")
    if len(pattern.text) > LONGEST_PATTERN:
        raise TooCostly(f"A pattern has at most {LONGEST_PATTERN} characters.")
    times = 1
    for least, most in REPEATED.findall(pattern.text):
        times *= max(int(bound) if bound else 1 for bound in (least, most, "1"))
    heavy = len(HEAVY.findall(pattern.text)) * UNICODE_CLASS
    longest = len(pattern.text) * times
    return 100 + heavy * times + 25 * longest + letters * longest // 100


def entries(value: Any) -> Iterable[Any]:
    """What is in a list, or the keys and values of a mapping."""
    if isinstance(value, Mapping):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, (list, tuple)) else ()


def text_of(letters: int) -> Extent:
    """The extent of a text."""
    return Extent(1 + letters // LETTERS, 0, letters)


def widest(extents: Iterable[Extent]) -> Extent:
    """What covers each of these."""
    found = list(extents)
    if not found:
        return SMALL
    values = [extent.values for extent in found]
    known = tuple(v for value in values if value is not None for v in value)
    all_known = None not in values and len(known) <= FOLLOWED
    parts = [extent.part for extent in found if extent.part is not None]
    return Extent(
        max(extent.weight for extent in found),
        max(extent.length for extent in found),
        max(extent.letters for extent in found),
        values=known if all_known else None,
        part=widest(parts) if parts else None,
    )


def flat_steps(node: Node) -> int | None:
    """What a rule takes whatever it sees; None where that depends on what it sees. Most are flat:
    they neither loop nor handle anything large.
    """
    if not all(map(is_flat, walk(node))):
        return None
    count = Count(Meter({}), BUDGET)
    count.extent(node, {})
    return count.steps


def is_flat(node: Node) -> bool:
    """Whether a node takes its own steps and no more."""
    match node:
        case Items():
            return is_one_value(node)
        case Call():
            return node.function in KNOWN
        case Chain() if any(sign == "in" for sign, _ in node.rest):
            return all(map(is_one_value, node.operands))
        case Chain() if node.is_relation:
            return any(map(is_one_value, node.operands))
        case Chain():
            return all(sign != "+" for sign, _ in node.rest)
    return True


def is_one_value(node: Node) -> bool:
    """Whether it is written out, or a fact that is one value: to compare it is one step."""
    match node:
        case Name(text):
            return text not in LARGE
        case Items(items, _):
            return all(isinstance(inner, Literal) for inner in items)
        case Literal() | Unary():
            return True
    return False
