"""The API: mounts the resources, and guards each address with the same manners."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, re_path
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from apps.api.concurrency_limit import Door
from apps.api.document import with_problems
from apps.api.parsing import MAX_BODY, StrictParser
from apps.api.problems import Problem, problem_response, render
from apps.api.routes import (
    agents,
    decisions,
    dry_runs,
    events,
    executions,
    kill_switches,
    proposals,
    reviewing,
    runs,
    together,
)
from apps.api.throttle import KeyThrottle, tell_rate

View = Callable[..., HttpResponse]
door = Door()

DESCRIPTION = """\
Propose, decide and follow what happens. Every operation needs an API key
(`Authorization: Bearer aios_…`) with the scope of the operation and sees the key's workspace only.

Errors are `application/problem+json` (RFC 9457). Decimals are strings, times are UTC.
"""


class Api(NinjaAPI):
    """Ninja with problem documents everywhere, also where ninja itself is not asked."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The function's own name: `list_proposals`."""
        return operation.view_func.__name__

    def get_openapi_schema(self, **kwargs: Any) -> OpenAPISchema:
        """The OpenAPI document with the problems each operation may answer."""
        document = super().get_openapi_schema(**kwargs)
        with_problems(document)
        return document

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        patterns = [*super()._get_urls(), re_path("", nowhere, name="nowhere")]
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                pattern.callback = guarded(pattern.callback)
        return patterns


def guarded(view: View) -> View:
    """The view with bounded bodies, problems for every error, and rate headers."""

    @csrf_exempt  # keys are sent on purpose; there is no session to ride on
    @wraps(view)
    def guard(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            check_length(request)
            with door.passed(request):
                response = view(request, *args, **kwargs)
            door.hear(request, response)
        except Exception as error:  # noqa: BLE001  (the last door: logged, told as a problem)
            response = problem_response(request, error)
        if response.status_code == 405:
            response = not_allowed(request, response["Allow"])
        tell_rate(request, response)
        response["Cache-Control"] = "no-store"
        return response

    return guard


def check_length(request: HttpRequest) -> None:
    """Refuse a body that is too large, or of unknown length. Raises `Problem`."""
    length = request.headers.get("Content-Length", "")
    if "Transfer-Encoding" in request.headers and not length:
        raise Problem(411, "Send the body with its Content-Length.")
    if length and not length.isdecimal():
        raise Problem(400, "Content-Length is not a number.")
    if length and int(length[:12]) > MAX_BODY:
        raise Problem(413, f"A body may have {MAX_BODY} bytes.")


def not_allowed(request: HttpRequest, allow: str) -> HttpResponse:
    """405 with the methods there are."""
    detail = f"{request.method} is not possible here; possible: {allow}."
    return render(Problem(405, detail, headers={"Allow": allow}))


def nowhere(_request: HttpRequest) -> HttpResponse:
    """Any other address below the API."""
    raise Problem(404, "There is nothing at this address; see /api/v1/docs.")


api = Api(
    title="AIOS",
    version="1",
    description=DESCRIPTION,
    parser=StrictParser(),
    throttle=KeyThrottle(),
)
for kind in (Problem, ValidationError, HttpError, Http404, Exception):
    api.add_exception_handler(kind, cast(Any, problem_response))
for prefix, resource in (
    ("/proposals/dry-run", dry_runs),
    ("/proposals/approvals", together),
    ("/proposals", proposals),
    ("/proposals", reviewing),
    ("/decisions", decisions),
    ("/agents", agents),
    ("/runs", runs),
    ("/executions", executions),
    ("/events", events),
    ("/kill-switches", kill_switches),
):
    api.add_router(prefix, resource.router)
