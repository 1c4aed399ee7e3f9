"""What kill switches can stop in a workspace, by name, and what they have stopped so far."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts import outside
from apps.accounts import queries as accounts
from apps.agents import queries as agents
from apps.gateway.catalogue import ACTIONS
from apps.gateway.models import Connector, Execution, KillSwitch, Scope, State
from apps.gateway.switches import stopping

EVERYTHING = "Everything"


@dataclass(frozen=True, kw_only=True)
class Stoppable:
    """Something a kill switch can stop; `target` is an id or a name, empty for everything."""

    scope: Scope
    target: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Stop:
    """A kill switch with names: what it stops, who engaged it, who released it (or empty)."""

    switch: KillSwitch
    what: str
    by: str
    released_by: str


def stoppable(workspace_id: UUID) -> list[Stoppable]:
    """Everything, then agents, connectors and kinds of action, each by name; three queries."""
    connectors = Connector.objects.filter(workspace_id=workspace_id).order_by("name")
    return [
        Stoppable(scope=Scope.WORKSPACE, target="", name=EVERYTHING),
        *(
            Stoppable(scope=Scope.AGENT, target=str(agent.pk), name=agent.name)
            for agent in agents.agents_of(workspace_id)
        ),
        *(
            Stoppable(scope=Scope.AGENT, target=str(agent.pk), name=agent.known_as)
            for agent in outside.agents_of(workspace_id)
        ),
        *(
            Stoppable(scope=Scope.CONNECTOR, target=str(connector.pk), name=connector.name)
            for connector in connectors
        ),
        *(
            Stoppable(scope=Scope.ACTION, target=spec.name, name=spec.title)
            for spec in ACTIONS.values()
        ),
    ]


def switches_of(workspace_id: UUID) -> QuerySet[KillSwitch]:
    """All switches of a workspace, engaged or released, newest first."""
    return KillSwitch.objects.filter(workspace_id=workspace_id).order_by("-id")


def named(workspace_id: UUID, switches: Sequence[KillSwitch]) -> list[Stop]:
    """These switches of the workspace with names; no query without any, else up to four."""
    if not switches:
        return []
    names = {(choice.scope, choice.target): choice.name for choice in stoppable(workspace_id)}
    people = accounts.names_of({s.engaged_by for s in switches} | {s.released_by for s in switches})
    return [
        Stop(
            switch=switch,
            what=subject_of(switch, names.get((Scope(switch.scope), switch.target), "")),
            by=people.get(switch.engaged_by, switch.engaged_by),
            released_by=people.get(switch.released_by, switch.released_by),
        )
        for switch in switches
    ]


def subject_of(switch: KillSwitch, name: str) -> str:
    """What the switch stops, as the subject of a sentence; without a name by its target."""
    if switch.scope == Scope.WORKSPACE:
        return EVERYTHING
    kinds = {Scope.AGENT: "The agent", Scope.CONNECTOR: "The connector", Scope.ACTION: "The action"}
    return f"{kinds[Scope(switch.scope)]} “{name or switch.target}”"


def count_stopped(workspace_id: UUID) -> int:
    """How many executions are due and wait because a switch stops them."""
    due = Execution.objects.filter(workspace_id=workspace_id, state=State.DUE)
    return due.filter(stopping()).count()
