"""Reading a CEL expression: its parts, and which words in it are free. Pure.

The library that evaluates CEL shows no tree, so this reads the grammar of the language
(github.com/google/cel-spec, langdef.md) as far as rules may use it. Everything the library takes
and this does not is refused with what it is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

DEEPEST = 30  # brackets inside each other
TALLEST = 90  # parts inside each other
TOKEN = re.compile(
    r"""
    (?P<space>\s+|//[^\n]*)
  | (?P<text>[bB]?(?:\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}
      |"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
  | (?P<float>\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)
  | (?P<int>0[xX][0-9a-fA-F]+[uU]?|\d+[uU]?)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%!<>?:.,()\[\]{}])
    """,
    re.VERBOSE | re.DOTALL,
)
RAW = re.compile(
    r"[bB]?[rR](?:\"{3}.*?\"{3}|'{3}.*?'{3}|\"[^\"\n]*\"|'[^'\n]*')", re.DOTALL
)  # texts in which a backslash is one
LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"||"}),
    frozenset({"&&"}),
    frozenset({"<", "<=", ">", ">=", "==", "!=", "in"}),
    frozenset({"+", "-"}),
    frozenset({"*", "/", "%"}),
)
LOGIC, RELATIONS = LEVELS[0] | LEVELS[1], LEVELS[2]
CONSTANTS = frozenset({"true", "false", "null"})
MACROS = {"all": (2,), "exists": (2,), "exists_one": (2,), "existsOne": (2,), "filter": (2,),
          "map": (2, 3)}  # fmt: skip


def place() -> Any:
    """Where in the text a node is written, from a character to another; it does not tell nodes
    apart."""
    return field(default=(0, 0), compare=False, repr=False)


class Unreadable(ValueError):
    """The text is no expression a rule may be; the message says where and why."""


@dataclass(frozen=True)
class Literal:
    """A constant as written; `kind` is int, float, text or constant."""

    text: str
    kind: str
    at: tuple[int, int] = place()


@dataclass(frozen=True)
class Name:
    """A word: of the vocabulary, or the variable of a macro."""

    text: str
    at: tuple[int, int] = place()


@dataclass(frozen=True)
class Select:
    """`of.field`."""

    of: "Node"
    field: str
    at: tuple[int, int] = place()


@dataclass(frozen=True)
class Index:
    """`of[key]`."""

    of: "Node"
    key: "Node"
    at: tuple[int, int] = place()


@dataclass(frozen=True)
class Call:
    """`function(args)`, or `of.function(args)`."""

    function: str
    of: "Node | None"
    args: "tuple[Node, ...]"
    at: tuple[int, int] = place()

    @property
    def variable(self) -> str:
        """The variable a macro declares; empty if this is none."""
        first = self.args[0] if self.args else None
        if self.of is None or len(self.args) not in MACROS.get(self.function, ()):
            return ""
        return first.text if isinstance(first, Name) else ""


@dataclass(frozen=True)
class Items:
    """A list `[a, b]` or a mapping `{k: v}`, of which the `items` are k, v, k, v."""

    items: "tuple[Node, ...]"
    is_mapping: bool = False
    at: tuple[int, int] = place()


@dataclass(frozen=True)
class Unary:
    """`!of` or `-of`."""

    sign: str
    of: "Node"
    at: tuple[int, int] = place()


@dataclass(frozen=True)
class Chain:
    """Operands with the signs of one level between them, evaluated from the left."""

    first: "Node"
    rest: "tuple[tuple[str, Node], ...]"
    at: tuple[int, int] = place()

    @property
    def operands(self) -> "tuple[Node, ...]":
        """All of them."""
        return (self.first, *(node for _, node in self.rest))

    @property
    def is_relation(self) -> bool:
        """Whether it compares."""
        return self.rest[0][0] in RELATIONS

    @property
    def is_logic(self) -> bool:
        """Whether it joins truths."""
        return self.rest[0][0] in LOGIC


@dataclass(frozen=True)
class Choice:
    """`test ? then : otherwise`."""

    test: "Node"
    then: "Node"
    otherwise: "Node"
    at: tuple[int, int] = place()


Node = Literal | Name | Select | Index | Call | Items | Unary | Chain | Choice


def parse(text: str) -> Node:
    """The expression as a tree. Raises `Unreadable`."""
    parser = Parser(tokens(text), len(text))
    node = parser.expression()
    if parser.sign:
        raise Unreadable(f"'{parser.sign}' does not belong where it stands.")
    if height(node) > TALLEST:
        raise Unreadable(f"It is nested more than {TALLEST} deep.")
    return node


def height(node: "Node") -> int:
    """How many parts stand inside each other; without recursion, for it may be too many."""
    tallest, waiting = 0, [(node, 1)]
    while waiting:
        inner, depth = waiting.pop()
        tallest = max(tallest, depth)
        waiting.extend((part, depth + 1) for part in parts(inner))
    return tallest


def tokens(text: str) -> list[tuple[str, str, int]]:
    """The words and signs of a text with kind and place, without spaces and comments."""
    found, at = [], 0
    while at < len(text):
        if raw := RAW.match(text, at):
            found.append(("text", raw.group(), at))
            at = raw.end()
            continue
        match = TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise Unreadable(f"'{text[at : at + 10]}' is nothing an expression may hold.")
        if match.lastgroup != "space":
            found.append((match.lastgroup, match.group(), at))
        at = match.end()
    return found


class Parser:
    """Reads tokens from the left, by the levels of the grammar."""

    def __init__(self, found: list[tuple[str, str, int]], length: int) -> None:
        self._tokens, self._at, self._depth, self._length = found, 0, 0, length

    @property
    def here(self) -> int:
        """Where the token to come begins."""
        return self._tokens[self._at][2] if self._at < len(self._tokens) else self._length

    def placed(self, node: "Node", start: int) -> "Node":
        """The node, which began at `start` and ends with the token that was taken last."""
        _, text, at = self._tokens[self._at - 1]
        return replace(node, at=(start, at + len(text)))

    @property
    def kind(self) -> str:
        """The kind of the token to come; empty at the end."""
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    @property
    def sign(self) -> str:
        """The token to come; empty at the end."""
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def take(self, *expected: str) -> str:
        """The token to come, if it is one of these; else `Unreadable`."""
        token = self.sign
        if not token or (expected and (token not in expected or self.kind == "text")):
            wanted = f"'{expected[0]}' is missing" if expected else "something is missing"
            raise Unreadable(f"{wanted} {f'before {token!r}' if token else 'at the end'}.")
        self._at += 1
        return token

    def expression(self) -> Node:
        """A choice, or what is joined by `||`."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise Unreadable(f"It is nested more than {DEEPEST} deep.")
        start, node = self.here, self.level(0)
        if self.sign == "?":
            self.take("?")
            then = self.level(0)
            self.take(":")
            node = self.placed(Choice(node, then, self.expression()), start)
        self._depth -= 1
        return node

    def level(self, number: int) -> Node:
        """Operands of a level of the grammar with its signs between them."""
        if number == len(LEVELS):
            return self.unary()
        start, first, rest = self.here, self.level(number + 1), []
        while self.kind in ("sign", "name") and self.sign in LEVELS[number]:
            rest.append((self.take(), self.level(number + 1)))
        return self.placed(Chain(first, tuple(rest)), start) if rest else first

    def unary(self) -> Node:
        """What is negated, or a member."""
        signs = []
        while self.kind == "sign" and self.sign in ("!", "-"):
            signs.append((self.here, self.take()))
        if len(signs) > DEEPEST:
            raise Unreadable(f"More than {DEEPEST} signs stand in a row.")
        node = self.member()
        for start, sign in reversed(signs):
            node = self.placed(Unary(sign, node), start)
        return node

    def member(self) -> Node:
        """A primary with its fields, indexes and calls."""
        start, node, length = self.here, self.primary(), 0
        while self.kind == "sign" and self.sign in (".", "["):
            length += 1
            if length > DEEPEST:
                raise Unreadable(f"More than {DEEPEST} fields stand in a row.")
            if self.take() == "[":
                node = Index(node, self.expression())
                self.take("]")
            else:
                node = self.field_of(node)
            node = self.placed(node, start)
        return node

    def field_of(self, node: Node) -> Node:
        """A field of a node, or a call on it."""
        if self.kind != "name":
            raise Unreadable(f"'{self.sign}' is no name of a field.")
        field = self.take()
        if self.kind == "sign" and self.sign == "(":
            return Call(field, node, self.arguments(")"))
        if self.kind == "sign" and self.sign == "{":
            raise Unreadable("An expression makes no messages.")
        return Select(node, field)

    def arguments(self, end: str) -> tuple[Node, ...]:
        """Expressions with commas between them, in brackets."""
        self.take("(", "[", "{")
        found: list[Node] = []
        while self.kind != "sign" or self.sign != end:
            found.append(self.expression())
            if end == "}":
                self.take(":")
                found.append(self.expression())
            if self.sign != end or self.kind != "sign":
                self.take(",")
        self.take(end)
        return tuple(found)

    def primary(self) -> Node:
        """A constant, a word, a call, a list, a mapping, or something in brackets."""
        kind, sign, start = self.kind, self.sign, self.here
        if kind == "sign" and sign == "(":
            self.take("(")
            node = self.expression()
            self.take(")")
            return node
        if kind == "sign" and sign in ("[", "{"):
            items = self.arguments("]" if sign == "[" else "}")
            return self.placed(Items(items, is_mapping=sign == "{"), start)
        if kind in ("int", "float", "text"):
            return self.placed(Literal(self.take(), kind), start)
        if kind != "name" or sign == "in":
            raise Unreadable(
                f"Something is missing {f'before {sign!r}' if sign else 'at the end'}."
            )
        self.take()
        if sign in CONSTANTS:
            return self.placed(Literal(sign, "constant"), start)
        if self.kind == "sign" and self.sign == "(":
            return self.placed(Call(sign, None, self.arguments(")")), start)
        if self.kind == "sign" and self.sign == "{":
            raise Unreadable("An expression makes no messages.")
        return self.placed(Name(sign), start)


def parts(node: Node) -> tuple[Node, ...]:  # noqa: PLR0911  (a line for each kind of node)
    """What a node is made of, one level down; the variable of a macro is none of it."""
    match node:
        case Select(of, _) | Unary(_, of):
            return (of,)
        case Index(of, key):
            return (of, key)
        case Call():
            args = node.args[1:] if node.variable else node.args
            return (node.of, *args) if node.of is not None else args
        case Items(items):
            return items
        case Chain():
            return node.operands
        case Choice(test, then, otherwise):
            return (test, then, otherwise)
    return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and everything in it."""
    yield node
    for part in parts(node):
        yield from walk(part)


def free_words(node: Node, declared: frozenset[str] = frozenset()) -> set[str]:
    """The words that no macro around them declares."""
    if isinstance(node, Name):
        return set() if node.text in declared else {node.text}
    if isinstance(node, Call) and node.variable:
        inside = declared | {node.variable}
        of = free_words(node.of, declared) if node.of is not None else set()
        return of.union(*(free_words(arg, inside) for arg in node.args[1:]))
    return set().union(*(free_words(part, declared) for part in parts(node)))


def declared_words(node: Node) -> set[str]:
    """The variables that macros in it declare."""
    return {call.variable for call in walk(node) if isinstance(call, Call) and call.variable}
