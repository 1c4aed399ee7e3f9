"""One typed input of the edit form: of which kind it is, and what was meant by what was typed."""

from dataclasses import dataclass
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from apps.money.typed import parse, parse_number

Choices = tuple[tuple[str, str], ...]  # (value, words)
LONG = 120  # characters from which a text gets a large box
WIDE = 30  # and from which it gets a whole line


@dataclass(frozen=True, kw_only=True)
class Input:
    """One input; `kind` is decimal, integer, choice, long or text."""

    name: str
    label: str
    kind: str
    value: str
    choices: Choices = ()
    error: str = ""

    @property
    def is_wide(self) -> bool:
        """Whether it needs a line of its own."""
        return self.kind == "long" or (self.kind != "choice" and len(self.value) > WIDE)


def input_name(change_id: UUID, *path: object) -> str:
    """How an input of a change is called in the form, by the path of its field."""
    return "-".join(["edit", str(change_id), *map(str, path)])


def kind_of(annotation: Any) -> tuple[str, tuple[str, ...]]:
    """The kind of input for a parameter's type, and what there is to choose from."""
    if get_origin(annotation) is Annotated:
        return kind_of(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return kind_of(next(a for a in get_args(annotation) if a is not type(None)))
    if get_origin(annotation) is Literal:
        return "choice", tuple(str(choice) for choice in get_args(annotation))
    return {Decimal: "decimal", int: "integer"}.get(annotation, "text"), ()


def clean(typed: str, kind: str, *, currency: str = "") -> str:
    """What a person meant: browsers send CRLF, and decimals are written in many ways.

    A decimal comes out as plain digits with a point, with those of the currency if one is given.
    Raises `Ambiguous` where it can be read in two ways, and `NotAnAmount`.
    """
    if kind == "decimal":
        value = parse(typed, currency=currency) if currency else parse_number(typed)
        return f"{value:f}"
    return typed.strip() if kind == "integer" else typed.replace("\r\n", "\n")
