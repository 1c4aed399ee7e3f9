"""One kind of number, and amounts beside limits: a rule as the library is to run it. Pure.

CEL keeps whole numbers and others apart: `amount * 2` of 60.0 is an error, `5 / 2` is 2, and a
limit written 60 is another thing than 60.0. Nobody who writes a policy means that. So every number
here is a double: those in a rule (`plain`), and those it sees (`doubled`). Whole numbers up to 2^53
are exact as doubles; larger ones are left as they are.

Amounts beside limits are in the currency of the limits, whatever the change is in: they get names
of their own here, to which `cel` gives converted values, or none where there is no rate.
"""

import math
from collections.abc import Callable, Iterable, Mapping
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
    free_words,
    walk,
)
from apps.policies.window_calls import WINDOW, is_window

EXACT = 2**53
AMOUNTS = frozenset({"amount", "total_amount"})
AS_IS = frozenset({"params", "before", "after"})  # what the action and the shop say, unconverted
MONEY = frozenset({"amount", "total", "subtotal", "captured", "refunded", "price", "cost"})
MONEY_ENDS = ("_total", "_price", "_amount", "_cost")
IN_LIMITS = {name: f"__{name}" for name in AMOUNTS | AS_IS}
GIVES_WHOLE = frozenset(
    {"size", "int", "uint", "getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek",
     "getDayOfYear", "getHours", "getMinutes", "getSeconds", "getMilliseconds"}
)  # fmt: skip
FUNCTIONS = GIVES_WHOLE | {
    "has", "double", "string", "matches", "contains", "startsWith", "endsWith", "timestamp",
    "duration", "dyn", "type", "bytes", "all", "exists", "exists_one", "existsOne", "filter", "map",
    WINDOW,
}  # fmt: skip


def divide(part: float, whole: float) -> float:
    """`part / whole`; nothing is divided by 0."""
    return part / whole


def remainder(part: float, whole: float) -> float:
    """`part % whole` with the sign of `part`, as CEL has it for whole numbers."""
    return math.fmod(part, whole)


def key(value: object) -> object:
    """A key as a list or mapping takes it: a number is a whole one."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


OWN_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "__divide": divide,
    "__remainder": remainder,
    "__key": key,
}


def doubled(value: Any) -> Any:
    """A JSON value with every number as a double, as far as that is exact."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return float(value) if abs(value) <= EXACT else value
    if isinstance(value, Mapping):
        return {name: doubled(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [doubled(part) for part in value]
    return value


def names_currency(node: Node) -> bool:
    """Whether something holds only in a certain currency: `currency == 'JPY' && …`.

    What stands beside it sees amounts as they are. `currency != …` says only which it is not.
    """
    if not isinstance(node, Chain):
        return False
    if node.rest[0][0] == "&&":
        return any(map(names_currency, node.operands))
    named = any(
        isinstance(operand, Name) and operand.text == "currency" for operand in node.operands
    )
    return named and node.rest[0][0] in ("==", "in")


def is_money(node: Node) -> bool:
    """Whether it is an amount as the action or the shop has it: `before.total`."""
    return (
        isinstance(node, Select)
        and (node.field in MONEY or node.field.endswith(MONEY_ENDS))
        and not is_window(node.of)  # converted already
        and "limits" not in free_words(node)
    )


def beside_limits(node: Node) -> dict[str, str]:
    """The words of a rule which stand for amounts in the currency of the limits, and their names.

    What the shop says (`before.total`) is among them where a rule compares it as money.
    """
    raw = AS_IS if any(map(is_money, walk(node))) else frozenset[str]()
    return {word: IN_LIMITS[word] for word in AMOUNTS | raw}


def plain(node: Node, names: Mapping[str, str]) -> str:  # noqa: PLR0911  (one for each kind)
    """The expression with doubles for all numbers and other names for some words."""
    match node:
        case Literal(text, kind):
            return double_of(text) if kind == "int" else text
        case Name(text):
            return names.get(text, text)
        case Select(of, field):
            return f"{plain(of, names)}.{field}"
        case Index(of, at):
            return f"{plain(of, names)}[{key_of(at, names)}]"
        case Items(items, is_mapping):
            return mapping_of(items, names) if is_mapping else f"[{listed(items, names)}]"
        case Unary(sign, of):
            return f"{sign}({plain(of, names)})"
        case Choice(test, then, otherwise):
            chosen = plain(then, {} if names_currency(test) else names)
            return f"({plain(test, names)} ? {chosen} : {plain(otherwise, names)})"
        case Chain():
            return chained(node, names)
        case Call():
            return called(node, names)


def double_of(text: str) -> str:
    """A whole number as a double, unless it is too large to be one exactly."""
    digits = text.rstrip("uU")
    value = int(digits, 16) if digits[:2].lower() == "0x" else int(digits)
    return f"{value}.0" if value <= EXACT else text


def key_of(node: Node, names: Mapping[str, str]) -> str:
    """What stands between `[` and `]`; a whole number stays one."""
    return node.text if isinstance(node, Literal) else f"__key({plain(node, names)})"


def mapping_of(items: tuple[Node, ...], names: Mapping[str, str]) -> str:
    """`{k: v}` with its keys as they are."""
    pairs = zip(items[::2], items[1::2], strict=True)
    return "{" + ", ".join(f"{key_of(k, names)}: {plain(v, names)}" for k, v in pairs) + "}"


def listed(nodes: Iterable[Node], names: Mapping[str, str]) -> str:
    """Nodes with commas between them."""
    return ", ".join(plain(node, names) for node in nodes)


def chained(node: Chain, names: Mapping[str, str]) -> str:
    """Operands with their signs; divisions and remainders are worked out by functions of ours."""
    names = {} if names_currency(node) else names
    text = plain(node.first, names)
    for sign, operand in node.rest:
        right = plain(operand, names)
        own = {"/": "__divide", "%": "__remainder"}.get(sign)
        text = f"{own}({text}, {right})" if own else f"{text} {sign} {right}"
    return f"({text})"


def called(node: Call, names: Mapping[str, str]) -> str:
    """A call; what gives a whole number gives a double. A macro's variable hides other names."""
    inside = {k: v for k, v in names.items() if k != node.variable} if node.variable else names
    args = ", ".join(
        name.text
        if node.variable and place == 0 and isinstance(name, Name)
        else plain(name, inside)
        for place, name in enumerate(node.args)
    )
    of = f"{plain(node.of, names)}." if node.of is not None else ""
    text = f"{of}{node.function}({args})"
    return f"double({text})" if node.function in GIVES_WHOLE else text
