"""Names for the ids in tallies and facts."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from apps.accounts import outside
from apps.accounts import queries as accounts
from apps.agents import queries as agents
from apps.agents.models import Run
from apps.gateway.catalogue import ACTIONS
from apps.gateway.models import Connector, Execution
from apps.inference.models import Breaker
from apps.insights.counting import Listed
from apps.insights.tally import Tally
from apps.policies.models import Version
from apps.proposals.models import Proposal


@dataclass(frozen=True, kw_only=True)
class Names:
    """What agents, policy versions and people are called, by id as a text."""

    agents: dict[str, str]
    versions: dict[str, str]
    people: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Subjects:
    """What facts are about by id, and who acted: agents by id, people by actor."""

    about: dict[UUID, str]
    agents: dict[str, str]
    people: dict[str, str]


def names_in(workspace_id: UUID, tally: Tally) -> Names:
    """The names of what the tally speaks of; four queries."""
    wanted = [key for key in tally.by("version") if key]
    versions = Version.objects.filter(pk__in=wanted, policy__workspace_id=workspace_id)
    people = {f"user:{key}" for key in tally.by("extra", "held_verdict")}
    named = accounts.names_of(people)
    return Names(
        agents=agents_of(workspace_id),
        versions={str(version.pk): str(version) for version in versions.select_related("policy")},
        people={actor.removeprefix("user:"): name for actor, name in named.items()},
    )


def agents_of(workspace_id: UUID) -> dict[str, str]:
    """The agents of a workspace by id, those that run elsewhere too; two queries."""
    return {
        **{str(agent.pk): agent.name for agent in agents.agents_of(workspace_id)},
        **{str(agent.pk): agent.known_as for agent in outside.agents_of(workspace_id)},
    }


def subjects(workspace_id: UUID, facts: Iterable[Listed]) -> Subjects:
    """What these facts are about; at most nine queries."""
    facts = list(facts)
    ids = {row.subject for row in facts if row.subject}
    return Subjects(
        about=titles(workspace_id, ids),
        agents=agents_of(workspace_id),
        people=accounts.names_of(
            {row.who for row in facts if row.who.startswith(("user:", "key:"))}
        ),
    )


def titles(workspace_id: UUID, ids: set[UUID]) -> dict[UUID, str]:
    """What proposals, executions, runs, connectors and models of the workspace are called."""
    here = {"workspace_id": workspace_id, "pk__in": ids}
    if not ids:
        return {}
    executions = Execution.objects.filter(**here).only("action", "target")
    runs = Run.objects.filter(**here).select_related("agent").only("agent__name")
    return {
        **dict(Proposal.objects.filter(**here).values_list("pk", "title")),
        **{
            execution.pk: f"{titled(execution.action)}: {execution.target}"
            for execution in executions
        },
        **{run.pk: f"A run of {run.agent.name}" for run in runs},
        **dict(Connector.objects.filter(**here).values_list("pk", "name")),
        **dict(Breaker.objects.filter(**here).values_list("pk", "model")),
    }


def titled(action: str) -> str:
    """What an action is called; one that is gone by its name."""
    return ACTIONS[action].title if action in ACTIONS else action
