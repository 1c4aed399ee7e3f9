"""What is wrong with a typed value, in the words of a person."""

from collections.abc import Mapping, Sequence
from typing import Any

from apps.console.presenters.values import field_of_item, label

NUMBER, WHOLE = "Write a number, e.g. 159.90", "Write a whole number, e.g. 3"
ADVICE = {  # by the type of the misfit, as pydantic names it; `{}` are its bounds
    "decimal_parsing": NUMBER,
    "decimal_type": NUMBER,
    "float_parsing": NUMBER,
    "float_type": NUMBER,
    "finite_number": NUMBER,
    "int_parsing": WHOLE,
    "int_type": WHOLE,
    "int_from_float": WHOLE,
    "decimal_max_places": "Write at most {decimal_places} digits after the point",
    "decimal_max_digits": "Write at most {max_digits} digits",
    "greater_than_equal": "Write {ge} or more",
    "greater_than": "Write more than {gt}",
    "less_than_equal": "Write {le} or less",
    "less_than": "Write less than {lt}",
    "too_short": "Keep at least {min_length}",
    "too_long": "Keep at most {max_length}",
    "string_too_short": "Write at least {min_length} characters",
    "string_too_long": "Write at most {max_length} characters",
    "missing": "This is needed",
    "value_error": "{error}",
}  # fmt: skip
OF_ONE = {"too_short": "Keep at least one", "string_too_short": "This is needed"}


def in_plain_words(errors: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The errors of a draft with the field's label added and the problem as advice."""
    return [
        {
            **{name: str(error[name]) for name in ("change",) if name in error},
            "field": str(error.get("field", "")),
            "label": place(str(error.get("field", ""))),
            "problem": advise(error),
        }
        for error in errors
    ]


def place(path: str) -> str:
    """The words for a field, or for one of an item in a list: `items.0.quantity`."""
    name, _, rest = path.partition(".")
    number, _, part = rest.partition(".")
    if not number.isdecimal():
        return label(path)
    words = f"{label(name)}, {int(number) + 1}"
    return f"{words}: {field_of_item(part).lower()}" if part else words


def advise(error: Mapping[str, Any]) -> str:
    """What to type instead; a problem without known advice is told as it is."""
    code, bounds = str(error.get("code", "")), error.get("bounds") or {}
    if code in OF_ONE and bounds.get("min_length") == "1":
        return OF_ONE[code]
    try:
        return ADVICE[code].format_map(bounds)
    except KeyError:
        return str(error.get("problem", ""))
