"""Kill switches: what is stopped, stopping more, and letting it go on."""

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router

from apps.accounts.models import ApiKey
from apps.accounts.permissions import can
from apps.api.auth import Key, key_of
from apps.api.idempotency import WelcomeKey, once
from apps.api.pages import Page, Paging, cut
from apps.api.parsing import refuse_body
from apps.api.problems import Problem, not_found
from apps.api.responses import respond
from apps.api.schemas.kill_switches import KillSwitchRecord, StopOrder
from apps.gateway import switches
from apps.gateway.models import KillSwitch
from apps.insights import stops

router = Router(tags=["kill switches"])


@router.get("", auth=Key("switches:read"), response=Page[KillSwitchRecord])
def list_kill_switches(
    request: HttpRequest, paging: Query[Paging], engaged: bool | None = None
) -> dict[str, object]:
    """Kill switches, newest first; `engaged=true` are those that stop something now."""
    rows = stops.switches_of(key_of(request).workspace_id)
    rows = rows if engaged is None else rows.filter(released_at__isnull=engaged)
    return cut(rows, paging, KillSwitchRecord.of)


@router.post("", auth=Key("switches:set"), response={201: KillSwitchRecord, 200: KillSwitchRecord})
def engage_kill_switch(
    request: HttpRequest, wanted: StopOrder, idempotency_key: WelcomeKey
) -> HttpResponse:
    """Stop everything, an agent, a connector or a kind of action until it is released.

    No call of the scope begins later than a second after this answers; what is due waits. 200
    with the switch that is engaged already, whatever its reason.
    """
    key = key_of(request)

    def do() -> HttpResponse:
        now = timezone.now()
        switch = engage(key, wanted, now=now)
        status = 201 if switch.engaged_at == now else 200
        return respond(KillSwitchRecord.of(switch), status=status)

    return once(request, idempotency_key, do)


@router.post("/{switch_id}/release", auth=Key("switches:set"), response={200: KillSwitchRecord})
def release_kill_switch(
    request: HttpRequest, switch_id: UUID, idempotency_key: WelcomeKey
) -> HttpResponse:
    """Let its scope go on: what waited is called. Released already: as it was released then."""
    refuse_body(request)
    key = key_of(request)

    def do() -> HttpResponse:
        switch = release(key, switch_id, now=timezone.now())
        return respond(KillSwitchRecord.of(switch))

    return once(request, idempotency_key, do)


def check_role(key: ApiKey) -> None:
    """Refuse keys of people who may not stop anything. Raises `Problem` 403."""
    if not can(key.user, "configure", key.workspace_id):
        raise Problem(403, "Only operators and owners use kill switches.", kind="not-authorised")


def engage(key: ApiKey, wanted: StopOrder, *, now: datetime) -> KillSwitch:
    """Engage a switch of the key's workspace. Raises `Problem` 403, 422."""
    check_role(key)
    known = stops.stoppable(key.workspace_id)
    if (wanted.scope, wanted.target) not in {
        (stoppable.scope.value, stoppable.target) for stoppable in known
    }:
        detail = f"This workspace has no such {wanted.scope} to stop."
        wrong = [{"pointer": "#/target", "detail": detail}]
        raise Problem(422, "The switch would stop nothing.", kind="invalid", errors=wrong)
    return switches.engage(
        workspace=key.workspace, scope=wanted.scope, target=wanted.target, reason=wanted.reason,
        by=key.actor, now=now,
    )  # fmt: skip


def release(key: ApiKey, switch_id: UUID, *, now: datetime) -> KillSwitch:
    """Release a switch of the key's workspace. Raises `Problem` 403, 404."""
    switch = stops.switches_of(key.workspace_id).filter(pk=switch_id).first()
    if switch is None:
        raise not_found("kill switch")
    check_role(key)
    switches.release(switch=switch, by=key.actor, now=now)
    switch.refresh_from_db()
    return switch
