"""Act: submit proposals, nothing else; in shadow, not even that."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from apps.agents import queries
from apps.agents.models import Agent, Run
from apps.agents.playbooks import apart
from apps.agents.playbooks.base import Planned
from apps.agents.steps import cases, drafting, shadow
from apps.agents.steps.base import Context, Taken, Then, Write
from apps.agents.steps.origin import origin_of
from apps.agents.steps.standing import counted, stand
from apps.gateway.errors import BadAnswer, Refused
from apps.inference.queries import cost_of_run
from apps.proposals import operations as proposals
from apps.proposals import queries as proposed
from apps.proposals.models import Proposal
from apps.proposals.operations import Examined, InvalidDraft

MICRO = Decimal("0.000001")  # the smallest part of a dollar a proposal's cost is kept in


class AutonomyChanged(Exception):
    """Somebody changed how far the agent may go while it was about to propose. It tries again."""


@dataclass(frozen=True, kw_only=True)
class Looked:
    """A plan with what examining its draft has shown: `examined`, or the `trouble` with it."""

    planned: Planned
    examined: Examined | None = None
    trouble: str = ""


def act(context: Context) -> Write:
    """Examine every plan whose case nobody has handled; then submit, and note where each stands.

    In shadow the drafts are run dry instead, and the cases stay open.

    A draft the catalogue or the shop refuses is reported, and its case put before a person where
    somebody waits for an answer; an outside system that cannot be reached, or too much that waits
    already, raises, and the whole step is done again later.
    """
    planned = [drafting.from_json(stored) for stored in context.state["planned"]]
    seen = queries.handled(
        context.run.workspace_id,
        context.playbook.name,
        [plan.key for plan in planned],
        shadow_agent=context.shadow_agent,
    )
    fresh = [plan for plan in planned if plan.key not in seen]
    drafts = [plan.draft for plan in fresh if plan.draft is not None]
    if not context.in_shadow:
        proposals.make_room(workspace=context.run.workspace, drafts=drafts)
    looks = [examine_apart(context.run, plan) for plan in fresh]
    troubles = [look.trouble for look in looks if look.trouble]
    looks = share_cost(context.run, looks)
    if context.in_shadow:
        examined = [look.examined for look in looks if look.examined is not None]
        dry_runs = shadow.dry_run(context, examined, origin_of(context.run))
        return lambda: shadow.taken_in_shadow(context, fresh, dry_runs, troubles)
    return lambda: submit(context, looks, troubles)


def examine_apart(run: Run, planned: Planned) -> Looked:
    """The plan with its draft examined; one that fails in any other way holds up no other."""

    def unexamined(why: str) -> Looked:
        title = planned.draft.title if planned.draft else planned.key
        return Looked(planned=planned, trouble=f"“{title}” could not be proposed: {why}")

    return apart.attempt(planned.key, lambda: examine(run, planned), instead=unexamined)


def examine(run: Run, planned: Planned) -> Looked:
    """The plan with its draft examined; a draft that cannot be proposed says why."""
    if planned.draft is None:
        return Looked(planned=planned)
    try:
        examined = proposals.examine(workspace=run.workspace, draft=planned.draft)
    except (InvalidDraft, Refused, BadAnswer) as error:
        trouble = f"“{planned.draft.title}” could not be proposed: {error}"
        return Looked(planned=planned, trouble=trouble)
    return Looked(planned=planned, examined=examined)


def share_cost(run: Run, looks: Sequence[Looked]) -> list[Looked]:
    """The drafts, each with its share of what the run's models have cost so far, in US dollars.

    What can be proposed bears what could not: together they cost what was spent.
    """
    count = sum(look.examined is not None for look in looks)
    if not count:
        return list(looks)
    share = (cost_of_run(run.pk) / count).quantize(MICRO)
    return [
        replace(
            look, examined=replace(look.examined, draft=replace(look.examined.draft, cost=share))
        )
        if look.examined is not None
        else look
        for look in looks
    ]


def submit(context: Context, looks: Sequence[Looked], troubles: list[str]) -> Taken:
    """Submit what can be proposed, and note where each case stands. Raises `AutonomyChanged`."""
    check_autonomy(context.run.agent)
    examined = [look.examined for look in looks if look.examined is not None]
    submitted = proposals.submit_examined(
        workspace=context.run.workspace,
        examined=examined,
        origin=origin_of(context.run),
        now=context.now,
    )
    came_of_it = iter(submitted)
    outcomes = [next(came_of_it) if look.examined is not None else None for look in looks]
    made = [proposal for proposal in submitted if proposal is not None]
    cases.note(context, [
        cases.Taken(planned=look.planned, proposal=proposal, trouble=look.trouble)
        for look, proposal in zip(looks, outcomes, strict=True)
    ])  # fmt: skip
    open_now = proposed.open_among([proposal.pk for proposal in made])
    known = {"proposals": [str(proposal.pk) for proposal in made], "troubles": troubles}
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


def summarise(made: Sequence[Proposal], drafts: int, troubles: Sequence[str]) -> str:
    """What became of the drafts, in words."""
    skipped = drafts - len(made) - len(troubles)
    open_already = f" {skipped} were open already." if skipped > 0 else ""
    refused = f" {len(troubles)} could not be proposed." if troubles else ""
    states = f": {stand(made)}" if made else ""
    return f"Submitted {counted(made)}{states}.{open_already}{refused}"
