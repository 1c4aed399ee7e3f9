"""No customer's message is lost: each ends in an outcome, or stands in somebody's inbox."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.agents import operations, referring
from apps.agents.models import Agent, CaseState, Handled, Run
from apps.agents.playbooks.refund_desk import sense as desk
from apps.agents.playbooks.refund_desk.knobs import Knobs
from apps.agents.playbooks.refund_desk.sense import Case
from apps.audit.models import Event
from apps.gateway import switches
from apps.gateway.errors import Unreachable
from apps.gateway.models import Connector
from apps.policies import operations as policies
from apps.proposals import operations as proposals
from apps.proposals import queue
from apps.proposals.models import Change, Proposal, State
from apps.proposals.operations import Draft, Origin
from tests.conftest import Cast
from tests.contract.shops import Shop, demo_shop
from tests.factories import agents as make

OTHERS = Origin(by="key:integrator", trigger="api")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A demo shop."""
    with demo_shop(tmp_path_factory.mktemp("shop") / "ledger.sqlite") as started:
        yield started


@pytest.fixture
def moment() -> datetime:
    """The shop's messages are recent in real time."""
    return timezone.now()


@pytest.fixture
def agent(workspace: Workspace, shop: Shop, cast: Cast, moment: datetime) -> Agent:
    """A refund desk in a workspace with the demo shop."""
    make.connect(workspace, shop, moment)
    return make.agent(workspace, "refund_desk", moment)


@pytest.fixture
def case(agent: Agent, moment: datetime) -> Case:
    """A broken article on a paid order: a refund is due. All other messages have ended."""
    sensed = desk.sense(agent.workspace, Knobs(batch=100), now=moment)
    chosen = next(
        one for one in sensed.cases
        if "damaged" in one.message.subject.casefold() and one.order is not None
        and one.order.payment_status == "captured"
    )  # fmt: skip
    leave(agent, [one.key for one in sensed.cases if one.key != chosen.key], moment)
    return chosen


def leave(agent: Agent, keys: list[str], now: datetime) -> None:
    """These cases have ended."""
    run = Run.objects.create(workspace=agent.workspace, agent=agent, trigger="test", state="done",
                             started_by="test", not_before=now, started_at=now, finished_at=now)  # fmt: skip
    Handled.objects.bulk_create(
        Handled(workspace=agent.workspace, playbook="refund_desk", key=key, run=run, at=now)
        for key in keys
    )


def work(agent: Agent, now: datetime) -> Run:
    """A run of the desk, driven as far as it goes without a person."""
    run = operations.start(agent=agent, trigger="schedule", by="clock", now=now)
    make.drive(lambda: now)
    run.refresh_from_db()
    return run


def inbox(agent: Agent, user: Any, now: datetime) -> list[Proposal]:
    """What waits for this person."""
    return queue.queue(agent.workspace_id, user, now=now)


def take_the_payment(agent: Agent, case: Case, now: datetime) -> Proposal:
    """Somebody proposes to give one cent back on the payment: it is open from now on."""
    assert case.order is not None
    params = {"order_id": case.order.order_id, "payment_id": case.order.payments[0].payment_id,
              "amount": "0.01", "currency": case.order.currency}  # fmt: skip
    draft = Draft(title="A cent", rationale="", changes=[("refund_payment", params)])
    [proposal] = proposals.submit(workspace=agent.workspace, drafts=[draft], origin=OTHERS, now=now)
    assert proposal is not None
    assert proposal.state == State.WAITING
    return proposal


def deny_refunds(workspace: Workspace, now: datetime) -> None:
    """From now on policy gives no money back."""
    rules = [
        {"name": "no money", "actions": ["refund_payment"], "when": "true", "outcome": "deny",
         "reason": "Nothing is given back this week."},
        {"name": "replies wait", "actions": ["send_message"], "when": "true",
         "outcome": "review", "reason": "Everything is read."},
    ]  # fmt: skip
    version = policies.draft(
        workspace=workspace, name="Refunds and replies", rules=rules, limits={}, by="test", now=now
    )
    policies.publish(version=version, by="test", now=now)


def the_case(case: Case) -> Handled:
    """The row of the case."""
    return Handled.objects.get(key=case.key)


def words_of(proposal: Proposal) -> str:
    """All a person reads of it."""
    told = [f"{entry['title']} {entry['detail']}" for entry in proposal.evidence]
    return " ".join([proposal.title, proposal.rationale, *told])


def test_what_was_proposed_stands_until_it_is_decided(
    agent: Agent, case: Case, cast: Cast, moment: datetime
) -> None:
    """Then the case has ended, and nothing of its draft is kept."""
    work(agent, moment)
    proposal = Proposal.objects.get()
    row = the_case(case)
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
    cent = take_the_payment(agent, case, moment)
    work(agent, moment)
    asked = Proposal.objects.exclude(pk=cent.pk).get()
    assert asked in inbox(agent, cast.olga, moment)
    assert asked.state == State.WAITING
    assert asked.title.startswith("A person is needed: Refund")
    assert case.message.body[:40] in words_of(asked)
    assert "Another proposal about the same thing is open" in words_of(asked)
    assert [change.action for change in asked.changes.all()] == ["send_message"]
    assert the_case(case).proposal_id == asked.pk
    assert work(agent, moment + timedelta(minutes=1)).summary
    assert Proposal.objects.count() == 2


def test_two_messages_about_one_order_are_both_there(
    agent: Agent, case: Case, cast: Cast, shop: Shop, moment: datetime
) -> None:
    """The second one, which asks for the same money, is not swallowed by the first."""
    second = make.write(shop, case.message.sender, "Still damaged",
                        f"Once more: {case.message.body}", case.number)  # fmt: skip
    work(agent, timezone.now())
    keys = {case.key, f"message:{second}"}
    rows = Handled.objects.filter(key__in=keys)
    assert rows.count() == 2
    assert {row.state for row in rows} == {CaseState.STANDING}
    assert len({row.proposal_id for row in rows}) == 2
    shown = {one.pk for one in inbox(agent, cast.olga, timezone.now())}
    assert {row.proposal_id for row in rows} <= shown
    asked = Proposal.objects.get(case__message_id=second)
    assert asked.title.startswith("A person is needed")
    assert "Still damaged" in words_of(asked)
    earlier = [entry for entry in asked.evidence if entry["kind"] == "earlier_message"]
    assert case.message.body[:40] in str(earlier[0]["detail"]["wrote"])


def test_a_follow_up_to_what_waits_is_put_beside_it(
    agent: Agent, case: Case, cast: Cast, shop: Shop, moment: datetime
) -> None:
    """In a later run: with the thread, and without a second claim of its own."""
    work(agent, timezone.now())
    first = Proposal.objects.get()
    second = make.write(shop, case.message.sender, "Any news?",
                        f"I still wait. {case.message.body}", case.number)  # fmt: skip
    work(agent, timezone.now())
    asked = Proposal.objects.get(case__message_id=second)
    assert asked.state == State.WAITING
    assert [change.action for change in asked.changes.all()] == ["send_message"]
    [earlier] = [entry for entry in asked.evidence if entry["kind"] == "earlier_message"]
    assert earlier["proposal_id"] == str(first.pk)
    assert earlier["detail"]["stands"] == "waiting"
    assert {first.pk, asked.pk} <= {one.pk for one in inbox(agent, cast.olga, timezone.now())}


def test_what_policy_denies_is_put_before_a_person(
    agent: Agent, case: Case, cast: Cast, moment: datetime
) -> None:
    """The customer is not left without a word because a rule says no."""
    deny_refunds(agent.workspace, moment)
    work(agent, moment)
    assert Proposal.objects.filter(state=State.DENIED).count() == 1
    asked = Proposal.objects.get(state=State.WAITING)
    assert "Policy denies what was planned" in words_of(asked)
    assert asked in inbox(agent, cast.olga, moment)
    assert the_case(case).proposal_id == asked.pk


def test_a_sender_nobody_can_answer_reaches_a_person_all_the_same(
    agent: Agent, shop: Shop, case: Case, cast: Cast, moment: datetime
) -> None:
    """No reply can be proposed, so the case stands in the inbox without one, and never expires."""
    leave(agent, [case.key], moment)
    sent = make.write(shop, "no address at all", "Where is it?", "Where is my order #1?")
    now = timezone.now()
    work(agent, now)
    row = Handled.objects.get(key=f"message:{sent}")
    asked = Proposal.objects.get(pk=row.proposal_id)
    assert (row.state, row.rung) == (CaseState.STANDING, referring.CASE)
    assert (asked.state, asked.changes.count()) == (State.NEEDS_PERSON, 0)
    assert asked in inbox(agent, cast.olga, now)
    assert "Where is my order #1?" in words_of(asked)
    assert "could not be proposed" in words_of(asked)
    event = Event.objects.get(kind="proposal.referred")
    assert event.subject_id == str(asked.pk)
    late = now + timedelta(days=400)
    assert proposals.expire(now=late) == 0
    assert asked in inbox(agent, cast.olga, late)
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
    work(agent, moment)
    asked = Proposal.objects.get(state=State.NEEDS_PERSON)
    told = proposals.resolve(proposal_id=asked.pk, user=cast.olga, happened=happened,
                             reason="I wrote.", now=moment)  # fmt: skip
    assert told.state == (State.DONE if happened else State.REJECTED)
    referring.follow_up(clock=lambda: moment)
    assert the_case(case).state == CaseState.ENDED
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
    work(agent, moment)
    for rung in (1, 2):
        Proposal.objects.filter(state=State.WAITING).update(state=ended, settled_at=moment)
        Change.objects.update(is_open=False)
        operations.resume(now=moment)
        row = the_case(case)
        assert (row.state, row.rung) == (CaseState.STANDING, rung)
        asked = Proposal.objects.get(pk=row.proposal_id)
        assert says in words_of(asked)
        assert asked in inbox(agent, cast.olga, moment)
    assert asked.state == State.NEEDS_PERSON
    for _ in range(5):
        operations.resume(now=moment + timedelta(days=30))
        work(agent, moment + timedelta(days=30))
    assert Proposal.objects.count() == 3


def test_what_a_person_says_did_not_happen_is_decided(
    agent: Agent, case: Case, cast: Cast, moment: datetime
) -> None:
    """A failed outcome that somebody has looked at needs nobody else to look."""
    work(agent, moment)
    proposal = Proposal.objects.get()
    Proposal.objects.update(state=State.NEEDS_PERSON)
    proposals.resolve(proposal_id=proposal.pk, user=cast.olga, happened=False,
                      reason="Nothing arrived; I telephoned.", now=moment)  # fmt: skip
    proposal.refresh_from_db()
    assert proposal.state == State.FAILED
    operations.resume(now=moment)
    assert the_case(case).state == CaseState.ENDED
    assert Proposal.objects.count() == 1


def test_a_permissive_policy_sends_no_holding_reply_by_itself(
    agent: Agent, shop: Shop, case: Case, cast: Cast, moment: datetime
) -> None:
    """Where a person is needed a person looks, whatever the policy lets pass."""
    rules = [{"name": "all", "when": "true", "outcome": "allow", "reason": "Anything goes."}]
    version = policies.draft(workspace=agent.workspace, name="Refunds and replies", rules=rules,
                             limits={}, by="test", now=moment)  # fmt: skip
    policies.publish(version=version, by="test", now=moment)
    leave(agent, [case.key], moment)
    make.write(shop, "bea@example.com", "Question", "Do you also have this in a larger size?")
    now = timezone.now()
    work(agent, now)
    asked = Proposal.objects.get()
    assert asked.state == State.WAITING
    assert asked.title.startswith("A person is needed")


class TestBackEndsThatAreAway:
    """What cannot be looked at is waited for, and not for ever."""

    @pytest.fixture
    def open_case(self, agent: Agent, case: Case, moment: datetime) -> Handled:
        """A case to be put before a person."""
        work(agent, moment)
        Proposal.objects.update(state=State.EXPIRED, settled_at=moment)
        Change.objects.update(is_open=False)
        referring.close(now=moment, limit=10)
        return the_case(case)

    def test_ever_more_rarely_and_then_without_a_reply(
        self, open_case: Handled, case: Case, moment: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Five tries; then it is put before people without any action."""

        def away(**_: Any) -> None:
            raise Unreachable("no mail server")

        monkeypatch.setattr(referring.proposals, "examine", away)
        now, pauses = moment, []
        for _ in range(referring.MOST_TRIES - 1):
            assert referring.follow_up(clock=lambda now=now: now) == 0
            row = the_case(case)
            assert row.not_before is not None
            pauses.append((row.not_before - now).total_seconds())
            assert referring.follow_up(clock=lambda now=now: now) == 0
            now = row.not_before
        assert pauses == [4, 8, 16, 32]
        referring.follow_up(clock=lambda: now)
        assert referring.follow_up(clock=lambda: now) == 1
        assert the_case(case).rung == referring.CASE
        assert Proposal.objects.filter(state=State.NEEDS_PERSON).count() == 1

    def test_where_too_much_waits_it_waits_too(
        self, open_case: Handled, case: Case, moment: datetime, settings: Any
    ) -> None:
        """It is not lost, and floods nobody."""
        settings.PROPOSALS_WAITING_LIMIT = 0
        assert referring.follow_up(clock=lambda: moment) == 0
        assert the_case(case).state == CaseState.OPEN
        settings.PROPOSALS_WAITING_LIMIT = 1_000
        later = moment + timedelta(minutes=2)
        assert referring.follow_up(clock=lambda: later) == 1

    def test_a_stopped_agent_puts_nothing_before_people(
        self, open_case: Handled, case: Case, agent: Agent, moment: datetime
    ) -> None:
        """Until it is released."""
        switch = switches.engage(workspace=agent.workspace, scope="agent", target=str(agent.pk),
                                 reason="test", by="user:1", now=moment)  # fmt: skip
        assert referring.follow_up(clock=lambda: moment) == 0
        switches.release(switch=switch, by="user:1", now=moment)
        assert referring.follow_up(clock=lambda: moment) == 1

    def test_a_case_that_cannot_be_read_is_still_told(
        self, open_case: Handled, case: Case, moment: datetime
    ) -> None:
        """By its name, in the inbox."""
        Handled.objects.filter(pk=open_case.pk).update(draft={"made": "by another version"})
        assert referring.follow_up(clock=lambda: moment) == 1
        asked = Proposal.objects.get(state=State.NEEDS_PERSON)
        assert case.key in asked.title
        assert "cannot be read any more" in asked.rationale


def test_the_rule_says_nothing_of_cases_nobody_waits_for(
    workspace: Workspace, shop: Shop, cast: Cast, moment: datetime
) -> None:
    """A price that policy denies is denied: the next run looks again."""
    make.connect(workspace, shop, moment)
    repricer = make.agent(workspace, "repricing", moment, settings={"batch": 12})
    work(repricer, moment)
    assert Proposal.objects.filter(state=State.DENIED).exists()
    assert set(Handled.objects.values_list("state", flat=True)) == {CaseState.ENDED}
    assert not Proposal.objects.filter(state=State.NEEDS_PERSON).exists()


@pytest.mark.django_db(transaction=True)
def test_two_sweepers_put_a_case_before_people_once(
    agent: Agent, case: Case, moment: datetime
) -> None:
    """They look at the same row at the same moment; one of them writes."""
    work(agent, moment)
    Proposal.objects.update(state=State.EXPIRED, settled_at=moment)
    Change.objects.update(is_open=False)
    referring.close(now=moment, limit=10)
    [found] = referring.due(now=moment, limit=10)
    placed, gate = [], threading.Barrier(2)

    def sweep() -> None:
        gate.wait()
        try:
            placed.append(referring.place(found, clock=lambda: moment))
        finally:
            connection.close()

    sweepers = [threading.Thread(target=sweep) for _ in range(2)]
    for one in sweepers:
        one.start()
    for one in sweepers:
        one.join()
    assert sorted(placed) == [0, 1]
    assert Proposal.objects.filter(state=State.WAITING).count() == 1
