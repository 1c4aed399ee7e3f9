"""`window(scope, span).fact` in a rule: which windows it asks for. Pure.

Scope and span are texts as they stand, so that it is known without evaluating a rule what has to be
read for it.
"""

from collections.abc import Iterator
from functools import lru_cache

from apps.policies.expression import Call, Literal, Name, Node, Select, Unreadable, parse, walk
from apps.policies.windows import SCOPES, SPANS, Asked

WINDOW = "window"
AMOUNTS = ("amount", "alone_amount")  # in the currency of the limits, if there is a rate
SHARE = "catalogue_percent"  # of the shop's variants, moved with no person
MAY_LACK = (*AMOUNTS, SHARE)  # without a rate, or the size of the catalogue; a person decides then
COUNTS = ("changes", "alone", *MAY_LACK)
DRIFTS = ("drift_percent", "moved_percent")  # of a price, so only of a target
APPROVED = frozenset({"approved_change_percent", "has_approved"})


class NoWindow(ValueError):
    """A window that is none; the text says what it has to be."""


def is_window(node: Node) -> bool:
    """Whether it is a call of `window`."""
    return isinstance(node, Call) and node.function == WINDOW and node.of is None


def check(node: Node) -> None:
    """Refuse windows that are none. Raises `NoWindow`."""
    read = {
        id(selection.of): selection for selection in walk(node) if isinstance(selection, Select)
    }
    for call in windows_of(node):
        scope, span = asked_by(call)
        select = read.get(id(call))
        known = (*COUNTS, *DRIFTS) if scope == "target" else COUNTS
        if select is None or select.field not in known:
            given = f".{select.field}" if select else "nothing"
            raise NoWindow(
                f"window('{scope}', '{span}') is followed by one of "
                f"{', '.join('.' + name for name in known)}, not by {given}."
            )


def windows_of(node: Node) -> Iterator[Call]:
    """The calls of `window` in it."""
    for inner in walk(node):
        if isinstance(inner, Call) and inner.function == WINDOW:
            yield inner


def asked_by(call: Call) -> Asked:
    """The scope and span of a call. Raises `NoWindow`."""
    named = [
        node.text[1:-1] for node in call.args if isinstance(node, Literal) and node.kind == "text"
    ]
    if call.of is None and len(named) == len(call.args) == 2:
        scope, span = named
        if scope in SCOPES and span in SPANS:
            return scope, span
    raise NoWindow(
        "A window is written window('target', '24h'): the scope is one of "
        f"{', '.join(SCOPES)}, the span one of {', '.join(SPANS)}."
    )


@lru_cache(maxsize=4096)
def asked(when: str) -> frozenset[Asked]:
    """The windows an expression asks for; none if it is none.

    The last price a person approved is kept with the target, so it asks for that without a span.
    """
    try:
        node = parse(when)
        found = {asked_by(call) for call in windows_of(node)}
    except (Unreadable, NoWindow):
        return frozenset()
    words = {name.text for name in walk(node) if isinstance(name, Name)}
    return frozenset(found | ({("target", "")} if words & APPROVED else set()))


@lru_cache(maxsize=4096)
def fields_read(when: str) -> frozenset[str]:
    """The facts an expression reads of its windows; none if it is none."""
    try:
        node = parse(when)
    except Unreadable:
        return frozenset()
    return frozenset(
        select.field for select in walk(node) if isinstance(select, Select) and is_window(select.of)
    )
