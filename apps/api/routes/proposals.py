"""Proposals: list, read, submit from outside, decide as the key's person."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from ninja import Query, Router

from apps.accounts import outside
from apps.accounts.models import ApiKey, OutsideAgent
from apps.accounts.permissions import can
from apps.api.auth import Key, key_of
from apps.api.idempotency import NeededKey, WelcomeKey, once
from apps.api.pages import Page, Paging, cut
from apps.api.parsing import refuse_body
from apps.api.problems import Problem, not_found, pointer
from apps.api.responses import respond
from apps.api.schemas.proposals import (
    ProposalDetail,
    ProposalDraft,
    ProposalState,
    ProposalSummary,
    Resolution,
    UndoRequest,
    Verdict,
)
from apps.proposals import operations, queries
from apps.proposals.models import Proposal
from apps.proposals.operations import Draft, Examined, Origin

router = Router(tags=["proposals"])
HOUR = timedelta(hours=1)


@router.get("", auth=Key("proposals:read"), response=Page[ProposalSummary])
def list_proposals(
    request: HttpRequest,
    paging: Query[Paging],
    state: ProposalState | None = None,
    agent: UUID | None = None,
) -> dict[str, object]:
    """Proposals, newest first; `state=waiting` are those a person has to judge.

    `agent` are those of one agent, of ours or from outside.
    """
    rows = queries.of_workspace(key_of(request).workspace_id)
    rows = rows.select_related("claimed_by").defer(*queries.LONG, "returned")
    rows = rows.filter(state=state) if state else rows
    return cut(rows.filter(agent_id=agent) if agent else rows, paging, ProposalSummary.of)


@router.get("/{proposal_id}", auth=Key("proposals:read"), response=ProposalDetail)
def read_proposal(request: HttpRequest, proposal_id: UUID) -> ProposalDetail:
    """One proposal with its changes, decisions, reviews and executions."""
    return in_full(key_of(request), proposal_id)


@router.post("", auth=Key("proposals:submit"), response={201: ProposalDetail})
def submit_proposal(
    request: HttpRequest, draft: ProposalDraft, idempotency_key: NeededKey
) -> HttpResponse:
    """Propose; the policy decides at once. 409 when a target has an open change already.

    403 `beyond-its-limits` for kinds of action the key, or its agent, may not propose.

    A change is sent as `action` and `params`, and for a text perhaps its `sources`. Its `target`,
    `connector`, `before` and `after` are answers, worked out from these and read from the back end;
    a draft that has them is 422.
    """
    key = key_of(request)

    drafts, examined = [drafted(key, draft)], []
    operations.make_room(workspace=key.workspace, drafts=drafts)

    def look() -> None:
        examined.extend(operations.prepare(workspace=key.workspace, drafts=drafts))

    def do() -> HttpResponse:
        proposal = submit(key, examined, now=timezone.now())
        location = reverse("api-1:read_proposal", args=[proposal.pk])
        return respond(in_full(key, proposal.pk), status=201, location=location)

    return once(request, idempotency_key, do, first=look)


@router.post("/{proposal_id}/reviews", auth=Key("proposals:review"), response={200: ProposalDetail})
def review_proposal(
    request: HttpRequest, proposal_id: UUID, verdict: Verdict, idempotency_key: WelcomeKey
) -> HttpResponse:
    """Approve (perhaps edited) or reject as the key's person, under that person's authority.

    The verdict is that person's vote: they have one, with however many keys. High risk: 403
    `sign-in-needed` unless the policy has the limit `keys_may_approve_high_risk`; then 409
    `not-looked` unless that person has opened `sections/facts` of this very binding, or
    `typed_amount` is the amount at stake. 409 `claimed` while somebody else holds it. Others'
    votes are shown once you have given yours.
    """
    key = key_of(request)

    def do() -> HttpResponse:
        decide(key, proposal_id, verdict, now=timezone.now())
        return respond(in_full(key, proposal_id))

    return once(request, idempotency_key, do)


@router.post(
    "/{proposal_id}/resolutions", auth=Key("proposals:review"), response={200: ProposalDetail}
)
def resolve_proposal(
    request: HttpRequest, proposal_id: UUID, resolution: Resolution, idempotency_key: WelcomeKey
) -> HttpResponse:
    """Say as the key's person what happened outside, for a proposal in the state `needs_person`.

    It ends `done` or `failed`, and its targets are free for new proposals. 403 for who
    caused it or has no authority for its changes; 409 in any other state.
    """
    key = key_of(request)

    def do() -> HttpResponse:
        resolve(key, proposal_id, resolution, now=timezone.now())
        return respond(in_full(key, proposal_id))

    return once(request, idempotency_key, do)


@router.post(
    "/{proposal_id}/take-back", auth=Key("proposals:review"), response={200: ProposalDetail}
)
def take_back_proposal(
    request: HttpRequest, proposal_id: UUID, idempotency_key: WelcomeKey
) -> HttpResponse:
    """Take an approval back as the key's person, as long as nothing has begun; it waits again.

    For who approved or caused it, and whose authority covers it. 409 `too-late` once a worker has
    begun to carry it out; what is done can be undone instead.
    """
    key = key_of(request)
    refuse_body(request)

    def do() -> HttpResponse:
        known_changes(key, proposal_id)
        operations.take_back(proposal_id=proposal_id, user=key.user, now=timezone.now())
        return respond(in_full(key, proposal_id))

    return once(request, idempotency_key, do)


@router.post("/{proposal_id}/undo", auth=Key("proposals:submit"), response={201: ProposalDetail})
def undo_proposal(
    request: HttpRequest, proposal_id: UUID, wanted: UndoRequest, idempotency_key: WelcomeKey
) -> HttpResponse:
    """Propose to undo all that a proposal has done; answers with the new proposal.

    Policy decides on it like on any other, and the key's person may not approve it. Once it is
    done, the first proposal is `undone`; if it ends otherwise, that one is `needs_person`. 403
    `beyond-its-limits` where the key may not propose its kinds of action; 409 `not-undoable` where
    an effect is final. A sent message takes a correction in `texts`.
    """
    key = key_of(request)

    def do() -> HttpResponse:
        undo = propose_undo(key, proposal_id, wanted, now=timezone.now())
        location = reverse("api-1:read_proposal", args=[undo.pk])
        return respond(in_full(key, undo.pk), status=201, location=location)

    return once(request, idempotency_key, do)


def in_full(key: ApiKey, proposal_id: UUID) -> ProposalDetail:
    """The proposal of the key's workspace, as its person may see it. Raises `Problem` 404."""
    try:
        view = queries.detail(key.workspace_id, proposal_id)
        return ProposalDetail.in_full(
            queries.seen_by(view, key.user), queries.questions_of(view.proposal)
        )
    except Proposal.DoesNotExist:
        raise not_found("proposal") from None


def submit(key: ApiKey, examined: list[Examined], *, now: datetime) -> Proposal:
    """Have the draft proposed on behalf of the key's person, who may not approve it.

    Of an agent within its limits, as they are by now. Raises `Problem` 403, 409, 429.
    """
    if key.agent is not None:
        keep_limits(outside.hold(key.agent.pk), examined, now=now)
    [proposal] = operations.submit_examined(
        workspace=key.workspace, examined=examined, origin=origin_of(key), now=now
    )
    if proposal is None:
        detail = "Another open change has the same target, or two of these have. Decide it first."
        raise Problem(409, detail, kind="target-taken")
    return proposal


def drafted(key: ApiKey, draft: ProposalDraft) -> Draft:
    """What the integrator wrote, as the domain takes it. Raises `Problem` 403."""
    keep_to_actions(key, {change.action for change in draft.changes})
    return Draft(
        title=draft.title,
        rationale=draft.rationale,
        changes=[(change.action, change.params) for change in draft.changes],
        evidence=[item.model_dump(mode="json", exclude_none=True) for item in draft.evidence],
        case=draft.case,
        subject=draft.subject,
        confidence=draft.confidence,
        sources={
            place: change.sources
            for place, change in enumerate(draft.changes)
            if change.sources is not None
        },
    )


def origin_of(key: ApiKey) -> Origin:
    """Who proposes: the key, on behalf of its person; or their agent, if it is one's."""
    origin = Origin(by=key.actor, trigger="api", on_behalf_of=key.user.actor)
    if key.agent is None:
        return origin
    return replace(origin, agent_id=key.agent.pk, agent=key.agent.known_as)


def keep_limits(agent: OutsideAgent, examined: list[Examined], *, now: datetime) -> None:
    """Refuse what the agent may not propose, or not so often. Raises `Problem` 403, 429."""
    if agent.retired_at or not can(agent.owner, "read", agent.workspace_id):
        detail = f"{agent} is retired, or its owner has left."
        raise Problem(403, detail, kind="beyond-its-limits")
    keep_to_agent(agent, {action for draft in examined for action, _ in draft.draft.changes})
    if agent.hourly is None:
        return
    full = queries.proposed_at(agent.workspace_id, agent.pk, most=agent.hourly, since=now - HOUR)
    if full is not None:
        detail = f"{agent} has proposed {agent.hourly} times in an hour, which is its limit."
        seconds = max(1, ceil((full + HOUR - now).total_seconds()))
        headers = {"Retry-After": str(seconds)}
        raise Problem(429, detail, kind="beyond-its-limits", headers=headers)


def keep_to_actions(key: ApiKey, actions: Collection[str]) -> None:
    """Refuse kinds of action the key, or its agent, may not propose. Raises `Problem` 403."""
    if strange := key.beyond(actions):
        detail = f"This key may not propose {', '.join(strange)}; another key may be made for it."
        raise Problem(403, detail, kind="beyond-its-limits")
    if key.agent is not None:
        keep_to_agent(key.agent, actions)


def keep_to_agent(agent: OutsideAgent, actions: Collection[str]) -> None:
    """Refuse kinds of action the agent may not propose. Raises `Problem` 403."""
    try:
        outside.check_actions(agent, actions)
    except outside.BeyondItsLimits as error:
        raise Problem(403, str(error), kind="beyond-its-limits") from error


def decide(key: ApiKey, proposal_id: UUID, verdict: Verdict, *, now: datetime) -> None:
    """Record the verdict of the key's person. Raises what the operations raise, and `Problem`."""
    check_edits(verdict, known_changes(key, proposal_id))
    if verdict.verdict == "reject":
        operations.reject(
            proposal_id=proposal_id, user=key.user, binding=verdict.binding,
            reason=verdict.reason, now=now, via="api", key=key.prefix,
        )  # fmt: skip
    else:
        operations.approve(
            proposal_id=proposal_id, user=key.user, binding=verdict.binding,
            reason=verdict.reason, edits=verdict.edits, now=now, via="api",
            key=key.prefix, typed_amount=verdict.typed_amount,
        )  # fmt: skip


def resolve(key: ApiKey, proposal_id: UUID, resolution: Resolution, *, now: datetime) -> None:
    """Record what the key's person saw. Raises what the operation raises, and `Problem` 404."""
    known_changes(key, proposal_id)
    operations.resolve(
        proposal_id=proposal_id, user=key.user, happened=resolution.happened,
        reason=resolution.reason, now=now,
    )  # fmt: skip


def propose_undo(key: ApiKey, proposal_id: UUID, wanted: UndoRequest, *, now: datetime) -> Proposal:
    """Propose the undo for the key's person. Raises what the operation raises, and `Problem`."""
    if key.agent is not None:
        raise Problem(403, "Undoing is for people, not for agents.", kind="not-authorised")
    strange = set(wanted.texts) - known_changes(key, proposal_id)
    if strange:
        wrong = [
            {"pointer": pointer(["texts", change]), "detail": "Not a change of this proposal."}
            for change in strange
        ]
        raise Problem(422, "The texts do not fit the proposal.", kind="invalid", errors=wrong)
    keep_to_actions(key, queries.actions_of(key.workspace_id, proposal_id))
    return operations.undo(
        proposal_id=proposal_id, user=key.user, by=key.actor, reason=wanted.reason,
        texts=wanted.texts, now=now,
    )  # fmt: skip


def known_changes(key: ApiKey, proposal_id: UUID) -> set[UUID]:
    """The changes of a proposal of the key's workspace. Raises `Problem` 404."""
    if known := queries.change_ids(key.workspace_id, proposal_id):
        return known
    raise not_found("proposal")


def check_edits(verdict: Verdict, known: set[UUID]) -> None:
    """Refuse edits of changes that are not the proposal's, and edits of what is rejected."""
    if verdict.edits and verdict.verdict == "reject":
        wrong = [{"pointer": "#/edits", "detail": "A rejection edits nothing."}]
    else:
        wrong = [
            {"pointer": pointer(["edits", change]), "detail": "Not a change of this proposal."}
            for change in verdict.edits
            if change not in known
        ]
    if wrong:
        raise Problem(422, "The edits do not fit the proposal.", kind="invalid", errors=wrong)
