"""JSON at the door: strict, bounded, and storable in PostgreSQL and in the audit log."""

import json
import math
from typing import Any

import pydantic_core
from django.http import HttpRequest
from ninja.parser import Parser
from ninja.types import DictStrAny

from apps.api.problems import Problem, pointer

MAX_BODY = 1024 * 1024
MAX_DEPTH = 16
LARGEST = 2**53 - 1  # integers beyond are not the same number in every language (RFC 8785)


class StrictParser(Parser):
    """Reads a request's body; whatever it accepts can be stored and hashed."""

    def parse_body(self, request: HttpRequest) -> DictStrAny:
        """The body's JSON object. Raises `Problem` 400, 415 or 422."""
        if request.content_type != "application/json":
            raise Problem(415, "Send the body as `Content-Type: application/json`.")
        try:
            body = pydantic_core.from_json(request.body, allow_inf_nan=False)
        except ValueError as error:
            raise Problem(400, f"The body is not JSON: {str(error)[:200]}.") from None
        check(body, ())
        if not isinstance(body, dict):
            raise unfit((), "has to be an object")
        return body


def refuse_body(request: HttpRequest) -> None:
    """Refuse a body where none is read; `{}` will do. Raises `Problem` 422."""
    if request.body.strip() not in (b"", b"{}"):
        raise Problem(422, "This takes no body.", kind="invalid")


def check(value: Any, path: tuple[object, ...]) -> None:
    """Refuse what cannot be stored or hashed. Raises `Problem` 422 with its place."""
    if len(path) > MAX_DEPTH:
        raise unfit(path, f"is nested deeper than {MAX_DEPTH} levels")
    match value:
        case str():
            check_text(value, path)
        case bool() | None:
            return
        case int() if abs(value) > LARGEST:
            raise unfit(path, "is too large an integer; send it as a string")
        case float() if not math.isfinite(value):
            raise unfit(path, "is not a finite number")
        case dict():
            for name, item in value.items():
                check_text(name, path)
                check(item, (*path, name))
        case list():
            for index, item in enumerate(value):
                check(item, (*path, index))


def check_text(text: str, path: tuple[object, ...]) -> None:
    """Refuse the NUL character and lone surrogates, which no database text can hold."""
    if "\0" in text:
        raise unfit(path, "contains the NUL character")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise unfit(path, "contains half of a surrogate pair")


def unfit(path: tuple[object, ...], detail: str) -> Problem:
    """A 422 that points at the value."""
    shown = pointer(path).encode("ascii", "backslashreplace").decode().replace("\0", "\\0")
    error = {"pointer": shown[:300], "detail": detail}
    return Problem(422, "Some values do not fit.", kind="invalid", errors=[error])


def canonical(body: object) -> str:
    """JSON text that is the same for the same content, however it was written."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
