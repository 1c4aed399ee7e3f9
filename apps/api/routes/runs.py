"""Runs: list, read, start one now."""

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from ninja import Query, Router

from apps.accounts.models import ApiKey
from apps.accounts.permissions import can
from apps.agents import operations, queries
from apps.agents.models import Agent, Run
from apps.api.auth import Key, key_of
from apps.api.idempotency import WelcomeKey, once
from apps.api.pages import Page, Paging, cut
from apps.api.parsing import refuse_body
from apps.api.problems import Problem, not_found
from apps.api.responses import respond
from apps.api.schemas.runs import RunDetail, RunStart, RunState, RunSummary

router = Router(tags=["runs"])


@router.get("", auth=Key("runs:read"), response=Page[RunSummary])
def list_runs(
    request: HttpRequest, paging: Query[Paging], state: RunState | None = None
) -> dict[str, object]:
    """Runs, newest first; in one state."""
    rows = queries.runs_of(key_of(request).workspace_id)
    return cut(rows.filter(state=state) if state else rows, paging, RunSummary.of)


@router.get("/{run_id}", auth=Key("runs:read"), response=RunDetail)
def read_run(request: HttpRequest, run_id: UUID) -> RunDetail:
    """One run with its steps and its proposals."""
    return in_full(key_of(request), run_id)


@router.post("", auth=Key("runs:start"), response={201: RunDetail, 200: RunDetail})
def start_run(request: HttpRequest, wanted: RunStart, idempotency_key: WelcomeKey) -> HttpResponse:
    """Start a run of an agent. 200 with the run that is at it already; 409 if switched off."""
    key = key_of(request)

    def do() -> HttpResponse:
        now = timezone.now()
        run = start(key, wanted.agent, now=now)
        location = reverse("api-1:read_run", args=[run.pk])
        status = 201 if run.started_at == now else 200
        return respond(in_full(key, run.pk), status=status, location=location)

    return once(request, idempotency_key, do)


@router.post("/{run_id}/retry", auth=Key("runs:start"), response={200: RunDetail})
def retry_run(request: HttpRequest, run_id: UUID, idempotency_key: WelcomeKey) -> HttpResponse:
    """Have a failed run go on from its last checkpoint. 409 if it has not failed, if its agent is
    switched off, or if another run of it is at work."""
    refuse_body(request)
    key = key_of(request)

    def do() -> HttpResponse:
        may_run(key)
        run = in_full(key, run_id)
        operations.retry(run_id=run.id, by=key.actor, now=timezone.now())
        return respond(in_full(key, run_id), status=200)

    return once(request, idempotency_key, do)


def in_full(key: ApiKey, run_id: UUID) -> RunDetail:
    """The run of the key's workspace. Raises `Problem` 404."""
    try:
        return RunDetail.in_full(queries.run(key.workspace_id, run_id))
    except Run.DoesNotExist:
        raise not_found("run") from None


def start(key: ApiKey, agent_id: UUID, *, now: datetime) -> Run:
    """Start the agent of the key's workspace on behalf of the key's person."""
    may_run(key)
    try:
        agent = queries.agent(key.workspace_id, agent_id)
    except Agent.DoesNotExist:
        raise not_found("agent") from None
    return operations.start(
        agent=agent, trigger="api", by=key.actor, on_behalf_of=key.user.actor, now=now
    )


def may_run(key: ApiKey) -> None:
    """Refuse whoever may start no runs. Raises `Problem` 403."""
    if not can(key.user, "run", key.workspace_id):
        raise Problem(403, "Only operators and owners may start runs.", kind="not-authorised")
