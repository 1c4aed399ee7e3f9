"""Having the policy decide on proposals: shared by submitting, editing and giving back."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from apps.audit.event import Event
from apps.audit.events.proposals import Decided, ProposalApproved, ProposalDenied
from apps.audit.operations import Fact
from apps.gateway import catalogue, catalogue_size
from apps.gateway import operations as gateway
from apps.money.currency import written
from apps.policies import facts as vocabulary
from apps.policies import operations as policies
from apps.policies.cel import Outcome
from apps.proposals.changes import binding, joint_binding
from apps.proposals.evidence import rests_on_stale
from apps.proposals.impact import given_away, impact_of, largest
from apps.proposals.models import Change, Proposal, State
from apps.proposals.operations.marking import mark

KEY = "key:"  # an actor that is an API key, by its prefix
STATE_AFTER = {
    Outcome.ALLOW: State.APPROVED,
    Outcome.REVIEW: State.WAITING,
    Outcome.DENY: State.DENIED,
}

SETTLED: dict[State, type[Decided]] = {
    State.DENIED: ProposalDenied,
    State.APPROVED: ProposalApproved,
}


def judge(
    proposals: Sequence[Proposal],
    rows: Sequence[Change],
    *,
    now: datetime,
    asking: Collection[UUID] = (),
) -> None:
    """Decide on all changes and set bindings, states and quorums; the rows are not saved yet.

    What in a proposal works on who decides is marked first: rules see it. A proposal is as strict
    as its strictest change. `asking` are the proposals a person decides,
    whatever comes out here: they count in no window until that person has said yes.
    """
    for proposal in proposals:
        mark(proposal, changes_of(proposal, rows))
    groups = defaultdict(list)
    for change in rows:
        groups[change.proposal.workspace_id, change.proposal.run_id].append(change)
    for (workspace_id, run_id), group in groups.items():
        decide(workspace_id, run_id, group, now=now, asking=asking)
    for proposal in proposals:
        stand(proposal, changes_of(proposal, rows), now=now)


def changes_of(proposal: Proposal, rows: Sequence[Change]) -> list[Change]:
    """The proposal's own changes among these."""
    return [change for change in rows if change.proposal_id == proposal.pk]


def decide(
    workspace_id: UUID,
    run_id: UUID | None,
    changes: Sequence[Change],
    *,
    now: datetime,
    asking: Collection[UUID] = (),
) -> None:
    """Attach a recorded decision and a binding to each change."""
    judged = policies.decide(
        workspace_id=workspace_id,
        changes=[
            (change.pk, facts_of(change, siblings(change, changes), now=now)) for change in changes
        ],
        run_id=run_id,
        now=now,
        sets={change.pk: change.proposal_id for change in changes},
        asking={change.pk for change in changes if change.proposal_id in asking},
        again={change.pk for change in changes if change.decision_id},
    )
    for change, decision in zip(changes, judged, strict=True):
        change.decision = decision
        change.binding = bind(change, decision.basis)


def bind(change: Change, basis: str) -> str:
    """The hash an approval of this change has to be given on."""
    return binding(
        change_id=change.pk,
        revision=change.proposal.revision,
        action=change.action,
        params=change.params,
        before=change.before,
        basis=basis,
    )


def siblings(change: Change, changes: Sequence[Change]) -> list[Change]:
    """The changes of the same proposal among these, itself included."""
    return [other for other in changes if other.proposal_id == change.proposal_id]


def facts_of(change: Change, together: Sequence[Change], *, now: datetime) -> vocabulary.Facts:
    """A change as a rule sees it, among the changes it is proposed together with."""
    proposal, spec = change.proposal, catalogue.spec(change.action)
    impacts = [impact_of(other) for other in together]
    size = catalogue_size.known(change.connector, now=now) if spec.category else None
    return vocabulary.facts_of(
        action=change.action,
        params=change.params,
        before=change.before,
        after=change.after,
        connector=change.connector.kind,
        risk=spec.risk.value,
        reversibility=spec.reversibility.value,
        actor=proposal.submitted_by,
        agent=proposal.agent,
        key=key_in(proposal.submitted_by),
        playbook=proposal.playbook,
        trigger=proposal.trigger,
        confidence=proposal.confidence,
        hour=now.hour,
        returned=bool(proposal.returned),
        stale_read=rests_on_stale(proposal.evidence),
        total_amount=float(given_away(impacts, impact_of(change).currency)),
        pressure=list(proposal.pressure),
        customer_orders=change.customer_orders or 0,
        has_customer_orders=change.customer_orders is not None,
        catalogue_size=size or 0,
        has_catalogue_size=size is not None,
        scopes=scopes_of(change),
    )


def scopes_of(change: Change) -> dict[str, str]:
    """What the change is counted under in windows; what its action does not tell is left out.

    Of what comes with a key the person stands for the agent who answers for it: they could make
    another key, or another agent, and begin anew.
    """
    proposal, spec = change.proposal, catalogue.spec(change.action)
    told = {
        name: find(change.params, change.before)
        for name, find in (
            ("customer", spec.customer),
            ("order", spec.order),
            ("category", spec.category),
        )
        if find is not None
    }
    by = proposal.submitted_by
    agent = proposal.on_behalf_of if key_in(by) else str(proposal.agent_id or by)
    return {"target": change.target, "agent": agent, "key": by, **told}


def key_in(actor: str) -> str:
    """The prefix of the API key that acts; empty for everybody else."""
    return actor.removeprefix(KEY) if actor.startswith(KEY) else ""


def stand(proposal: Proposal, changes: Sequence[Change], *, now: datetime) -> None:
    """Set the proposal's state, money at stake, quorum and joint binding from its changes."""
    outcomes = {Outcome(change.decision.outcome) for change in changes if change.decision}
    strictest = next(
        (o for o in (Outcome.DENY, Outcome.REVIEW, Outcome.ALLOW) if o in outcomes), Outcome.DENY
    )
    proposal.state = STATE_AFTER[strictest]
    proposal.binding = joint_binding([change.binding for change in changes])
    proposal.reviewers = max((c.decision.reviewers for c in changes if c.decision), default=0)
    impact = largest(impact_of(change) for change in changes)
    proposal.amount = impact.amount if impact else None
    proposal.currency = impact.currency if impact else ""
    if proposal.state == State.DENIED:
        proposal.settled_at = now
    for change in changes:
        change.is_open = proposal.state != State.DENIED


def update(proposals: Sequence[Proposal], rows: Sequence[Change]) -> None:
    """Write back proposals and changes that were judged again, in two statements."""
    Proposal.objects.bulk_update(
        proposals,
        ["title", "state", "binding", "reviewers", "amount", "currency", "settled_at", "revision",
         "returned", "expires_at", "due_at", "escalated_at", "snoozed_by", "snoozed_until",
         "wakes_on_change", "pressure"],
    )  # fmt: skip
    Change.objects.bulk_update(
        rows, ["params", "before", "after", "decision", "binding", "is_open"]
    )


def verdicts(proposal: Proposal, changes: Sequence[Change]) -> list[Fact]:
    """Events for what policy alone has settled: denied or approved."""
    if (event := SETTLED.get(State(proposal.state))) is None:
        return []
    rules = [change.decision.rule for change in changes if change.decision]
    told = event(revision=proposal.revision, title=proposal.title, rules=rules)
    return [proposal_fact(told, proposal, by="policy")]


def schedule(
    changes: Sequence[Change],
    *,
    by: str,
    now: datetime,
    because: Sequence[Fact] = (),
    begun: bool = False,
) -> None:
    """Queue changes of approved proposals in this transaction; `because` is recorded with it.

    `begun`: they go on with sets of which a part is done already.
    """
    gateway.schedule(
        [
            gateway.Order(
                workspace_id=change.workspace_id,
                connector=change.connector,
                subject_id=change.pk,
                run_id=change.proposal.run_id,
                agent_id=change.proposal.agent_id,
                binding=change.binding,
                action=change.action,
                params=change.params,
                snapshot=change.before,
                amount=None if impact.amount is None else written(impact.amount, impact.currency),
                currency=impact.currency,
                priority=change.proposal.priority,
                begun=begun,
            )
            for change in changes
            for impact in (impact_of(change),)
        ],
        by=by,
        now=now,
        because=because,
    )


def proposal_fact(event: Event, proposal: Proposal, *, by: str) -> Fact:
    """An event about a proposal, to be recorded."""
    return Fact(
        event=event,
        workspace_id=proposal.workspace_id,
        actor=by,
        subject_kind="proposal",
        subject_id=proposal.pk,
        run_id=proposal.run_id,
    )
