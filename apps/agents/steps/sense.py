"""Sense: the playbook reads what matters, through the gateway and the memory."""

from apps.agents.steps.base import Context, Taken, Then


def sense(context: Context) -> Taken:
    """Read. A run that finds nothing to plan for ends here."""
    sensed = context.playbook.sense(
        context.run.workspace,
        context.settings,
        now=context.now,
        shadow_agent=context.shadow_agent,
    )
    found = bool(sensed.count())
    return Taken(
        summary=sensed.describe(),
        then=Then.GO_ON if found else Then.FINISH,
        state={"sensed": sensed.model_dump(mode="json")} if found else {},
        output={"cases": sensed.count()},
    )
