"""No customer's message is lost: each ends in an outcome, or stands in somebody's inbox."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.agents import operations, referring
from apps.agents.models import Agent, CaseState, Handled
from apps.agents.playbooks.refund_desk.sense import Case
from apps.audit.models import Event
from apps.gateway.models import Connector
from apps.policies import operations as policies
from apps.proposals import operations as proposals
from apps.proposals.models import Change, Proposal, State
from tests.conftest import Cast
from tests.contract.shops import Shop
from tests.factories import agents as make
from tests.factories import cases


def test_what_was_proposed_stands_until_it_is_decided(
    agent: Agent, case: Case, cast: Cast, moment: datetime
) -> None:
    """Then the case has ended, and nothing of its draft is kept."""
    cases.work(agent, moment)
    proposal = Proposal.objects.get()
    row = cases.the_case(case)
    assert (row.state, row.proposal_id, row.rung) == (CaseState.STANDING, proposal.pk, 0)
    proposals.reject(proposal_id=proposal.pk, user=cast.olga, binding=proposal.binding,
                     reason="Not broken.", now=moment)  # fmt: skip
    assert referring.follow_up(clock=lambda: moment) == 1
    row.refresh_from_db()
    assert (row.state, row.draft, row.reason) == (CaseState.ENDED, None, "")
    assert Proposal.objects.count() == 1


def test_a_message_whose_target_is_taken_is_put_beside_it(
    agent: Agent, case: Case, cast: Cast, moment: datetime
) -> None:
    """One cent on a payment silences nobody: the complaint is in the inbox, with what was meant."""
    cent = cases.take_the_payment(agent, case, moment)
    cases.work(agent, moment)
    asked = Proposal.objects.exclude(pk=cent.pk).get()
    assert asked in cases.inbox(agent, cast.olga, moment)
    assert asked.state == State.WAITING
    assert asked.title.startswith("A person is needed: Refund")
    assert case.message.body[:40] in cases.words_of(asked)
    assert "Another proposal about the same thing is open" in cases.words_of(asked)
    assert [change.action for change in asked.changes.all()] == ["send_message"]
    assert cases.the_case(case).proposal_id == asked.pk
    assert cases.work(agent, moment + timedelta(minutes=1)).summary
    assert Proposal.objects.count() == 2


def test_two_messages_about_one_order_are_both_there(
    agent: Agent, case: Case, cast: Cast, shop: Shop, moment: datetime
) -> None:
    """The second one, which asks for the same money, is not swallowed by the first."""
    second = make.write(shop, case.message.sender, "Still damaged",
                        f"Once more: {case.message.body}", case.number)  # fmt: skip
    cases.work(agent, timezone.now())
    keys = {case.key, f"message:{second}"}
    rows = Handled.objects.filter(key__in=keys)
    assert rows.count() == 2
    assert {row.state for row in rows} == {CaseState.STANDING}
    assert len({row.proposal_id for row in rows}) == 2
    shown = {one.pk for one in cases.inbox(agent, cast.olga, timezone.now())}
    assert {row.proposal_id for row in rows} <= shown
    asked = Proposal.objects.get(case__message_id=second)
    assert asked.title.startswith("A person is needed")
    assert "Still damaged" in cases.words_of(asked)
    earlier = [entry for entry in asked.evidence if entry["kind"] == "earlier_message"]
    assert case.message.body[:40] in str(earlier[0]["detail"]["wrote"])


def test_a_follow_up_to_what_waits_is_put_beside_it(
    agent: Agent, case: Case, cast: Cast, shop: Shop, moment: datetime
) -> None:
    """In a later run: with the thread, and without a second claim of its own."""
    cases.work(agent, timezone.now())
    first = Proposal.objects.get()
    second = make.write(shop, case.message.sender, "Any news?",
                        f"I still wait. {case.message.body}", case.number)  # fmt: skip
    cases.work(agent, timezone.now())
    asked = Proposal.objects.get(case__message_id=second)
    assert asked.state == State.WAITING
    assert [change.action for change in asked.changes.all()] == ["send_message"]
    [earlier] = [entry for entry in asked.evidence if entry["kind"] == "earlier_message"]
    assert earlier["proposal_id"] == str(first.pk)
    assert earlier["detail"]["stands"] == "waiting"
    assert {first.pk, asked.pk} <= {one.pk for one in cases.inbox(agent, cast.olga, timezone.now())}


def test_what_policy_denies_is_put_before_a_person(
    agent: Agent, case: Case, cast: Cast, moment: datetime
) -> None:
    """The customer is not left without a word because a rule says no."""
    cases.deny_refunds(agent.workspace, moment)
    cases.work(agent, moment)
    assert Proposal.objects.filter(state=State.DENIED).count() == 1
    asked = Proposal.objects.get(state=State.WAITING)
    assert "Policy denies what was planned" in cases.words_of(asked)
    assert asked in cases.inbox(agent, cast.olga, moment)
    assert cases.the_case(case).proposal_id == asked.pk


def test_a_sender_nobody_can_answer_reaches_a_person_all_the_same(
    agent: Agent, shop: Shop, case: Case, cast: Cast, moment: datetime
) -> None:
    """No reply can be proposed, so the case stands in the inbox without one, and never expires."""
    cases.leave(agent, [case.key], moment)
    sent = make.write(shop, "no address at all", "Where is it?", "Where is my order #1?")
    now = timezone.now()
    cases.work(agent, now)
    row = Handled.objects.get(key=f"message:{sent}")
    asked = Proposal.objects.get(pk=row.proposal_id)
    assert (row.state, row.rung) == (CaseState.STANDING, referring.CASE)
    assert (asked.state, asked.changes.count()) == (State.NEEDS_PERSON, 0)
    assert asked in cases.inbox(agent, cast.olga, now)
    assert "Where is my order #1?" in cases.words_of(asked)
    assert "could not be proposed" in cases.words_of(asked)
    event = Event.objects.get(kind="proposal.referred")
    assert event.subject_id == str(asked.pk)
    late = now + timedelta(days=400)
    assert proposals.expire(now=late) == 0
    assert asked in cases.inbox(agent, cast.olga, late)
    proposals.resolve(proposal_id=asked.pk, user=cast.olga, happened=True,
                      reason="I telephoned.", now=now)  # fmt: skip
    referring.follow_up(clock=lambda: now)
    row.refresh_from_db()
    assert row.state == CaseState.ENDED


@pytest.mark.parametrize("happened", [True, False])
def test_a_referred_case_ends_by_what_a_person_says(
    agent: Agent, case: Case, cast: Cast, moment: datetime, happened: bool
) -> None:
    """Seen to, or nothing to be done: both are decisions, and the case does not come back."""
    Connector.objects.filter(kind="mail").update(enabled=False)
    cases.work(agent, moment)
    asked = Proposal.objects.get(state=State.NEEDS_PERSON)
    told = proposals.resolve(proposal_id=asked.pk, user=cast.olga, happened=happened,
                             reason="I wrote.", now=moment)  # fmt: skip
    assert told.state == (State.DONE if happened else State.REJECTED)
    referring.follow_up(clock=lambda: moment)
    assert cases.the_case(case).state == CaseState.ENDED
    assert referring.follow_up(clock=lambda: moment) == 0


@pytest.mark.parametrize(
    ("ended", "says"),
    [
        (State.EXPIRED, "Nobody decided in time"),
        (State.FAILED, "The back end refused"),
        (State.DENIED, "Policy denied"),
    ],
)
def test_what_closes_without_an_answer_comes_back_once_more(
    agent: Agent, case: Case, cast: Cast, moment: datetime, ended: State, says: str
) -> None:
    """As a reply to judge, then as a case that does not expire; and that is the end of it."""
    cases.work(agent, moment)
    for rung in (1, 2):
        Proposal.objects.filter(state=State.WAITING).update(state=ended, settled_at=moment)
        Change.objects.update(is_open=False)
        operations.resume(now=moment)
        row = cases.the_case(case)
        assert (row.state, row.rung) == (CaseState.STANDING, rung)
        asked = Proposal.objects.get(pk=row.proposal_id)
        assert says in cases.words_of(asked)
        assert asked in cases.inbox(agent, cast.olga, moment)
    assert asked.state == State.NEEDS_PERSON
    for _ in range(5):
        operations.resume(now=moment + timedelta(days=30))
        cases.work(agent, moment + timedelta(days=30))
    assert Proposal.objects.count() == 3


def test_what_a_person_says_did_not_happen_is_decided(
    agent: Agent, case: Case, cast: Cast, moment: datetime
) -> None:
    """A failed outcome that somebody has looked at needs nobody else to look."""
    cases.work(agent, moment)
    proposal = Proposal.objects.get()
    Proposal.objects.update(state=State.NEEDS_PERSON)
    proposals.resolve(proposal_id=proposal.pk, user=cast.olga, happened=False,
                      reason="Nothing arrived; I telephoned.", now=moment)  # fmt: skip
    proposal.refresh_from_db()
    assert proposal.state == State.FAILED
    operations.resume(now=moment)
    assert cases.the_case(case).state == CaseState.ENDED
    assert Proposal.objects.count() == 1


def test_a_permissive_policy_sends_no_holding_reply_by_itself(
    agent: Agent, shop: Shop, case: Case, cast: Cast, moment: datetime
) -> None:
    """Where a person is needed a person looks, whatever the policy lets pass."""
    rules = [{"name": "all", "when": "true", "outcome": "allow", "reason": "Anything goes."}]
    version = policies.draft(workspace=agent.workspace, name="Refunds and replies", rules=rules,
                             limits={}, by="test", now=moment)  # fmt: skip
    policies.publish(version=version, by="test", now=moment)
    cases.leave(agent, [case.key], moment)
    make.write(shop, "bea@example.com", "Question", "Do you also have this in a larger size?")
    now = timezone.now()
    cases.work(agent, now)
    asked = Proposal.objects.get()
    assert asked.state == State.WAITING
    assert asked.title.startswith("A person is needed")


def test_the_rule_says_nothing_of_cases_nobody_waits_for(
    workspace: Workspace, shop: Shop, cast: Cast, moment: datetime
) -> None:
    """A price that policy denies is denied: the next run looks again."""
    make.connect(workspace, shop, moment)
    repricer = make.agent(workspace, "repricing", moment, settings={"batch": 12})
    cases.work(repricer, moment)
    assert Proposal.objects.filter(state=State.DENIED).exists()
    assert set(Handled.objects.values_list("state", flat=True)) == {CaseState.ENDED}
    assert not Proposal.objects.filter(state=State.NEEDS_PERSON).exists()
