"""Plan: a model when there is one, rules otherwise and whenever the model fails."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from apps.agents import queries
from apps.agents.playbooks import apart, calibration
from apps.agents.playbooks.base import Briefing, Planned, Sensed
from apps.agents.steps import drafting, reasoning
from apps.agents.steps.base import Context, Taken, Then
from apps.inference import queries as inference
from apps.inference.budgets import BudgetExhausted
from apps.inference.operations import ModelUnavailable, NoModelConfigured
from apps.proposals.evidence import BEYOND, STALE
from apps.proposals.judged import judged
from apps.proposals.operations import Draft

log = logging.getLogger(__name__)

RULES = "rules"
PLANNER = 200  # characters of `Step.planner`
FAILURES = (ModelUnavailable, BudgetExhausted, NoModelConfigured, reasoning.GaveUp)


@dataclass
class Plan:
    """What was planned, who thought, and what went wrong with a model."""

    planned: list[Planned] = field(default_factory=list)
    planners: dict[str, int] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)

    def add(self, planner: str, planned: Iterable[Planned]) -> None:
        """Take plans and count who made them."""
        self.planners[planner] = self.planners.get(planner, 0) + 1
        self.planned.extend(planned)

    @property
    def planner(self) -> str:
        """Who thought, in words: `rules`, `model x`, or both; as much as a step keeps of it."""
        return ", ".join(self.planners)[:PLANNER]


def plan(context: Context) -> Taken:
    """Plan what to propose; nothing is written. A run without plans ends here."""
    sensed: Sensed = context.playbook.sensed.model_validate(context.state["sensed"])
    made = think(context, sensed)
    fresh = [with_caveats(plan, sensed.caveats) for plan in unhandled(context, made.planned)]
    drafts = [plan.draft for plan in fresh if plan.draft is not None]
    summary = f"Planned {len(drafts)} proposals by {made.planner}."
    if made.troubles:
        summary += " " + " ".join(made.troubles)
    state = {"planned": [drafting.to_json(plan) for plan in fresh], "planner": made.planner}
    return Taken(
        summary=summary,
        then=Then.GO_ON if fresh else Then.FINISH,
        state=state,
        # What was planned from is kept only where it led to something: most runs find no change
        output={
            **state,
            "troubles": made.troubles,
            "cases": len(drafts),
            "recalled": sum(map(uses_memory, drafts)),
            **(context.state if fresh else {}),
        },
        planner=made.planner,
    )


def uses_memory(draft: Draft) -> bool:
    """Whether a draft rests on something that was recalled, rather than lists it beside.

    A reviewer's correction is among the evidence where it was heeded; anything else where a
    paragraph of the draft's text was made from it.
    """
    cited = {place for texts in draft.sources.values() for places in texts for place in places}
    return any(
        "item_id" in entry and (entry.get("kind") == "correction" or place in cited)
        for place, entry in enumerate(draft.evidence)
    )


def think(context: Context, sensed: Sensed) -> Plan:
    """Ask a model about each briefing, or the rules about everything."""
    made = Plan()
    if not inference.model_configured(context.run.workspace):
        made.add(RULES, context.playbook.plan(sensed, context.settings, now=context.now))
        return made
    down = False
    measured = calibration.measure(
        judged(context.run.workspace_id, playbook=context.playbook.name, now=context.now)
    )
    briefings = context.playbook.brief(sensed, context.settings, now=context.now, measured=measured)
    for briefing in briefings[: context.settings.model_batch]:  # the next run goes on with the rest
        if down or not briefing.actions:
            made.add(RULES, briefing.fallback())
            continue
        down = not ask(context, briefing, made)
    return made


def with_caveats(planned: Planned, caveats: Sequence[str]) -> Planned:
    """The plan with a warning in its evidence for each answer that was not of now.

    Such a proposal waits for a person whatever the policy says.
    """
    if planned.draft is None or not caveats:
        return planned
    warnings = [
        {"kind": STALE, "title": "Planned from an older answer", "detail": caveat}
        for caveat in caveats
    ]
    # Paragraphs name their sources by place, and each place moves on by as many as come first
    sources = {
        change: [[place + len(warnings) for place in places] for places in paragraphs]
        for change, paragraphs in planned.draft.sources.items()
    }
    evidence = [*warnings, *planned.draft.evidence]
    return replace(planned, draft=replace(planned.draft, evidence=evidence, sources=sources))


def ask(context: Context, briefing: Briefing, made: Plan) -> bool:
    """One conversation; whatever fails, the rules plan. False: no use to ask again in this run."""
    try:
        thought = reasoning.reason(context, briefing)
    except FAILURES as error:
        log.warning("Run %s: the model did not plan: %s", context.run.pk, error)
        made.troubles.append(f"The model did not plan, so the rules did: {str(error)[:300]}")
        made.add(RULES, [witnessed(plan, briefing.beyond) for plan in briefing.fallback()])
        return isinstance(error, reasoning.GaveUp)
    except Exception as error:
        if not apart.is_own(error):
            raise
        why = apart.told(briefing.situation, error)
        made.troubles.append(f"A conversation with the model broke down: {why}")
        made.add(RULES, briefing.hand_over(why) if briefing.hand_over else briefing.fallback())
        return True
    planned = [witnessed(plan, briefing.beyond) for plan in thought.planned]
    made.add(f"model {thought.model}", planned)
    return True


def witnessed(planned: Planned, beyond: Sequence[str]) -> Planned:
    """The plan with what its model asked for beyond the case: a person decides what that means."""
    if planned.draft is None or not beyond:
        return planned
    told = [{"kind": BEYOND, "title": "Asked for beyond this case", "detail": wish}
            for wish in beyond]  # fmt: skip
    draft = replace(planned.draft, evidence=[*planned.draft.evidence, *told])
    return replace(planned, draft=draft)


def unhandled(context: Context, planned: Sequence[Planned]) -> list[Planned]:
    """The plans for cases no run has dealt with, one each, with at most a batch of drafts."""
    keys = [planned_case.key for planned_case in planned]
    seen = queries.handled(
        context.run.workspace_id,
        context.playbook.name,
        keys,
        shadow_agent=context.shadow_agent,
    )
    fresh: list[Planned] = []
    left = context.settings.batch
    for plan in planned:
        if plan.key in seen or (plan.draft is not None and not left):
            continue
        seen.add(plan.key)
        fresh.append(plan)
        left -= plan.draft is not None
    return fresh
