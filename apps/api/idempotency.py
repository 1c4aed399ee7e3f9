"""Carrying out a request that may be repeated: the effect and its answer commit together."""

import hashlib
from collections.abc import Callable
from typing import Annotated

import pydantic_core
import rfc8785
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Header

from apps.accounts import idempotency
from apps.accounts.idempotency import Answer, Begun
from apps.api.auth import key_of
from apps.api.problems import problem_of, render

KEPT_HEADERS = ("Content-Type", "Location")
VISIBLE = r"^[\x21-\x7e]{1,255}$"
ABOUT = (
    "Any text that names this request. Repeating it within 72 hours with the same key answers "
    "what was answered first (`Idempotency-Replayed: true`) and does nothing."
)

NeededKey = Annotated[str, Header(alias="Idempotency-Key", pattern=VISIBLE, description=ABOUT)]
WelcomeKey = Annotated[str, Header("", alias="Idempotency-Key", pattern=VISIBLE, description=ABOUT)]


def once(
    request: HttpRequest,
    key: str,
    do: Callable[[], HttpResponse],
    first: Callable[[], None] = lambda: None,
) -> HttpResponse:
    """Do it, or answer what was answered when this key came first; with an empty key just do it.

    1. Take the request on, visibly to others (`StillRunning`, `KeyReused`).
    2. What has to be asked `first` of the outside world, with no transaction open.
    3. In one transaction: the effect, or its refusal, and the answer.
    4. If there is no lasting answer (429, a 5xx, a crash), nothing was done: it may be repeated.
    """
    if not key:
        first()
        return do()
    begun = idempotency.begin(
        workspace=key_of(request).workspace,
        key=key,
        fingerprint=fingerprint(request),
        now=timezone.now(),
    )
    if begun.answer:
        return replay(begun.answer)
    try:
        refusal = refused_by(first)
        return carry_out(begun, (lambda: refusal) if refusal is not None else do)
    except Exception:  # whatever it was, the key is free for another try
        idempotency.release(begun)
        raise


@transaction.atomic
def carry_out(begun: Begun, do: Callable[[], HttpResponse]) -> HttpResponse:
    """The effect and its kept answer; whatever is not a lasting answer is raised."""
    response = attempt(do)
    headers = {name: response[name] for name in KEPT_HEADERS if name in response}
    idempotency.store_answer(
        begun, Answer(status=response.status_code, body=response.content, headers=headers)
    )
    return response


def refused_by(first: Callable[[], None]) -> HttpResponse | None:
    """The lasting answer to what the outside world would not have; None if it does not mind."""

    def ask() -> HttpResponse:
        first()
        return HttpResponse()

    response = attempt(ask)
    return None if response.status_code < 400 else response


def attempt(do: Callable[[], HttpResponse]) -> HttpResponse:
    """What is done, or its refusal as a response; what is our own trouble is raised."""
    try:
        return do()
    except Exception as error:
        problem = problem_of(error)
        if problem.status >= 500 or problem.status == 429:  # to be repeated with the same key
            raise
        return render(problem)


def replay(answer: Answer) -> HttpResponse:
    """The answer given first, byte for byte."""
    response = HttpResponse(answer.body, status=answer.status, headers=answer.headers)
    response["Idempotency-Replayed"] = "true"
    return response


def fingerprint(request: HttpRequest) -> str:
    """SHA-256 over who asks, for what, with which content, however it is written."""
    body = pydantic_core.from_json(request.body) if request.body else None
    key = key_of(request)
    content = [str(key.agent_id or key.user_id), request.method, request.path, body]
    return hashlib.sha256(rfc8785.dumps(content)).hexdigest()
