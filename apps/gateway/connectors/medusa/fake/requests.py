"""What Medusa accepts in a body, and how it says no."""

import json
import math
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

MARKER = re.compile(r"aios:(\S+)")
SORTABLE = frozenset(
    {"id", "sku", "title", "created_at", "updated_at", "display_id", "email", "status"}
)


class No(Exception):
    """A refusal in Medusa's words: a status, a type, a message."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.answer = JSONResponse({"type": kind, "message": message}, status_code=status)


def invalid(message: str) -> No:
    """400 invalid_data, as Medusa's schema check says it."""
    return No(400, "invalid_data", message)


def missing(message: str) -> No:
    """404 not_found."""
    return No(404, "not_found", message)


async def body(request: Request, allowed: frozenset[str]) -> dict[str, Any]:
    """The JSON object of a write; unknown fields are refused, an empty body is `{}`."""
    raw = await request.body()
    if not raw:
        return {}
    try:
        given = json.loads(raw)
    except ValueError as error:
        raise invalid(str(error)) from error
    if not isinstance(given, dict):
        raise invalid("Invalid request: Expected type: 'object'")
    refuse_unknown(given, allowed)
    return given


def refuse_unknown(given: dict[str, Any], allowed: frozenset[str]) -> None:
    """400 for a field outside `allowed`."""
    if unknown := [name for name in given if name not in allowed]:
        raise invalid(f"Invalid request: Unrecognized fields: '{', '.join(unknown)}'")


def number(given: dict[str, Any], name: str) -> float:
    """A required number."""
    value = given.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        if value is None:
            raise invalid(f"Invalid request: Field '{name}' is required")
        raise invalid(
            f"Invalid request: Expected type: 'number' for field '{name}', got: '{value}'"
        )
    return float(value)


def text(given: dict[str, Any], name: str) -> str | None:
    """An optional text."""
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise invalid(
            f"Invalid request: Expected type: 'string' for field '{name}', got: '{value}'"
        )
    return value


def page(request: Request, *, default: int) -> tuple[int, int]:
    """Limit and offset of a listing."""
    try:
        limit = int(request.query_params.get("limit", default))
        offset = int(request.query_params.get("offset", 0))
    except ValueError as error:
        raise invalid("Invalid request: Expected type: 'number' for field 'limit'") from error
    return max(0, limit), max(0, offset)


def key_of(request: Request, note: str | None = None) -> str | None:
    """The caller's key for the ledger: from the note's marker, else the header (else None).

    Like Medusa, the shop never acts on it.
    """
    found = MARKER.search(note or "")
    return found.group(1) if found else request.headers.get("idempotency-key")


def plain(amount: float) -> int | float:
    """A number as JavaScript prints it: 20, not 20.0."""
    return int(amount) if amount == int(amount) else amount


def order_by(wanted: str) -> str:
    """The SQL order for Medusa's `order` parameter (`-created_at` is descending)."""
    column = wanted.removeprefix("-")
    if column not in SORTABLE:
        raise invalid(f"Order by '{column}' is not known")
    return f"{column} DESC" if wanted.startswith("-") else column
