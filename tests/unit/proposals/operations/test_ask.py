"""Asking the proposer, and what an answer may change."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.accounts.models import User, Workspace
from apps.proposals import operations, queries
from apps.proposals.models import Proposal, Question, State
from apps.proposals.operations import (
    AlreadyDecided,
    Answered,
    DeniedByPolicy,
    Draft,
    InvalidDraft,
    NotAuthorised,
    StaleApproval,
)
from tests.conftest import Cast
from tests.factories.proposals import AGENT, letter, letters, propose

from .conftest import Told

LATER = timedelta(minutes=5)


def ask(proposal: Proposal, user: User, now: datetime, text: str = "Why so low?") -> Question:
    """Ask about it."""
    return operations.ask(proposal_id=proposal.pk, user=user, text=text, now=now)


def answer(question: Question, now: datetime, **more: Any) -> Proposal:
    """Answer as the agent that proposed it."""
    given = {"by": AGENT.by, "text": "Because of the market.", "changes": {}, **more}
    return operations.answer_question(question_id=question.pk, now=now, **given)


def amount(proposal: Proposal, value: str) -> dict[Any, dict[str, str]]:
    """Another amount for its only change."""
    return {proposal.changes.get().pk: {"amount": value}}


def approve(proposal: Proposal, user: User, now: datetime) -> Proposal:
    """Approve it as it is."""
    return operations.approve(proposal_id=proposal.pk, user=user, binding=proposal.binding, now=now)


def test_it_stays_open_while_it_is_asked_about(
    waiting: Proposal, world: Cast, now: datetime, told: Told
) -> None:
    """It can be decided without the answer; the question is there to be answered at once."""
    question = ask(waiting, world.jun, now)
    assert queries.questions_of(waiting) == [question]
    assert (question.not_before, question.answered_at) == (now, None)
    fields = {"question": str(question.pk), "text": "Why so low?", "revision": 1}
    assert told(waiting, "proposal.asked") == [("proposal.asked", world.jun.actor, fields)]
    assert approve(waiting, world.rita, now).state == State.APPROVED


def test_an_answer_in_words_changes_nothing(
    waiting: Proposal, world: Cast, now: datetime, told: Told
) -> None:
    """Same revision, same binding; it is answered once."""
    question = ask(waiting, world.rita, now)
    answered = answer(question, now + LATER)
    question.refresh_from_db()
    assert (question.answered_by, question.answer) == (AGENT.by, "Because of the market.")
    assert (question.answered_at, question.changed) == (now + LATER, [])
    assert (answered.revision, answered.binding) == (1, waiting.binding)
    assert len(told(waiting, "proposal.answered")) == 1
    with pytest.raises(Answered):
        answer(question, now + LATER)


def test_an_answer_with_changes_makes_a_new_revision(
    waiting: Proposal, world: Cast, now: datetime, told: Told
) -> None:
    """It says what changed, is decided on anew, and an approval of the old one is void."""
    question = ask(waiting, world.rita, now)
    revised = answer(question, now + LATER, changes=amount(waiting, "55"))
    change = revised.changes.get()
    difference = {
        "change": str(change.pk), "field": "amount", "before": "50.00", "after": "55.00",
    }  # fmt: skip
    assert (revised.state, revised.revision, revised.returned) == (State.WAITING, 2, [difference])
    assert change.params["amount"] == change.proposed["amount"] == "55.00"
    assert change.after["amount"] == "55.00"
    assert revised.amount == 55
    assert (revised.title, waiting.title) == ("Price to 55", "Price to 50")
    assert [fields["title"] for _, _, fields in told(
        waiting, "proposal.submitted", "proposal.returned"
    )] == ["Price to 50", "Price to 55"]  # fmt: skip
    question.refresh_from_db()
    assert question.changed == [difference]
    [(_, actor, fields)] = told(waiting, "proposal.returned")
    assert (actor, fields["changed"]) == (AGENT.by, [difference])
    with pytest.raises(StaleApproval):
        approve(waiting, world.rita, now + LATER)
    assert approve(revised, world.rita, now + LATER).state == State.APPROVED


def test_what_policy_would_allow_waits_all_the_same(
    waiting: Proposal, world: Cast, now: datetime
) -> None:
    """A reviewer asked, so a reviewer decides."""
    revised = answer(ask(waiting, world.rita, now), now, changes=amount(waiting, "5"))
    assert (revised.state, revised.reviewers) == (State.WAITING, 1)


def test_what_policy_denies_is_refused_whole(waiting: Proposal, world: Cast, now: datetime) -> None:
    """Neither answer nor change is kept."""
    question = ask(waiting, world.rita, now)
    with pytest.raises(DeniedByPolicy, match="Beyond"):
        answer(question, now, changes=amount(waiting, "5000"))
    waiting.refresh_from_db()
    question.refresh_from_db()
    assert (waiting.state, waiting.revision, question.answered_at) == (State.WAITING, 1, None)


@pytest.mark.parametrize(
    "changes",
    [{"amount": "-1"}, {"amount": "x"}, {"variant_id": "another"}, {"strange": "1"}],
)
def test_changes_that_do_not_fit(
    waiting: Proposal, world: Cast, now: datetime, changes: dict[str, str]
) -> None:
    """Not another target, not what the action does not know."""
    question = ask(waiting, world.rita, now)
    with pytest.raises(InvalidDraft):
        answer(question, now, changes={waiting.changes.get().pk: changes})


def test_changes_of_another_proposal(
    waiting: Proposal, world: Cast, workspace: Workspace, now: datetime
) -> None:
    """An answer speaks of its own."""
    other = propose(workspace, "60", now=now)
    with pytest.raises(InvalidDraft, match="elsewhere"):
        answer(ask(waiting, world.rita, now), now, changes=amount(other, "61"))


def test_votes_on_the_earlier_revision_do_not_count(
    of_two: Proposal, world: Cast, now: datetime
) -> None:
    """Who approved before has to look again."""
    question = ask(of_two, world.olga, now)
    approve(of_two, world.rita, now)
    revised = answer(question, now, changes=amount(of_two, "55"))
    assert approve(revised, world.olga, now).state == State.WAITING
    assert approve(revised, world.rita, now).state == State.APPROVED


def test_a_snoozed_one_wakes_when_the_answer_changes_it(
    waiting: Proposal, world: Cast, now: datetime, told: Told
) -> None:
    """There is something new to see."""
    question = ask(waiting, world.rita, now)
    operations.snooze(proposal_id=waiting.pk, user=world.rita, until=now + timedelta(hours=9),
                      on_change=False, now=now)  # fmt: skip
    assert answer(question, now, changes=amount(waiting, "55")).snoozed_until is None
    assert [fields["reason"] for _, _, fields in told(waiting, "proposal.woken")] == ["change"]


def test_only_the_proposer_answers(waiting: Proposal, world: Cast, now: datetime) -> None:
    """Neither another agent nor the person who asked."""
    question = ask(waiting, world.rita, now)
    for by in ("agent:another", world.rita.actor, ""):
        with pytest.raises(NotAuthorised):
            answer(question, now, by=by)


def test_what_is_decided_can_be_answered_not_changed(
    waiting: Proposal, world: Cast, now: datetime
) -> None:
    """The record is completed; the decision stays."""
    question = ask(waiting, world.rita, now)
    approve(waiting, world.rita, now)
    with pytest.raises(AlreadyDecided):
        answer(question, now, changes=amount(waiting, "55"))
    assert answer(question, now).state == State.APPROVED


def test_texts_that_say_nothing_or_too_much(waiting: Proposal, world: Cast, now: datetime) -> None:
    """Each is refused with its field."""
    for text in ("", "  ", "x" * 2001):
        with pytest.raises(InvalidDraft):
            ask(waiting, world.rita, now, text)
    question = ask(waiting, world.rita, now)
    for text in ("\n", "x" * 10_001):
        with pytest.raises(InvalidDraft):
            answer(question, now, text=text)


def test_who_may_ask(waiting: Proposal, world: Cast, now: datetime) -> None:
    """Reviewers of the workspace, while it is open."""
    with pytest.raises(NotAuthorised):
        ask(waiting, world.mallory, now)
    with pytest.raises(AlreadyDecided):
        ask(waiting, world.rita, now + timedelta(days=4))


@pytest.fixture
def written(world: Cast, workspace: Workspace, now: datetime) -> Proposal:
    """A letter of two paragraphs with its sources."""
    letters(workspace, now=now)
    draft = Draft(
        title="Answer", rationale="She asked.", changes=[letter("Hello,\n\nyour order 1001.")],
        evidence=[{"kind": "shop", "title": "Order #1001"}], sources={0: [[], [0]]},
    )  # fmt: skip
    [proposal] = operations.submit(workspace=workspace, drafts=[draft], origin=AGENT, now=now)
    assert proposal is not None
    return proposal


def rewritten(proposal: Proposal, now: datetime, user: User, **more: Any) -> list[list[int]]:
    """The sources of its text after an answer with these changes and sources."""
    change = proposal.changes.get()
    given = {name: {change.pk: value} for name, value in more.items()}
    answer(ask(proposal, user, now), now, **given)
    return list(proposal.changes.get().sources)


@pytest.mark.parametrize(
    ("changes", "sources", "then"),
    [
        ({"subject": "Order 1001"}, None, [[], [0]]),
        ({"body": "Order 1001 is here."}, [[0]], [[0]]),
        ({"body": "Order 1001 is here."}, None, []),
    ],
)
def test_a_rewritten_text_has_its_own_sources(
    written: Proposal, world: Cast, now: datetime, changes: dict[str, str],
    sources: list[list[int]] | None, then: list[list[int]],
) -> None:  # fmt: skip
    """A text that stays keeps those it had; a new one without any tells nothing."""
    more = {} if sources is None else {"sources": sources}
    assert rewritten(written, now, world.rita, changes=changes, **more) == then


@pytest.mark.parametrize("sources", [[], [[0], [0]], [[1]], [[-1]]])
def test_sources_that_do_not_fit_the_new_text(
    written: Proposal, world: Cast, now: datetime, sources: list[list[int]]
) -> None:
    """One list a paragraph, each place in the evidence; nothing is kept of such an answer."""
    with pytest.raises(InvalidDraft, match="sources do not fit"):
        rewritten(written, now, world.rita, changes={"body": "Here."}, sources=sources)
    assert written.changes.get().sources == [[], [0]]
