"""Act: submit proposals, nothing else; in shadow, not even that."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from apps.agents import queries
from apps.agents.models import Agent, Autonomy, Handled, Run
from apps.agents.playbooks.base import Planned
from apps.agents.steps import drafting, shadow
from apps.agents.steps.base import Context, Taken, Then, Write
from apps.agents.steps.standing import counted, stand
from apps.gateway.errors import BadAnswer, Refused
from apps.inference.queries import cost_of_run
from apps.proposals import operations as proposals
from apps.proposals import queries as proposed
from apps.proposals.models import Proposal
from apps.proposals.operations import Draft, Examined, InvalidDraft, Origin

MICRO = Decimal("0.000001")  # the smallest part of a dollar a proposal's cost is kept in


class AutonomyChanged(Exception):
    """Somebody changed how far the agent may go while it was about to propose. It tries again."""


def act(context: Context) -> Write:
    """Examine every plan whose case nobody has handled; then submit, and mark the cases handled.

    In shadow the drafts are rehearsed instead, and the cases stay open.

    A draft the catalogue or the shop refuses is left out and reported; an outside system that
    cannot be reached, or too much that waits already, raises, and the whole step is done again
    later.
    """
    planned = [drafting.from_json(one) for one in context.state["planned"]]
    seen = queries.handled(
        context.run.workspace_id,
        context.playbook.name,
        [one.key for one in planned],
        rehearsed_by=context.rehearsed_by,
    )
    fresh = [one for one in planned if one.key not in seen]
    drafts = [one.draft for one in fresh if one.draft is not None]
    if not context.in_shadow:
        proposals.make_room(workspace=context.run.workspace, drafts=drafts)
    troubles: list[str] = []
    examined = share_cost(context.run, examine(context.run, drafts, troubles))
    if context.in_shadow:
        rehearsals = shadow.rehearse(context, examined, origin_of(context.run))
        return lambda: shadow.keep(context, fresh, rehearsals, troubles)
    return lambda: submit(context, fresh, examined, troubles)


def examine(run: Run, drafts: Sequence[Draft], troubles: list[str]) -> list[Examined]:
    """The drafts that can be proposed; the others are told of in `troubles`."""
    examined = []
    for draft in drafts:
        try:
            examined.append(proposals.examine(workspace=run.workspace, draft=draft))
        except (InvalidDraft, Refused, BadAnswer) as error:
            troubles.append(f"“{draft.title}” could not be proposed: {error}")
    return examined


def share_cost(run: Run, examined: Sequence[Examined]) -> list[Examined]:
    """The drafts, each with its share of what the run's models have cost so far, in US dollars.

    What can be proposed bears what could not: together they cost what was spent.
    """
    if not examined:
        return []
    share = (cost_of_run(run.pk) / len(examined)).quantize(MICRO)
    return [replace(one, draft=replace(one.draft, cost=share)) for one in examined]


def submit(
    context: Context, planned: Sequence[Planned], examined: Sequence[Examined], troubles: list[str]
) -> Taken:
    """Submit what can be proposed, and mark all cases handled. Raises `AutonomyChanged`."""
    check_autonomy(context.run.agent)
    submitted = proposals.submit_examined(
        workspace=context.run.workspace,
        examined=examined,
        origin=origin_of(context.run),
        now=context.now,
    )
    made = [proposal for proposal in submitted if proposal is not None]
    mark(context.run, context.playbook.name, planned, now=context.now)
    open_now = proposed.open_among([proposal.pk for proposal in made])
    known = {"proposals": [str(one.pk) for one in made], "troubles": troubles}
    return Taken(
        summary=summarise(made, len(examined) + len(troubles), troubles),
        then=Then.WAIT if open_now else Then.GO_ON,
        state=known,
        output=known,
        planner=context.state["planner"],
    )


def check_autonomy(agent: Agent) -> None:
    """Submit nothing under an autonomy that is being taken away. Raises `AutonomyChanged`.

    Nobody changes it from here to the end of the transaction: who has changed it is obeyed.
    """
    as_begun = Agent.objects.filter(pk=agent.pk, autonomy=agent.autonomy)
    # Not waited for: who holds the row is about to change it, and may be waiting for our run
    if as_begun.select_for_update(no_key=True, skip_locked=True).first() is None:
        raise AutonomyChanged(AutonomyChanged.__doc__)


def origin_of(run: Run) -> Origin:
    """Who proposes, and whether a person decides whatever policy allows."""
    return Origin(
        by=run.agent.actor,
        trigger=run.trigger,
        on_behalf_of=run.on_behalf_of,
        run_id=run.pk,
        agent_id=run.agent_id,
        agent=run.agent.name,
        playbook=run.agent.playbook,
        needs_person=run.agent.autonomy == Autonomy.REVIEW_ALL,
    )


def mark(run: Run, playbook: str, planned: Sequence[Planned], *, now: datetime) -> None:
    """Note that these cases are dealt with, those without a proposal too."""
    Handled.objects.bulk_create(
        Handled(workspace_id=run.workspace_id, playbook=playbook, key=one.key, run=run, at=now)
        for one in planned
    )


def summarise(made: Sequence[Proposal], drafts: int, troubles: Sequence[str]) -> str:
    """What became of the drafts, in words."""
    skipped = drafts - len(made) - len(troubles)
    open_already = f" {skipped} were open already." if skipped > 0 else ""
    refused = f" {len(troubles)} could not be proposed." if troubles else ""
    states = f": {stand(made)}" if made else ""
    return f"Submitted {counted(made)}{states}.{open_already}{refused}"
