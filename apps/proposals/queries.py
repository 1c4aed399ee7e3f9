"""Reading proposals: what waits, one in full, what happened to similar ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform

from apps.accounts.models import Membership, User
from apps.accounts.permissions import VERBS, Rights, rights
from apps.audit.kinds import Kind
from apps.audit.models import Event
from apps.audit.queries import attested
from apps.gateway import queries as gateway
from apps.gateway.catalogue import spec
from apps.gateway.catalogue.action_spec import ActionSpec
from apps.gateway.models import Execution
from apps.gateway.models import State as ExecutionState
from apps.money.currency import written
from apps.policies.models import Decision
from apps.proposals import sole
from apps.proposals.changes import FieldDiff, diff
from apps.proposals.effects import Effect, standing
from apps.proposals.impact import add_up, impact_of
from apps.proposals.models import (
    OPEN_STATES,
    Change,
    Proposal,
    Question,
    Review,
    Risk,
    State,
    Viewing,
)

FOR_A_PERSON = (State.WAITING, State.NEEDS_PERSON)  # to be judged, or to be looked at
DECISIVE = "facts"  # the section that has to be opened before high risk is approved
CONCLUDED = (State.DONE, State.UNDONE, State.NEEDS_PERSON, State.FAILED)  # may have undos
HAPPENED = (ExecutionState.DONE, ExecutionState.COMPENSATED)
LONG = ("rationale", "evidence", "case")  # read with one proposal, not with a list of them
RANK = {Risk.HIGH: 0, Risk.MEDIUM: 1, Risk.LOW: 2}


@dataclass(frozen=True, kw_only=True)
class ChangeView:
    """A change with all that is known about it."""

    change: Change
    spec: ActionSpec
    fields: list[FieldDiff]
    edited: list[FieldDiff]
    decision: Decision | None
    execution: Execution | None


@dataclass(frozen=True, kw_only=True)
class ProposalView:
    """A proposal in full: its changes, decisions, votes and executions.

    `undoes` is what it is to undo, `undos` are the attempts to undo it, the newest last.
    """

    proposal: Proposal
    changes: list[ChangeView]
    reviews: list[Review]
    undoes: Proposal | None = None
    undos: list[Proposal] = field(default_factory=list)

    @property
    def approvals_left(self) -> int:
        """How many more people have to approve what is shown now."""
        given = {
            review.reviewer_id
            for review in self.reviews
            if review.verdict == "approve"
            and review.binding == self.proposal.binding
            and getattr(review, "counts", True)  # as `detail` found
        }
        return max(max(self.proposal.reviewers, 1) - len(given), 0)

    @property
    def undecided(self) -> list[Change]:
        """The changes a decision is about: those not proven done, or all if all are."""
        open_ones = [
            change_view.change
            for change_view in self.changes
            if change_view.execution is None or change_view.execution.state not in HAPPENED
        ]
        return open_ones or [change_view.change for change_view in self.changes]

    @property
    def effects(self) -> list[Effect]:
        """What of it is proven done and stands, the last first."""
        return standing((change_view.change, change_view.execution) for change_view in self.changes)


def of_workspace(workspace_id: UUID) -> QuerySet[Proposal]:
    """All proposals of a workspace, newest first."""
    return Proposal.objects.filter(workspace_id=workspace_id).order_by("-id")


def count_waiting(workspace_id: UUID, *, at_most: int) -> int:
    """How many proposals of the workspace wait for people, to be judged or to be looked at.

    Counts no further than `at_most`.
    """
    waiting = Proposal.objects.filter(workspace_id=workspace_id, state__in=FOR_A_PERSON)
    return waiting.values("pk")[:at_most].count()


def counts(workspace_id: UUID) -> dict[str, int]:
    """How many proposals of the workspace are open, by state."""
    rows = (
        Proposal.objects.filter(workspace_id=workspace_id, state__in=OPEN_STATES)
        .values("state")
        .annotate(n=Count("pk"))
    )
    return {row["state"]: row["n"] for row in rows}


def detail(workspace_id: UUID, proposal_id: UUID) -> ProposalView:
    """One proposal in full; at most six queries. Raises `Proposal.DoesNotExist`."""
    proposals = Proposal.objects.select_related("claimed_by")
    proposal = proposals.get(workspace_id=workspace_id, pk=proposal_id)
    changes = list(
        proposal.changes.select_related(
            "connector", "decision__version__policy", "compensates__proposal"
        ).order_by("position")
    )
    compensated = [change.compensates for change in changes if change.compensates]
    executions = gateway.executions_of([change.pk for change in changes])
    return ProposalView(
        proposal=proposal,
        changes=[view(change, executions.get(change.pk)) for change in changes],
        reviews=list(
            proposal.reviews.select_related("reviewer").annotate(counts=may_vote()).order_by("at")
        ),
        undoes=compensated[0].proposal if compensated else None,
        undos=list(undos_of(proposal)) if proposal.state in CONCLUDED else [],
    )


def may_vote() -> Exists:
    """Whether who gave a review may still vote: an active person with a place in its workspace."""
    return Exists(
        Membership.objects.filter(
            workspace=OuterRef("workspace"),
            user=OuterRef("reviewer"),
            user__is_active=True,
            role__in=VERBS["review"],
        )
    )


def proposed_at(
    workspace_id: UUID, agent_id: UUID, *, most: int, since: datetime
) -> datetime | None:
    """When the agent made the first of its last `most` proposals; None if it made fewer since."""
    lately = Proposal.objects.filter(workspace_id=workspace_id, created_at__gt=since)
    times = lately.filter(agent_id=agent_id).order_by("-created_at")
    return times.values_list("created_at", flat=True)[most - 1 : most].first()


def undos_of(proposal: Proposal) -> QuerySet[Proposal]:
    """The proposals that are to undo this one, in the order they were made."""
    return (
        Proposal.objects.filter(changes__compensates__proposal=proposal).distinct().order_by("id")
    )


def view(change: Change, execution: Execution | None) -> ChangeView:
    """A change with its differences worked out."""
    return ChangeView(
        change=change,
        spec=spec(change.action),
        fields=diff(change.before, change.after),
        edited=diff(change.proposed, change.params),
        decision=change.decision,
        execution=execution,
    )


def is_blind(view: ProposalView, user: User) -> bool:
    """Whether the person has still to judge what others may have judged, unswayed by them."""
    return view.proposal.state == State.WAITING and not any(
        review.reviewer_id == user.pk and review.binding == view.proposal.binding
        for review in view.reviews
    )


def visible_reviews(view: ProposalView, user: User) -> list[Review]:
    """The votes this person may see: those on the current binding only after their own."""
    if not is_blind(view, user):
        return view.reviews
    return [review for review in view.reviews if review.binding != view.proposal.binding]


def seen_by(view: ProposalView, user: User) -> ProposalView:
    """The proposal as this person may see it: its votes, and how many are left, like that."""
    return replace(view, reviews=visible_reviews(view, user))


def questions_of(proposal: Proposal) -> list[Question]:
    """What reviewers have asked about it with the answers, in the order of asking."""
    return list(proposal.questions.select_related("asked_by").order_by("asked_at", "pk"))


def has_question(proposal_id: UUID, question_id: UUID) -> bool:
    """Whether the question is about this proposal."""
    return Question.objects.filter(pk=question_id, proposal_id=proposal_id).exists()


def has_opened(proposal: Proposal, user: User, section: str = DECISIVE) -> bool:
    """Whether the person has opened the section of the proposal as it is now."""
    return Viewing.objects.filter(
        proposal=proposal, user=user, binding=proposal.binding, section=section
    ).exists()


def opened_among(proposal_ids: Iterable[UUID], user: User) -> set[UUID]:
    """Those of these proposals of which the person has opened a section, as they are now."""
    rows = Viewing.objects.filter(
        proposal__in=list(proposal_ids), user=user, binding=F("proposal__binding")
    )
    return set(rows.values_list("proposal_id", flat=True))


def why_not(
    user: User, proposal: Proposal, changes: Sequence[Change], *, held: Rights | None = None
) -> str | None:
    """Why this person may not decide these changes, or None if they may.

    Nobody decides what they caused, but a sole owner an undo where their policy says so (`sole`);
    money counts as all changes move it together. `held` are the person's rights in the proposal's
    workspace; they are read if the caller has not.
    """
    held = held or rights(user, proposal.workspace_id)
    if caused(user, proposal) and not sole.allowed_by(user, proposal, changes, held):
        return (
            "You caused this proposal; somebody else has to approve it."
            f"{sole.advice(user, proposal, changes, held)}"
        )
    for impact in add_up(impact_of(change) for change in changes):
        if not held.cover(impact.action, impact.amount, impact.currency or None):
            money = (
                f" of {written(impact.amount, impact.currency)} {impact.currency}"
                if impact.amount is not None
                else ""
            )
            return (
                f"Your authority does not cover this: {spec(impact.action).title.lower()}{money}. "
                "Ask a reviewer with a higher limit."
            )
    return None


def caused(user: User, proposal: Proposal) -> bool:
    """Whether the person asked for it, themselves or through a key or an agent."""
    return user.actor in (proposal.submitted_by, proposal.on_behalf_of)


def why_not_take_back(
    user: User, proposal: Proposal, changes: Sequence[Change], *, approved: bool
) -> str | None:
    """Why this person may not take the approval back, or None if they may.

    Who approved or caused it always may, others as far as they could approve it.
    """
    if approved or caused(user, proposal):
        return None
    return why_not(user, proposal, changes)


def open_among(proposal_ids: Sequence[UUID]) -> int:
    """How many of these proposals are still open."""
    return Proposal.objects.filter(pk__in=proposal_ids, state__in=OPEN_STATES).count()


def of_run(run_id: UUID) -> list[Proposal]:
    """The proposals of a run with who holds them, in the order they were made."""
    made = Proposal.objects.filter(run_id=run_id).select_related("claimed_by")
    return list(made.order_by("id"))


def count_by_run(run_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many proposals each of these runs made, for those that made any; one query."""
    rows = Proposal.objects.filter(run_id__in=run_ids).values_list("run_id")
    return {run_id: made for run_id, made in rows.annotate(made=Count("pk")) if run_id}


def proposals_of_changes(workspace_id: UUID, change_ids: Iterable[str]) -> dict[str, str]:
    """The id of the proposal by the id of its change, for those of the workspace."""
    rows = Change.objects.filter(workspace_id=workspace_id, pk__in=list(change_ids))
    return {str(pk): str(proposal) for pk, proposal in rows.values_list("pk", "proposal_id")}


def runs_with_open(run_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these runs still have open proposals."""
    rows = Proposal.objects.filter(run_id__in=run_ids, state__in=OPEN_STATES)
    return {run_id for run_id in rows.values_list("run_id", flat=True) if run_id}


def taken_targets(workspace_id: UUID, action: str) -> set[str]:
    """Targets with an open change of this action: not to be proposed again."""
    rows = Change.objects.filter(workspace_id=workspace_id, action=action, is_open=True)
    return set(rows.values_list("target", flat=True))


def told_by_people(proposal_ids: Iterable[UUID]) -> set[UUID]:
    """Those of these proposals that a person ended by saying what they had seen."""
    told = Event.objects.filter(
        attested(),
        subject_kind="proposal",
        subject_id__in=[str(pk) for pk in proposal_ids],
        kind=Kind.PROPOSAL_SETTLED,
        actor__startswith="user:",
    )
    return {UUID(subject) for subject in told.values_list("subject_id", flat=True)}


def about_lately(
    workspace_id: UUID, playbook: str, about: str, *, since: datetime, limit: int
) -> list[Proposal]:
    """A playbook's newest proposals about somebody or something, with their changes; newest first.

    Two statements; the index of what proposals are about keeps the cost from the history.
    """
    rows = Proposal.objects.filter(workspace_id=workspace_id, created_at__gte=since)
    rows = rows.annotate(about=KeyTextTransform("about", "case")).filter(about=about)
    rows = rows.filter(playbook=playbook).order_by("-pk")
    return list(rows.prefetch_related("changes")[:limit])


def handled_cases(workspace_id: UUID, playbook: str, name: str, values: Sequence[str]) -> set[str]:
    """Which values of a case field this playbook has made a proposal about before."""
    rows = Proposal.objects.filter(
        Q(workspace_id=workspace_id, playbook=playbook) & Q(**{f"case__{name}__in": list(values)})
    )
    return {str(case[name]) for case in rows.values_list("case", flat=True)}


def editable_fields(change: Change) -> list[tuple[str, Any]]:
    """The parameters a reviewer may edit with their values: single ones that name no target."""
    fixed = {name for name in change.params if name.endswith("_id") or name in {"currency", "to",
             "in_reply_to", "language"}}  # fmt: skip
    listed = {name for name, value in change.params.items() if isinstance(value, list)}
    return [(name, value) for name, value in change.params.items() if name not in fixed | listed]


def actions_of(workspace_id: UUID, proposal_id: UUID) -> set[str]:
    """The kinds of action a proposal of this workspace has."""
    rows = Change.objects.filter(proposal__workspace_id=workspace_id, proposal_id=proposal_id)
    return set(rows.values_list("action", flat=True))


def change_ids(workspace_id: UUID, proposal_id: UUID) -> set[UUID]:
    """The changes of a proposal of this workspace; empty when it has no such proposal."""
    rows = Change.objects.filter(proposal__workspace_id=workspace_id, proposal_id=proposal_id)
    return set(rows.values_list("pk", flat=True))
