"""Rules as formulas over what can be told apart: over a limit or not, one text or another. Pure.

Two rules can be compared for all changes there could ever be, if what they say of a change is put
down to few questions with few answers each. `amount > 10` and `amount <= 25` ask after one number,
which lies below 10, on it, between, on 25, or above; what is too intricate to be taken apart is a
question of its own, that may also fail.
"""

import hashlib
import json
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_type_hints

import cel

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
    free_words,
    parse,
)
from apps.policies.facts import Facts
from apps.policies.reckoning import AMOUNTS, IN_LIMITS, beside_limits, plain
from apps.policies.window_calls import COUNTS, WINDOW, is_window

OF_WORD = get_type_hints(Facts)
ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}  # fmt: skip
SAME: dict[str, Callable[[object, object], bool]] = {"==": operator.eq, "!=": operator.ne}
SEPARATOR = "_in_"  # before the money in the name of an amount
MEASURED = tuple(f"{IN_LIMITS[name]}{SEPARATOR}" for name in AMOUNTS)
TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


@dataclass(frozen=True)
class Question:
    """What a formula asks: the term, and of which kind its answer is.

    A `number`, a `text` or a `truth` is always there. A `measured` number is an amount beside
    limits in the `money` of those, which is not there without a rate; one of the `shop` may be
    none; what is `opaque` is true, false, or fails.
    """

    term: str
    kind: str
    money: str = ""


@dataclass(frozen=True)
class Asks:
    """A question and, of a number or text, what its answer is compared with."""

    question: Question
    sign: str = ""
    value: Any = None


@dataclass(frozen=True)
class Joined:
    """`&&`, `||`, `!`, `?` of parts; `true` and `false` of none."""

    sign: str
    parts: "tuple[Formula, ...]" = ()


Formula = Asks | Joined


def formula(
    when: str, limits: Mapping[str, Any], money: str, actions: Sequence[str] = ()
) -> Formula:
    """What a rule with these limits says. Raises `Unreadable` for what cannot be taken apart.

    `money` is in which currency, and by rates how old, amounts stand beside the limits: in another
    one they are another question. So is a window that counts other `actions`.
    """
    node = parse(when)
    names = {name: f"{name}{SEPARATOR}{money}" for name in IN_LIMITS.values()}
    rest = hashlib.sha256(json.dumps(limits, sort_keys=True).encode()).hexdigest()
    names["limits"] = f"limits_{rest[:16]}"  # those that cannot be written out
    names[WINDOW] = f"{WINDOW}{SEPARATOR}{money}_of_{'_'.join(sorted(actions))}"
    beside = beside_limits(node)
    return apart(Written(limits, names).out(parse(plain(node, beside))))


@dataclass(frozen=True)
class Written:
    """Writes a rule out with its limits' values in place of their names, and other names."""

    limits: Mapping[str, Any]
    names: Mapping[str, str]

    def out(self, node: Node) -> Node:  # noqa: PLR0911  (one for each kind)
        """The part, written out."""
        match node:
            case Name(text):
                return Name(self.names.get(text, text))
            case Select(Name("limits"), field) if constant(self.limits.get(field)) is not None:
                return constant(self.limits[field]) or node
            case Select(Call() as window, field) if is_window(window) and field in COUNTS:
                return Select(Call(self.names[WINDOW], None, window.args), field)
            case Select(of, field):
                return Select(self.out(of), field)
            case Index(of, key):
                return Index(self.out(of), self.out(key))
            case Call("has", None, (Select(Name("limits"), field),)):
                return Literal("true" if field in self.limits else "false", "constant")
            case Call(function, of, args):
                whole = self.out(of) if of is not None else None
                return Call(function, whole, tuple(map(self.out, args)))
            case Items(items, is_mapping):
                return Items(tuple(map(self.out, items)), is_mapping)
            case Unary(sign, of):
                return Unary(sign, self.out(of))
            case Chain(first, rest):
                return Chain(
                    self.out(first),
                    tuple((sign, self.out(operand)) for sign, operand in rest),
                )
            case Choice(test, then, otherwise):
                return Choice(self.out(test), self.out(then), self.out(otherwise))
        return node


def constant(value: object) -> Node | None:
    """A limit as it would be written out; None for a record."""
    if isinstance(value, bool):
        return Literal("true" if value else "false", "constant")
    if isinstance(value, (int, float)):
        number = Literal(repr(abs(float(value))), "float")
        return Unary("-", number) if value < 0 else number
    if isinstance(value, str):
        return Literal(quoted(value), "text")
    if isinstance(value, list):
        items = [constant(part) for part in value]
        return Items(tuple(node for node in items if node)) if all(items) else None
    return None


def quoted(text: str) -> str:
    """A text as a rule writes it."""
    kept = "".join(c if c.isprintable() and c not in "'\\" else f"\\U{ord(c):08x}" for c in text)
    return f"'{kept}'"


def apart(node: Node) -> Formula:  # noqa: PLR0911  (one for each kind)
    """The formula of a part that is true or false."""
    match node:
        case Literal(text, "constant") if text in ("true", "false"):
            return Joined(text)
        case Unary("!", of):
            return Joined("!", (apart(of),))
        case Choice(test, then, otherwise):
            return Joined("?", (apart(test), apart(then), apart(otherwise)))
        case Chain() if node.is_logic:
            return Joined(node.rest[0][0], tuple(map(apart, node.operands)))
        case Chain(first, ((sign, second),)) if node.is_relation:
            return compared(first, sign, second) or opaque(node)
        case Name(text) if OF_WORD.get(text) is bool:
            return Asks(Question(text, "truth"))
    return opaque(node)


def opaque(node: Node) -> Asks:
    """A question of its own."""
    return Asks(Question(plain(node, {}), "opaque"))


def compared(first: Node, sign: str, second: Node) -> Formula | None:
    """A comparison with something constant; None for any other."""
    left, right = value_of(first), value_of(second)
    if left is not None and right is None and sign in TURNED:
        return compared(second, TURNED[sign], first)
    question = question_of(first, sign)
    if left is not None or right is None or question is None:
        return None
    fits = str if question.kind == "text" else float
    if sign == "in":
        if not isinstance(right, list) or not all(isinstance(part, fits) for part in right):
            return None
        return Joined("||", tuple(Asks(question, "==", part) for part in right))
    return Asks(question, sign, right) if isinstance(right, fits) else None


def question_of(term: Node, sign: str) -> Question | None:
    """What a comparison of this sign asks after; None if that cannot be told."""
    text = plain(term, {})
    if isinstance(term, Name):
        if text.startswith(MEASURED):
            raw, money = text.split(SEPARATOR, 1)
            return Question(raw.removeprefix("__"), "measured", money)
        kind = OF_WORD.get(text)
        if kind in (int, float):
            return Question(text, "number")
        if kind is str:
            return Question(text, "text") if sign not in ORDER else None
    return Question(text, "shop") if sign in ORDER else None


def value_of(node: Node) -> Any:
    """What a part without words always is: a number, a text or a list of them; else None."""
    if isinstance(node, Name) or free_words(node):
        return None
    try:
        value = cel.compile(plain(node, {})).execute({})
    except Exception:  # noqa: BLE001  (what fails is no constant)
        return None
    if isinstance(value, bool):
        return None
    return float(value) if isinstance(value, int) else value


def questions(formula_part: Formula) -> Iterator[Asks]:
    """Everything a formula asks."""
    if isinstance(formula_part, Asks):
        yield formula_part
        return
    for part in formula_part.parts:
        yield from questions(part)
