"""Errors as RFC 9457 `application/problem+json`: what was wrong, where, and what to do.

`problem_response` turns what was raised into a response; nothing internal reaches the client.
"""

import json
import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from ninja.errors import HttpError, Throttled, ValidationError
from uuid_utils.compat import uuid7

from apps.accounts.idempotency import KeyReused, Overtaken, StillRunning
from apps.agents.operations import AgentDisabled, AtWork, NotFailed
from apps.gateway.errors import Away, Busy
from apps.proposals.operations import InvalidDraft, NotInBulk, Overloaded
from apps.proposals.refusals import REFUSALS, Refusal

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: "The request cannot be understood",
    401: "An API key is needed",
    403: "Not allowed",
    404: "Not found",
    405: "This method does not exist here",
    409: "In conflict with what is there",
    411: "The length of the body is missing",
    413: "The body is too large",
    415: "The body has to be JSON",
    422: "The request does not fit",
    429: "Too many requests",
    500: "Something went wrong here",
    502: "The back end gave a wrong answer",
    503: "Not available at the moment",
}

# what else the domain raises -> status and the last part of the problem's type
DOMAIN: dict[type[Exception], Refusal] = {
    **REFUSALS,
    StillRunning: Refusal(409, "still-running"),
    Overtaken: Refusal(409, "overtaken"),
    AgentDisabled: Refusal(409, "agent-disabled"),
    NotFailed: Refusal(409, "not-failed"),
    AtWork: Refusal(409, "at-work"),
    KeyReused: Refusal(422, "idempotency-key-reused"),
    OperationalError: Refusal(503, "unavailable"),
}


class Problem(Exception):
    """An error with its status. `errors` lists {pointer or field, detail}."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        kind: str = "",
        errors: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.kind = kind
        self.errors = list(errors)
        self.headers = dict(headers or {})


def not_found(what: str) -> Problem:
    """Not in this workspace; whether it exists elsewhere is not told."""
    return Problem(404, f"There is no such {what} in this workspace.")


def render(problem: Problem) -> HttpResponse:
    """The problem as a response."""
    content: dict[str, Any] = {
        "type": f"urn:aios:problem:{problem.kind}" if problem.kind else "about:blank",
        "title": TITLES.get(problem.status, "Error"),
        "status": problem.status,
        "detail": problem.detail,
        "instance": f"urn:uuid:{uuid7()}",
    }
    if problem.errors:
        content["errors"] = problem.errors
    if problem.status >= 500:
        log.error("%s: %s", content["instance"], problem.detail, exc_info=problem.__cause__)
    return HttpResponse(
        json.dumps(content),
        status=problem.status,
        content_type=MEDIA_TYPE,
        headers=problem.headers,
    )


def problem_response(_request: HttpRequest, error: Exception) -> HttpResponse:
    """Whatever was raised, as a problem. Unknown errors are logged and say nothing."""
    return render(problem_of(error))


def problem_of(error: Exception) -> Problem:
    """The problem that tells of an exception."""
    for kind, told in TRANSPORT.items():
        if isinstance(error, kind):
            return told(error)
    for kind, (status, slug) in DOMAIN.items():
        if isinstance(error, kind):
            return of_domain(error, status, slug)
    problem = Problem(500, "This was recorded; quote `instance` when you report it.")
    problem.__cause__ = error
    return problem


def of_domain(error: Exception, status: int, slug: str) -> Problem:
    """A refusal of the domain: its message is meant for people, unless it is ours to mend."""
    headers = {"Retry-After": "1"} if slug in {"still-running", "overtaken"} else {}
    if status < 500:
        return Problem(status, str(error), kind=slug, headers=headers)
    detail = "Nothing was changed. Repeat the request in a moment."
    problem = Problem(status, detail, kind=slug, headers={"Retry-After": "5"})
    problem.__cause__ = error
    return problem


def of_overload(error: Overloaded) -> Problem:
    """Turned away before anything was written; the same request may be repeated later."""
    headers = {"Retry-After": str(error.retry_after)}
    return Problem(429, str(error), kind="overloaded", headers=headers)


def of_busy(error: Busy) -> Problem:
    """The back end may not be called more often at the moment."""
    return Problem(429, f"Nothing was changed. {error}", kind="busy", headers=retry_at(error))


def of_away(error: Away) -> Problem:
    """The back end is being left alone; until when is known."""
    detail = f"Nothing was changed. {error}"
    return Problem(503, detail, kind="back-end-unavailable", headers=retry_at(error))


def retry_at(error: Away) -> dict[str, str]:
    """`Retry-After` in whole seconds."""
    seconds = math.ceil((error.until - timezone.now()).total_seconds())
    return {"Retry-After": str(max(seconds, 1))}


def of_transport(error: HttpError) -> Problem:
    """An error of the framework; a parser's own problem is its cause."""
    if isinstance(error.__cause__, Problem):
        return error.__cause__
    if error.status_code == 401:
        return Problem(
            401,
            "Send a live API key as `Authorization: Bearer aios_…`.",
            headers={"WWW-Authenticate": 'Bearer realm="aios"'},
        )
    if isinstance(error, Throttled):
        return Problem(429, "This key has used up its requests. Wait as Retry-After says.")
    return Problem(error.status_code, error.message)


def of_validation(error: ValidationError) -> Problem:
    """What does not fit, field by field; 400 when it is only headers."""
    wrong = [
        {**place(item["loc"]), "detail": str(item["msg"])}
        for item in error.errors
    ]  # fmt: skip
    headers_only = all(item["loc"][0] == "header" for item in error.errors)
    status = 400 if headers_only else 422
    return Problem(status, "Some values are missing or do not fit.", kind="invalid", errors=wrong)


def of_draft(error: InvalidDraft) -> Problem:
    """What does not fit the catalogue, in the words of the API."""
    wrong = [{"field": str(e["field"]), "detail": str(e["problem"])} for e in error.errors]
    return Problem(422, str(error), kind="invalid", errors=wrong)


def of_bulk(error: NotInBulk) -> Problem:
    """Why these are not approved together, by proposal."""
    wrong = [
        {"pointer": pointer(["bindings", e["field"]] if e["field"] else ["bindings"]),
         "detail": str(e["problem"])}
        for e in error.errors
    ]  # fmt: skip
    return Problem(422, str(error), kind="not-in-bulk", errors=wrong)


def place(loc: Iterable[object]) -> dict[str, str]:
    """Where an invalid value is: a JSON pointer into the body, else a parameter's name."""
    source, *path = map(str, loc)
    if source != "body":
        return {"field": ".".join(path) or source}
    return {"pointer": pointer(path[1:])}  # the first is the name of the Python argument


def pointer(path: Iterable[object]) -> str:
    """An RFC 6901 pointer as a URI fragment; "#" is the whole body."""
    return "#" + "".join(f"/{str(p).replace('~', '~0').replace('/', '~1')}" for p in path)


# what the framework raises -> how it is told
TRANSPORT: dict[type[Exception], Callable[[Any], Problem]] = {
    Problem: lambda problem: problem,
    HttpError: of_transport,
    ValidationError: of_validation,
    InvalidDraft: of_draft,
    NotInBulk: of_bulk,
    Overloaded: of_overload,
    Busy: of_busy,
    Away: of_away,
    Http404: lambda _: Problem(404, "There is nothing at this address."),
    SuspiciousOperation: lambda _: Problem(400, "The request is malformed."),
}
