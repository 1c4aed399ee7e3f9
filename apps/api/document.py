"""The OpenAPI document: every operation also tells of the problems it may answer."""

from http import HTTPStatus
from typing import Any

from apps.api.problems import MEDIA_TYPE

ALWAYS = (400, 401, 403, 422, 429, 500, 503)
WITH_BODY = (404, 409, 411, 413, 415, 502)

PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "What was wrong, where, and what to do (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "format": "uri"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "RFC 6901, into the body"},
                    "field": {"type": "string", "description": "a parameter or field"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}


def with_problems(document: dict[str, Any]) -> dict[str, Any]:
    """The document with its problem schema and each operation's problem responses."""
    document["components"]["schemas"]["Problem"] = PROBLEM
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for status in statuses(path, method, operation):
                operation["responses"].setdefault(status, described(status))
    return document


def statuses(path: str, method: str, operation: dict[str, Any]) -> list[int]:
    """The problems an operation may answer."""
    found = {*ALWAYS, *(WITH_BODY if "requestBody" in operation else ())}
    if method == "post":
        found.add(409)
    return sorted(found | ({404} if "{" in path else set()))


def described(status: int) -> dict[str, Any]:
    """The description of one problem response."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": schema}},
    }
