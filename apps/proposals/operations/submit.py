"""Submitting proposals: check, look at the shop, decide, all in one transaction but the look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from pydantic import ValidationError

from apps.accounts.models import Workspace
from apps.audit import failpoints
from apps.audit.events.proposals import ProposalSubmitted
from apps.audit.operations import Fact, record_all
from apps.gateway import catalogue, catalogue_size
from apps.gateway import queries as gateway
from apps.gateway.models import Connector
from apps.proposals.deadlines import LIFETIME, due_at
from apps.proposals.evidence import is_doubted
from apps.proposals.models import Change, Proposal, State
from apps.proposals.operations.backpressure import check_room
from apps.proposals.operations.judge import changes_of, judge, schedule, verdicts
from apps.proposals.operations.misfits import misfits
from apps.proposals.operations.standing import note_standing
from apps.proposals.text.provenance import paragraphs, text_of

SEVERITY = ("low", "medium", "high")


class InvalidDraft(ValueError):
    """A draft does not fit the catalogue. `errors` says what is wrong, where."""

    def __init__(self, message: str, errors: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(message)
        self.errors = list(errors)


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Who proposes: an agent's run, an integrator, or a person; `by` is the actor.

    `needs_person`: somebody decides each proposal, also one that policy would allow.
    """

    by: str
    trigger: str
    on_behalf_of: str = ""  # the person who started it; may not approve it
    run_id: UUID | None = None
    agent_id: UUID | None = None
    agent: str = ""
    playbook: str = ""
    needs_person: bool = False


@dataclass(frozen=True, kw_only=True)
class Draft:
    """One proposal to be: `changes` are (action, parameters) pairs, carried out in order.

    `sources` says of a change, by its place, which evidence each paragraph of its text was made
    from, by its place too; a change that is not named tells nothing of it.
    """

    title: str
    rationale: str
    changes: Sequence[tuple[str, dict[str, Any]]]
    evidence: Sequence[dict[str, Any]] = ()
    case: dict[str, Any] = field(default_factory=dict)
    subject: str = ""
    confidence: float = 1.0
    cost: Decimal = Decimal(0)
    priority: int = 5
    sources: Mapping[int, list[list[int]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Looked:
    """A checked change with the state of its target before and after, and its text's sources.

    `customer_orders` as `Change` has them.
    """

    connector: Connector
    action: str
    params: dict[str, Any]
    target: str
    before: dict[str, Any]
    after: dict[str, Any]
    customer_orders: int | None = None
    sources: list[list[int]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Examined:
    """A draft that fits the catalogue, with the state of its targets."""

    draft: Draft
    looks: tuple[Looked, ...]


def submit(
    *, workspace: Workspace, drafts: Sequence[Draft], origin: Origin, now: datetime
) -> list[Proposal | None]:
    """Propose; each draft is decided at once. None stands for a draft that is open already.

    1. See whether there is room (raises `Overloaded`, nothing is written).
    2. Check each draft against the catalogue (raises `InvalidDraft`, nothing is written).
    3. Look at each target in the outside world (raises the gateway's `ConnectorError`s).
    4. Write proposals, decisions and, where policy allows, executions in one transaction.
    """
    make_room(workspace=workspace, drafts=drafts)
    examined = examine_all(workspace=workspace, drafts=drafts)
    return submit_examined(workspace=workspace, examined=examined, origin=origin, now=now)


def make_room(*, workspace: Workspace, drafts: Sequence[Draft]) -> None:
    """Take these drafts on, or none. Raises `Overloaded`."""
    firsts = [action for draft in drafts for action, _ in draft.changes[:1]]
    check_room(workspace=workspace, actions=firsts)


def prepare(*, workspace: Workspace, drafts: Sequence[Draft]) -> list[Examined]:
    """Examine drafts for somebody who waits for the answer: nothing is written, no lock is held.

    Raises `InvalidDraft` and the gateway's `ConnectorError`s, `Busy` at once.
    """
    return examine_all(workspace=workspace, drafts=drafts, patient=False)


def examine_all(
    *, workspace: Workspace, drafts: Sequence[Draft], patient: bool = True
) -> list[Examined]:
    """Examine drafts with the same connectors: what one look shows of a back end, all know."""
    connectors = gateway.connectors_of(workspace.pk)
    return [
        examine(workspace=workspace, draft=draft, patient=patient, among=connectors)
        for draft in drafts
    ]


def examine(
    *,
    workspace: Workspace,
    draft: Draft,
    patient: bool = True,
    among: Sequence[Connector] | None = None,
) -> Examined:
    """Check a draft and look at its targets; writes nothing, so no transaction should be open.

    A patient caller waits for a turn at a back end with a rate; `among` are the workspace's
    connectors, if the caller has read them. Raises `InvalidDraft` and the gateway's
    `ConnectorError`s.
    """
    if not 0 <= draft.confidence <= 1:
        problem = {"field": "confidence", "problem": "has to be between 0 and 1"}
        raise InvalidDraft(f"A confidence of {draft.confidence} cannot be.", [problem])
    check_sources(draft)
    looks = tuple(
        replace(
            look(workspace, action, params, patient, among), sources=draft.sources.get(position, [])
        )
        for position, (action, params) in enumerate(draft.changes)
    )
    return Examined(draft=draft, looks=looks)


def check_sources(draft: Draft) -> None:
    """Refuse sources that name no change, no paragraph or no evidence. Raises `InvalidDraft`."""
    problems: list[str] = []
    for position, places in draft.sources.items():
        if not 0 <= position < len(draft.changes):
            problems.append(f"there is no change {position}; the first is 0")
            continue
        text = text_of(draft.changes[position][1])
        problems += misplaced(f"change {position}", text, places, len(draft.evidence))
    refuse_sources(problems)


def misplaced(name: str, text: str, places: Sequence[Sequence[int]], evidence: int) -> list[str]:
    """What does not fit in the sources of a change's text, with so many pieces of evidence."""
    count = len(paragraphs(text))
    problems = [f"{name} has {count} paragraphs, not {len(places)}"] * (len(places) != count)
    wrong = {i for named in places for i in named if not 0 <= i < evidence}
    return problems + [f"there is no evidence {i}; the first is 0" for i in sorted(wrong)]


def refuse_sources(problems: Sequence[str]) -> None:
    """Raise `InvalidDraft` if there are any."""
    if problems:
        errors = [{"field": "sources", "problem": problem} for problem in problems]
        raise InvalidDraft(f"The sources do not fit: {'; '.join(problems)}.", errors)


def submit_examined(
    *, workspace: Workspace, examined: Sequence[Examined], origin: Origin, now: datetime
) -> list[Proposal | None]:
    """Write and decide examined drafts in one transaction; None stands for one open already."""
    try:
        written = write(workspace, examined, origin, now)
    except IntegrityError:  # somebody opened a change on the same target meanwhile
        written = write(workspace, examined, origin, now)
    failpoints.reach("after_submission")
    return written


def look(
    workspace: Workspace,
    action: str,
    params: dict[str, Any],
    patient: bool = True,
    among: Sequence[Connector] | None = None,
) -> Looked:
    """Check one change and read its target.

    Raises `InvalidDraft`, also for what the back end is known to refuse, at the field it is about.
    """
    try:
        checked = catalogue.normalise(action, params)
        connector = gateway.connector_for(workspace.pk, action, among)
    except ValidationError as error:
        raise InvalidDraft(f"The parameters do not fit '{action}'.", misfits(error)) from error
    except LookupError as error:
        raise InvalidDraft(str(error), [{"field": "action", "problem": str(error)}]) from error
    seen = gateway.look_again(connector, action, checked, patient=patient)
    if seen.refusal is not None:
        problem = {"field": seen.refusal.field or "action", "problem": str(seen.refusal)}
        raise InvalidDraft(f"{connector} would refuse '{action}'. {seen.refusal}", [problem])
    spec = catalogue.spec(action)
    if spec.category is not None:
        catalogue_size.refresh(connector, patient=patient)
    orders = gateway.earlier_orders(connector, action, checked, patient=patient)
    return Looked(connector, action, checked, spec.target(checked), seen.before, seen.after, orders)


@transaction.atomic
def write(
    workspace: Workspace,
    examined: Sequence[Examined],
    origin: Origin,
    now: datetime,
) -> list[Proposal | None]:
    """The rows, the decisions and the events of these drafts."""
    taken = open_targets(workspace.pk, [look.target for each in examined for look in each.looks])
    proposals: list[Proposal | None] = []
    rows: list[Change] = []
    for each in examined:
        draft, changes = each.draft, each.looks
        keys = {(look.action, look.target) for look in changes}
        if keys & taken or len(keys) < len(changes):
            proposals.append(None)
            continue
        taken |= keys
        proposal = new_proposal(workspace, draft, changes, origin, now)
        proposals.append(proposal)
        rows += [new_change(proposal, position, look) for position, look in enumerate(changes)]
    made = [proposal for proposal in proposals if proposal is not None]
    asking = {p.pk for p in made if origin.needs_person or is_doubted(p.evidence)}
    judge(made, rows, now=now, asking=asking)
    heed_doubts(made)
    if origin.needs_person:
        leave_to_person(made)
    note_standing(made, rows)
    failpoints.reach("after_decision")
    Proposal.objects.bulk_create(made)
    Change.objects.bulk_create(rows)
    record_all([submitted(proposal, rows, origin) for proposal in made], now=now)
    record_all([fact for p in made for fact in verdicts(p, changes_of(p, rows))], now=now)
    allowed = [p for p in made if p.state == State.APPROVED]
    schedule([changes_of(p, rows)[0] for p in allowed], by="policy", now=now)
    failpoints.reach("before_submission")
    return proposals


def heed_doubts(proposals: Sequence[Proposal]) -> None:
    """Have a person look where the evidence says so, whatever the policy allows."""
    for proposal in proposals:
        if is_doubted(proposal.evidence):
            leave_to_person([proposal])


def leave_to_person(proposals: Sequence[Proposal]) -> None:
    """Have one person at least decide what policy allows; what it denies stays denied."""
    for proposal in proposals:
        if proposal.state == State.APPROVED:
            proposal.state, proposal.reviewers = State.WAITING, 1


def open_targets(workspace_id: UUID, targets: Sequence[str]) -> set[tuple[str, str]]:
    """Which (action, target) pairs have an open change already."""
    rows = Change.objects.filter(workspace_id=workspace_id, is_open=True, target__in=targets)
    return set(rows.values_list("action", "target"))


def new_proposal(
    workspace: Workspace, draft: Draft, changes: Sequence[Looked], origin: Origin, now: datetime
) -> Proposal:
    """A proposal row, not yet judged or saved."""
    risks = [catalogue.spec(look.action).risk.value for look in changes]
    risk = max(risks, key=SEVERITY.index, default=SEVERITY[0])
    return Proposal(
        workspace=workspace,
        run_id=origin.run_id,
        agent_id=origin.agent_id,
        agent=origin.agent,
        playbook=origin.playbook,
        trigger=origin.trigger,
        submitted_by=origin.by,
        on_behalf_of=origin.on_behalf_of,
        title=draft.title[:300],
        rationale=draft.rationale,
        evidence=list(draft.evidence),
        case=draft.case,
        subject=draft.subject[:200],
        confidence=draft.confidence,
        cost=draft.cost,
        risk=risk,
        priority=draft.priority,
        state=State.WAITING,
        created_at=now,
        due_at=due_at(risk, now=now),
        expires_at=now + LIFETIME,
    )


def new_change(proposal: Proposal, position: int, look: Looked) -> Change:
    """A change row, not yet judged or saved."""
    return Change(
        workspace_id=proposal.workspace_id,
        proposal=proposal,
        position=position,
        connector=look.connector,
        action=look.action,
        params=look.params,
        proposed=look.params,
        target=look.target,
        before=look.before,
        after=look.after,
        sources=look.sources,
        customer_orders=look.customer_orders,
    )


def submitted(proposal: Proposal, rows: Sequence[Change], origin: Origin) -> Fact:
    """The event that tells of the submission and its immediate outcome."""
    own = [change for change in rows if change.proposal_id == proposal.pk]
    return Fact(
        event=ProposalSubmitted(
            title=proposal.title,
            state=proposal.state,
            actions=[change.action for change in own],
            changes=[str(change.pk) for change in own],
            confidence=str(proposal.confidence),
        ),
        workspace_id=proposal.workspace_id,
        actor=origin.by,
        subject_kind="proposal",
        subject_id=proposal.pk,
        run_id=proposal.run_id,
    )
