"""Learn: remember what became of each proposal."""

from collections.abc import Sequence
from datetime import timedelta

from apps.agents.steps.base import Context, Taken, Then, Write
from apps.agents.steps.standing import counted, stand
from apps.memory import operations as memory
from apps.proposals import queries as proposals
from apps.proposals.models import OPEN_STATES, Proposal

KEEP = timedelta(days=180)


def learn(context: Context) -> Write:
    """Keep an episode of each proposal that is closed; with the last of them the run ends.

    An episode that is kept already is not kept twice.
    """
    return lambda: keep_episodes(context)


def keep_episodes(context: Context) -> Taken:
    """The episodes of what is closed by now."""
    made = proposals.of_run(context.run.pk)
    closed = [proposal for proposal in made if proposal.state not in OPEN_STATES]
    for proposal in closed:
        remember(context, proposal)
    troubles = context.state.get("troubles", [])
    end = Then.ESCALATE if troubles else Then.FINISH
    return Taken(
        summary=" ".join([summarise(made), *troubles]),
        then=end if len(closed) == len(made) else Then.WAIT,
        state=context.state,
        output={"episodes": len(closed)},
    )


def remember(context: Context, proposal: Proposal) -> None:
    """One episode: what was proposed and what became of it."""
    outcome = proposal.get_state_display().lower()
    memory.remember(
        workspace=context.run.workspace,
        type="episode",
        namespace=context.playbook.namespace,
        subject=str(proposal.case.get("about") or proposal.subject),
        text=f"Proposed: {proposal.title}. Outcome: {outcome}.",
        data={"case": proposal.case, "state": proposal.state},
        provenance={
            "source": "run",
            "by": context.run.agent.actor,
            "run_id": str(context.run.pk),
            "proposal_id": str(proposal.pk),
        },
        now=context.now,
        expires_at=context.now + KEEP,
    )


def summarise(made: Sequence[Proposal]) -> str:
    """How the proposals of the run stand, in words."""
    return f"{counted(made)}: {stand(made)}." if made else "Nothing was proposed."
