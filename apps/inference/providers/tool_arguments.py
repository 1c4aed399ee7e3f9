"""Reading what a model wrote as the arguments of a tool. Pure."""

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from apps.inference.providers.base import ToolCall

MAX_CHARACTERS = 100_000
NOT_KEPT = re.compile("[\0\ud800-\udfff]")  # in no text of PostgreSQL's


class MalformedArguments(ValueError):
    """The arguments of a tool call do not fit; the text says what is wrong and where.

    It is written for the model, which may try again.
    """


def parse(call: ToolCall, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as JSON values that fit `schema`. Raises `MalformedArguments`."""
    if len(call.arguments) > MAX_CHARACTERS:
        raise MalformedArguments(
            f"The arguments of {call.name} are longer than {MAX_CHARACTERS} characters."
        )
    arguments = _decode(call)
    if not isinstance(arguments, dict):
        raise MalformedArguments(
            f"The arguments of {call.name} must be a JSON object, not {type(arguments).__name__}."
        )
    error = best_match(Draft202012Validator(schema).iter_errors(arguments))
    if error is not None:
        raise MalformedArguments(
            f"The arguments of {call.name} do not fit at {error.json_path}: {error.message[:300]}."
        )
    return arguments


def _decode(call: ToolCall) -> object:
    """The JSON value in the arguments; no arguments at all are an empty object."""
    try:
        value = _load(call.arguments or "{}")
        if isinstance(value, str) and value.lstrip().startswith("{"):
            value = _load(value)  # some models write JSON into JSON
        _check_characters(value)
        return value
    except json.JSONDecodeError as error:
        raise MalformedArguments(
            f"The arguments of {call.name} are not JSON: {error.msg} "
            f"at line {error.lineno} column {error.colno}."
        ) from None
    except (RecursionError, ValueError) as error:
        raise MalformedArguments(
            f"The arguments of {call.name} cannot be read: {str(error)[:100]}."
        ) from None


def _load(text: str) -> object:
    """One JSON value, without NaN and its like."""
    value: object = json.loads(text, parse_constant=_refuse_constant)
    return value


def _check_characters(value: object) -> None:
    """Refuse texts the database refuses. Raises `ValueError`."""
    if isinstance(value, dict):
        for part in (*value, *value.values()):
            _check_characters(part)
    elif isinstance(value, list):
        for inner in value:
            _check_characters(inner)
    elif isinstance(value, str) and NOT_KEPT.search(value):
        raise ValueError("a text holds a character that cannot be kept")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")
