"""Asking the proposer, and the answer; the proposal stays open meanwhile."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts.models import User
from apps.audit.events.proposals import ProposalAnswered, ProposalAsked
from apps.audit.operations import record_all
from apps.proposals.changes import diff
from apps.proposals.impact import price_moves
from apps.proposals.models import Change, Proposal, Question, State
from apps.proposals.operations import statements
from apps.proposals.operations.edit import DeniedByPolicy, check_edited, checked_edit, put
from apps.proposals.operations.judge import key_in, proposal_fact
from apps.proposals.operations.preconditions import AlreadyDecided, NotAuthorised, enter
from apps.proposals.operations.restore import give_back, open_changes
from apps.proposals.operations.submit import InvalidDraft, misplaced, refuse_sources
from apps.proposals.text.provenance import text_of
from apps.proposals.text.titles import renewed

LONGEST = 2_000  # characters of a question
LONGEST_ANSWER = 10_000


class Answered(Exception):
    """This question has its answer already. Nothing was changed."""


@transaction.atomic
def ask(*, proposal_id: UUID, user: User, text: str, now: datetime) -> Question:
    """Send a question back to who proposed it; it stays open and can be decided all the same.

    Raises `AlreadyDecided`, `NotAuthorised`, `InvalidDraft` without a text.
    """
    check_text(text, "text", LONGEST)
    proposal, _ = enter(proposal_id, user=user, now=now)
    question = Question.objects.create(
        workspace_id=proposal.workspace_id,
        proposal=proposal,
        asked_by=user,
        text=text.strip(),
        asked_at=now,
        not_before=now,
    )
    event = ProposalAsked(revision=proposal.revision, question=str(question.pk), text=question.text)
    record_all([proposal_fact(event, proposal, by=user.actor)], now=now)
    return question


def check_text(text: str, field: str, most: int) -> None:
    """Refuse a text that says nothing, or too much. Raises `InvalidDraft`."""
    if not text.strip():
        raise InvalidDraft("Write something.", [{"field": field, "problem": "is empty"}])
    if len(text) > most:
        problem = f"has {len(text)} characters; {most} are possible"
        raise InvalidDraft("That is too long.", [{"field": field, "problem": problem}])


@transaction.atomic
def answer_question(
    *,
    question_id: UUID,
    by: str,
    text: str,
    changes: Mapping[UUID, Mapping[str, Any]],
    now: datetime,
    sources: Mapping[UUID, list[Any]] | None = None,
    agent_id: UUID | None = None,
) -> Proposal:
    """Answer a question, perhaps with new parameters by change, which policy decides on anew.

    Only for the actor who submitted the proposal, or another key of the agent from outside
    (`agent_id`: whose key answers) that did. A change makes a new revision that waits, and
    votes on the earlier one no longer count; `sources` are those of the new texts, by change; a
    text that stays keeps its own, and a new one that is not named tells nothing of them. Raises
    `Question.DoesNotExist`, `Answered`, `NotAuthorised`, `InvalidDraft`; with changes also
    `DeniedByPolicy`, and `AlreadyDecided` where none are possible any more.
    """
    check_text(text, "text", LONGEST_ANSWER)
    asked = Question.objects.only("proposal_id").get(pk=question_id)
    proposal = statements.locked(asked.proposal_id)
    question = Question.objects.select_for_update().get(pk=question_id)
    if question.answered_at is not None:
        raise Answered(Answered.__doc__)
    if by != proposal.submitted_by and not is_of_its_agent(proposal, agent_id):
        raise NotAuthorised("Only who submitted the proposal answers questions about it.")
    changed = revise(proposal, changes, sources or {}, by=by, now=now) if changes else []
    question.answered_by, question.answer = by, text.strip()
    question.answered_at, question.changed = now, changed
    question.save(update_fields=["answered_by", "answer", "answered_at", "changed"])
    event = ProposalAnswered(
        revision=proposal.revision,
        question=str(question.pk),
        text=question.answer,
        changed=changed,
    )
    record_all([proposal_fact(event, proposal, by=by)], now=now)
    return proposal


def is_of_its_agent(proposal: Proposal, agent_id: UUID | None) -> bool:
    """Whether this agent from outside proposed it, with whichever of its keys."""
    return bool(agent_id and key_in(proposal.submitted_by)) and proposal.agent_id == agent_id


def revise(
    proposal: Proposal,
    wanted: Mapping[UUID, Mapping[str, Any]],
    sources: Mapping[UUID, list[Any]],
    *,
    by: str,
    now: datetime,
) -> list[dict[str, Any]]:
    """Put other parameters before the reviewers; the differences ({change, field, before, after}).

    What it is aimed at stays; its state is that which was seen last. The title names the new
    values then; the log has the one it had.
    """
    if proposal.state != State.WAITING or proposal.expires_at <= now:
        raise AlreadyDecided("This proposal is no longer open: it can be answered, not changed.")
    rows = open_changes(proposal)
    check_edited(wanted, rows)
    was, texts = {row.pk: row.after for row in rows}, {row.pk: text_of(row.params) for row in rows}
    changed = [moved for row in rows for moved in rewrite(row, wanted.get(row.pk, {}))]
    if not changed:
        return []
    cite(proposal, rows, texts, sources)
    proposal.title = renewed(proposal.title, changed, price_moves(rows, was))
    give_back(proposal, rows, changed, now=now, by=by)
    if proposal.state != State.WAITING:
        raise DeniedByPolicy(f"The policy denies this answer's changes: {denials(rows)}")
    Change.objects.bulk_update(rows, ["proposed", "sources"])
    return changed


def cite(
    proposal: Proposal,
    rows: Sequence[Change],
    texts: Mapping[UUID, str],
    sources: Mapping[UUID, list[Any]],
) -> None:
    """Give rewritten changes the sources of their texts, not saved yet; `texts` are the earlier.

    Raises `InvalidDraft` for those of no such change, paragraph or evidence.
    """
    known, evidence = {row.pk for row in rows}, len(proposal.evidence)
    problems = [f"{pk} is not an open change" for pk in sources if pk not in known]
    for row in rows:
        text = text_of(row.params)
        if row.pk in sources:
            problems += misplaced(f"change {row.position}", text, sources[row.pk], evidence)
            row.sources = sources[row.pk]
        elif text != texts[row.pk]:
            row.sources = []
    refuse_sources(problems)


def rewrite(change: Change, wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give a change other parameters, not saved yet; the differences."""
    params = checked_edit(change, wanted)
    differences = [
        {"change": str(change.pk), "field": d.path, "before": d.before, "after": d.after}
        for d in diff(change.params, params)
    ]
    if differences:
        put(change, params)
        change.proposed = params
    return differences


def denials(changes: Sequence[Change]) -> str:
    """Why the policy denies these."""
    decisions = [change.decision for change in changes if change.decision]
    return " ".join(decision.reason for decision in decisions if decision.outcome == "deny")
