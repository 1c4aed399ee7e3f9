"""Whether this process lives, and whether it can serve."""

import redis
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.audit import bell
from apps.audit import queries as audit
from apps.audit.tasks import DISPATCHER


@never_cache
@require_safe
def healthz(_request: HttpRequest) -> HttpResponseBase:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(_request: HttpRequest) -> HttpResponseBase:
    """200 if the database answers, else 503; the broker is told of but not needed."""
    try:
        lag = audit.lag(DISPATCHER)
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "database": "unreachable"}, status=503)
    body = {"status": "ok", "database": "ok", "lag": lag, "broker": broker()}
    return JsonResponse(body)


def broker() -> str:
    """Whether the doorbell answers; work goes on without it."""
    try:
        bell.client().ping()
    except (redis.RedisError, OSError):
        return "unreachable"
    return "ok"
