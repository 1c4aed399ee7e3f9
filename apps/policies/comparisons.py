"""Which facts a rule compares with which limits, as values. Pure.

Read from the tree of the expression: a comparison inside a text, or of the variable of a macro, is
none. A negation turns its sign around, so what is returned is what holds where the rule fires.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from apps.policies.expression import (
    Chain,
    Choice,
    Index,
    Literal,
    Name,
    Node,
    Select,
    Unary,
    Unreadable,
    parse,
)

MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """`fact sign limits.limit`, or `fact sign -limits.limit` where it is `negative`."""

    fact: str
    sign: str
    limit: str
    negative: bool = False

    def holds(self, fact: Decimal, bound: Decimal) -> bool:
        """Whether it holds for a fact and the limit, its own minus already before it."""
        return {"<": fact < bound, "<=": fact <= bound, ">": fact > bound, ">=": fact >= bound}[
            self.sign
        ]


def comparisons(when: str) -> list[Comparison]:
    """The comparisons of one fact with one limit, in their order; none of what is no expression."""
    try:
        return list(compared(parse(when), negated=False))
    except Unreadable:
        return []


def compared(node: Node, *, negated: bool) -> Iterator[Comparison]:
    """The comparisons below a node, whose truth counts turned around where it is `negated`."""
    if isinstance(node, Unary) and node.sign == "!":
        yield from compared(node.of, negated=not negated)
    elif isinstance(node, Choice):
        for part in (node.test, node.then, node.otherwise):
            yield from compared(part, negated=negated)
    elif isinstance(node, Chain) and node.is_logic:
        for part in node.operands:
            yield from compared(part, negated=negated)
    elif isinstance(node, Chain) and len(node.rest) == 1:
        [(sign, other)] = node.rest
        if sign in MIRRORED:
            yield from of_two(node.first, sign, other, negated=negated)


def of_two(left: Node, sign: str, right: Node, *, negated: bool) -> Iterator[Comparison]:
    """A fact beside a limit, whichever stands first; nothing for any other two."""
    if isinstance(right, Name):
        left, sign, right = right, MIRRORED[sign], left
    negative = isinstance(right, Unary) and right.sign == "-"
    limit = limit_in(right.of if isinstance(right, Unary) and negative else right)
    if isinstance(left, Name) and limit:
        sign = NEGATED[sign] if negated else sign
        yield Comparison(fact=left.text, sign=sign, limit=limit, negative=negative)


def limit_in(node: Node) -> str:
    """The NAME of `limits.NAME` or `limits['NAME']`; empty for anything else."""
    if isinstance(node, Select) and node.of == Name("limits"):
        return node.field
    if isinstance(node, Index) and node.of == Name("limits") and isinstance(node.key, Literal):
        return node.key.text.strip("'\"") if node.key.kind == "text" else ""
    return ""
