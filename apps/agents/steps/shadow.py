"""Shadow: what a run would propose and what policy would say of it; nothing is submitted."""

from collections.abc import Sequence
from typing import Any

from apps.agents import queries
from apps.agents.models import Handled
from apps.agents.playbooks.base import Planned
from apps.agents.steps.base import Context, Taken, Then
from apps.policies.cel import Outcome
from apps.proposals import operations as proposals
from apps.proposals.models import State
from apps.proposals.operations import DryRun, DryRunChange, Examined, Origin

VERDICTS = {
    State.APPROVED: Outcome.ALLOW,
    State.WAITING: Outcome.REVIEW,
    State.DENIED: Outcome.DENY,
}


def dry_run(context: Context, examined: Sequence[Examined], origin: Origin) -> list[DryRun]:
    """What submitting each draft would lead to now. Writes nothing."""
    workspace, now = context.run.workspace, context.now
    return [
        proposals.dry_run_examined(workspace=workspace, examined=draft, origin=origin, now=now)
        for draft in examined
    ]


def taken_in_shadow(
    context: Context,
    planned: Sequence[Planned],
    dry_runs: Sequence[DryRun],
    troubles: list[str],
) -> Taken:
    """Keep the results, and note that this agent has tried these cases.

    They stay open to any run that is not in shadow.
    """
    run, shown = context.run, [to_json(dry_run) for dry_run in dry_runs]
    Handled.objects.bulk_create(
        Handled(
            workspace_id=run.workspace_id,
            playbook=context.playbook.name,
            key=queries.shadow_key(run.agent_id, plan.key),
            run=run,
            at=context.now,
        )
        for plan in planned
    )
    return Taken(
        summary=summarise([entry["verdict"] for entry in shown], troubles),
        then=Then.ESCALATE if troubles else Then.FINISH,
        output={"proposals": [], "troubles": troubles, queries.SHADOW: shown},
        planner=context.state["planner"],
    )


def to_json(proposed: DryRun) -> dict[str, Any]:
    """The dry run of a proposal as a step keeps it; `queries.as_shadowed` reads it."""
    proposal = proposed.proposal
    return {
        "title": proposal.title,
        "rationale": proposal.rationale,
        "risk": proposal.risk,
        "amount": proposal.amount_text,
        "currency": proposal.currency,
        "confidence": proposal.confidence,
        "verdict": VERDICTS[State(proposal.state)].value,
        "reviewers": proposal.reviewers,
        "is_taken": any(change.is_taken for change in proposed.changes),
        "changes": [change_to_json(change) for change in proposed.changes],
    }


def change_to_json(change: DryRunChange) -> dict[str, Any]:
    """The dry run of a change as a step keeps it."""
    fields = [
        {"path": diff.path, "before": diff.before, "after": diff.after} for diff in change.fields
    ]
    return {
        "action": change.action,
        "target": change.target,
        "fields": fields,
        "verdict": str(change.decision.outcome),
        "rule": change.decision.rule,
        "reason": change.decision.reason,
        "facts": change.decision.facts,
    }


def summarise(verdicts: Sequence[str], troubles: Sequence[str]) -> str:
    """What would have been proposed and what policy would have said, in words."""
    counts = {outcome: verdicts.count(outcome.value) for outcome in Outcome}
    said = (
        f"policy would allow {counts[Outcome.ALLOW]}, ask a person about "
        f"{counts[Outcome.REVIEW]} and deny {counts[Outcome.DENY]}"
    )
    refused = f" {len(troubles)} could not have been proposed." if troubles else ""
    if not verdicts:
        return f"In shadow: nothing would have been proposed.{refused}"
    return (
        f"In shadow: {len(verdicts)} would have been proposed; {said}. "
        f"Nothing was submitted.{refused}"
    )
