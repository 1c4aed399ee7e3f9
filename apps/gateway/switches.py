"""Kill switches: stop an agent, a connector, a kind of action, or everything, at once.

Asked in the transaction that commits the intent to call, and again right before anything is sent.
Lives in PostgreSQL, so it holds with the broker down and after every restart.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Cast

from apps.accounts.models import Workspace
from apps.audit.events.guards import Switched, SwitchEngaged, SwitchReleased
from apps.audit.operations import record
from apps.gateway.catalogue import ACTIONS
from apps.gateway.models import Connector, Execution, KillSwitch, Scope


class InvalidSwitch(ValueError):
    """There is nothing of this workspace that such a switch would stop."""


@transaction.atomic
def engage(
    *, workspace: Workspace, scope: str, target: str, reason: str, by: str, now: datetime
) -> KillSwitch:
    """Stop everything of the scope until it is released; engaged already: that one.

    `target` is an agent's or connector's id, an action's name, or empty for the workspace. Raises
    `InvalidSwitch`.
    """
    check(workspace, scope, target)
    if not reason.strip():
        raise InvalidSwitch("Say why it is stopped: whoever releases it wants to know.")
    same = engaged(workspace.pk).filter(scope=scope, target=target)
    if existing := same.first():
        return existing
    try:
        with transaction.atomic():
            switch = KillSwitch.objects.create(
                workspace=workspace, scope=scope, target=target, reason=reason,
                engaged_by=by, engaged_at=now,
            )  # fmt: skip
    except IntegrityError:  # somebody else did in the same moment
        return same.get()
    note(switch, SwitchEngaged, by=by, now=now)
    return switch


def check(workspace: Workspace, scope: str, target: str) -> None:
    """Raise `InvalidSwitch` where scope and target do not fit each other."""
    if scope == Scope.WORKSPACE and target:
        raise InvalidSwitch("A switch for everything has no target.")
    if scope == Scope.ACTION and target not in ACTIONS:
        raise InvalidSwitch(f"'{target}' is no action; known: {', '.join(ACTIONS)}.")
    if scope in (Scope.AGENT, Scope.CONNECTOR):
        try:
            wanted = UUID(target)
        except ValueError:
            raise InvalidSwitch(f"'{target}' is not the id of a {scope}.") from None
        if str(wanted) != target:
            raise InvalidSwitch(f"Write the id as '{wanted}', or it would stop nothing.")
        own = Connector.objects.filter(workspace=workspace, pk=wanted)
        if scope == Scope.CONNECTOR and not own.exists():
            raise InvalidSwitch(f"No connector of this workspace has the id {target}.")
    elif scope not in Scope.values:
        raise InvalidSwitch(f"'{scope}' cannot be stopped; known: {', '.join(Scope.values)}.")


@transaction.atomic
def release(*, switch: KillSwitch, by: str, now: datetime) -> bool:
    """Let its scope go on; what waited is due again. False if somebody released it before."""
    freed = KillSwitch.objects.filter(pk=switch.pk, released_at=None)
    if not freed.update(released_by=by, released_at=now):
        return False
    note(switch, SwitchReleased, by=by, now=now)
    return True


def engaged(workspace_id: UUID) -> QuerySet[KillSwitch]:
    """The switches that stop something now, newest first."""
    return KillSwitch.objects.filter(workspace_id=workspace_id, released_at=None).order_by("-id")


def stopping() -> Exists:
    """Whether a switch stops an execution: a condition for queries over executions."""
    switches = KillSwitch.objects.filter(workspace=OuterRef("workspace"), released_at=None)
    return Exists(
        switches.filter(
            Q(scope=Scope.WORKSPACE)
            | Q(scope=Scope.ACTION, target=OuterRef("action"))
            | Q(scope=Scope.CONNECTOR, target=Cast(OuterRef("connector_id"), CharField()))
            | Q(scope=Scope.AGENT, target=Cast(OuterRef("agent_id"), CharField()))
        )
    )


def stopping_agents() -> Exists:
    """Whether a switch stops an agent: a condition for queries over its runs."""
    switches = KillSwitch.objects.filter(workspace=OuterRef("workspace"), released_at=None)
    condition = Q(scope=Scope.AGENT, target=Cast(OuterRef("agent_id"), CharField()))
    return Exists(switches.filter(Q(scope=Scope.WORKSPACE) | condition))


def held(*, workspace_id: UUID, agent_id: UUID, since: datetime, now: datetime) -> timedelta:
    """For how long switches stopped an agent between the two moments; overlapping ones count once.

    Only switches of the agent and of the workspace: no other keeps a run from its next step.
    """
    condition = Q(scope=Scope.WORKSPACE) | Q(scope=Scope.AGENT, target=str(agent_id))
    standing = Q(released_at=None) | Q(released_at__gt=since)
    switches = KillSwitch.objects.filter(condition, standing, workspace_id=workspace_id)
    spans = switches.filter(engaged_at__lt=now).order_by("engaged_at")
    total, counted = timedelta(), since
    for engaged_at, released_at in spans.values_list("engaged_at", "released_at"):
        begin, end = max(engaged_at, counted), min(released_at or now, now)
        if end > begin:
            total, counted = total + (end - begin), end
    return total


def is_stopped(execution: Execution) -> bool:
    """Whether a switch stops this execution now."""
    return Execution.objects.filter(stopping(), pk=execution.pk).exists()


def note(switch: KillSwitch, event: type[Switched], *, by: str, now: datetime) -> None:
    """Record an event about a switch."""
    record(
        event(scope=switch.scope, target=switch.target, reason=switch.reason),
        workspace_id=switch.workspace_id,
        actor=by,
        subject_kind="switch",
        subject_id=switch.pk,
        now=now,
    )
