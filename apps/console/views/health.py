"""Whether this process lives, and whether it can serve."""

import redis
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.audit import bell, heartbeat
from apps.audit import queries as audit
from apps.audit.health import Finding
from apps.audit.tasks import DISPATCHER


@never_cache
@require_safe
def healthz(_request: HttpRequest) -> HttpResponseBase:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(_request: HttpRequest) -> HttpResponseBase:
    """200 if the database answers, else 503: pages and approvals need nothing else.

    The status is "degraded" while the broker, the sweeper or a worker does not do its part; the
    others then do its work, more slowly. Hosts are not named: anybody may ask.
    """
    try:
        lag = audit.lag(DISPATCHER)
        health = heartbeat.report(now=timezone.now())
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "database": "unreachable"}, status=503)
    reached = broker()
    body = {
        "status": "ok" if health.fine and reached == "ok" else "degraded",
        "database": "ok",
        "lag": lag,
        "broker": reached,
        "sweeper": finding_json(health.sweeper),
        "workers": [finding_json(worker) for worker in health.workers],
    }
    return JsonResponse(body)


def finding_json(finding: Finding) -> dict[str, object]:
    """How a part is, why, and how long ago its last sign of life came."""
    age = None if finding.age is None else round(finding.age, 1)
    return {"state": finding.state, "reason": finding.reason, "seconds_since_heartbeat": age}


def broker() -> str:
    """Whether the doorbell answers this process; work goes on without it."""
    try:
        bell.client().ping()
    except (redis.RedisError, OSError):
        return "unreachable"
    return "ok"
