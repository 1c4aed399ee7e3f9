"""In whose name a run proposes."""

from apps.agents.models import Autonomy, Run
from apps.proposals.operations import Origin


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
