"""Where agents read from and answer through, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from apps.agents.playbooks.registry import PLAYBOOKS
from apps.gateway import queries as gateway
from apps.gateway import sources
from apps.gateway.models import Connector
from apps.gateway.resources import RESOURCES, is_shared


@dataclass(frozen=True, kw_only=True)
class Told:
    """One thing that is read: by whom, from where, and what else could be chosen.

    `tone` is good, warn (nothing has it) or bad (nothing is read until somebody chooses).
    """

    resource: str
    name: str
    used_by: str
    where: str
    tone: str
    options: Sequence[Connector]
    chosen: UUID | None
    is_shared: bool


def told(workspace_id: UUID) -> list[Told]:
    """Everything agents read, in the order of `RESOURCES`; three queries."""
    able, chosen = gateway.capable(workspace_id), sources.chosen(workspace_id)
    named = dict(Connector.objects.filter(workspace_id=workspace_id).values_list("pk", "name"))
    return [source_of(resource, able.get(resource, []), chosen, named) for resource in RESOURCES]


def source_of(
    resource: str,
    able: Sequence[Connector],
    chosen: Mapping[str, UUID],
    named: Mapping[UUID, str],
) -> Told:
    """One of them."""
    pick = chosen.get(resource)
    where, tone = place(resource, able, pick, named)
    users = [playbook.title for playbook in PLAYBOOKS.values() if resource in playbook.needs]
    return Told(
        resource=resource,
        name=RESOURCES[resource].label,
        used_by=listed(users),
        where=where,
        tone=tone,
        options=able if len(able) > 1 or pick else [],
        chosen=pick,
        is_shared=is_shared(resource),
    )


def place(
    resource: str, able: Sequence[Connector], pick: UUID | None, named: Mapping[UUID, str]
) -> tuple[str, str]:
    """Where it is read from, and how good that is."""
    names = listed([connector.name for connector in able])
    verb = "Sent through" if RESOURCES[resource].is_sent else "Read from"
    if pick is not None and all(connector.pk != pick for connector in able):
        gone = named.get(pick, "A connector")
        return f"{gone} was chosen, but it is switched off or no longer has them.", "bad"
    if pick is not None:
        return f"{verb} {named[pick]} only", "good"
    if not able:
        return "No connector has them yet", "warn"
    if len(able) == 1:
        return f"{verb} {names}", "good"
    if is_shared(resource):
        return f"{verb} {names} together", "good"
    return f"{names} have them: nothing happens until you choose one.", "bad"


def readable(connector: Connector) -> str:
    """What a connector can be read for, in words; empty for one that only acts."""
    found = gateway.readable(connector)
    return listed([resource.label for resource in RESOURCES.values() if resource.name in found])


def listed(names: Sequence[str]) -> str:
    """Names as a sentence has them: a, b and c."""
    *first, last = names or [""]
    return f"{', '.join(first)} and {last}" if first else last
