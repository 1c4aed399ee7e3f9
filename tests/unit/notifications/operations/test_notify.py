"""From the log to the outbox: who is told of what, once, and when."""

from datetime import time, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from uuid_utils.compat import uuid7

from apps.accounts import operations as accounts
from apps.agents import loop
from apps.agents.models import Agent, Run
from apps.audit.events.runs import RunFailed
from apps.audit.operations import sequence
from apps.gateway.health import evolve
from apps.gateway.models import Execution
from apps.gateway.operations import outcome
from apps.gateway.switches import engage
from apps.inference import budgets
from apps.inference import operations as inference
from apps.inference.budgets import BudgetExhausted
from apps.inference.models import Budget
from apps.notifications import operations, relevance
from apps.notifications.links import page_of
from apps.notifications.models import Notice, Preference
from apps.policies import operations as policies
from apps.policies import publishing
from apps.policies.currencies import keep_rates
from apps.policies.exchange import Rate
from apps.proposals import operations as proposals
from apps.proposals.operations import Origin
from tests.conftest import LIMITS, RULES
from tests.factories.proposals import at_risk, propose
from tests.unit.notifications.conftest import read

pytestmark = pytest.mark.django_db(transaction=True)


def told(notices, kind):
    """Who is told of a kind, by name."""
    return {n.recipient.name if n.recipient else n.channel.name for n in notices if n.kind == kind}


class TestAProposalThatWaits:
    def test_is_told_to_whose_authority_covers_it(self, world, workspace, now):
        """15 to all reviewers, 100 not to Jun, who may decide up to 20; nobody elsewhere."""
        small, large = propose(workspace, "15", now=now), propose(workspace, "100", now=now)
        notices = read(now)
        assert told([n for n in notices if n.proposal == small], "waiting") == {
            "Jun",
            "Rita",
            "Olga",
        }
        assert told([n for n in notices if n.proposal == large], "waiting") == {"Rita", "Olga"}

    def test_is_not_told_to_who_caused_it(self, world, workspace, now):
        """Neither the submitter nor whom it was submitted for."""
        own = Origin(by=world.rita.actor, trigger="api")
        asked = Origin(by="agent:x", trigger="person", on_behalf_of=world.olga.actor)
        first = propose(workspace, "15", now=now, origin=own)
        second = propose(workspace, "15", now=now, origin=asked)
        notices = read(now)
        assert told([n for n in notices if n.proposal == first], "waiting") == {"Jun", "Olga"}
        assert told([n for n in notices if n.proposal == second], "waiting") == {"Jun", "Rita"}

    def test_is_told_once_however_often_the_log_is_read(self, world, workspace, now):
        """The cursor moves with the rows, and the key is unique besides."""
        propose(workspace, "15", now=now)
        first = read(now)
        assert [n.pk for n in read(now)] == [n.pk for n in first]
        with connection.cursor() as sql:
            sql.execute("UPDATE audit_cursor SET index = 0 WHERE name = 'notifications'")
        assert [n.pk for n in read(now)] == [n.pk for n in first]

    def test_that_policy_allows_is_told_to_nobody(self, world, workspace, now):
        """Nothing waits."""
        propose(workspace, "5", now=now)
        assert read(now) == []

    def test_is_told_again_before_it_is_due(self, world, workspace, now):
        """An hour before; what is decided by then is dropped when its turn comes."""
        proposal = propose(workspace, "15", now=now)
        [notice, *_] = [n for n in read(now) if n.kind == "due"]
        assert proposal.due_at - notice.due_at <= timedelta(hours=1)

    def test_and_is_old_news_is_told_to_nobody(self, world, workspace, now):
        """A log that is read a day late tells nobody."""
        propose(workspace, "15", now=now)
        assert read(now + timedelta(hours=25)) == []


class TestWhatAPersonChose:
    def test_kinds_and_risk(self, world, workspace, choose, now):
        """Only what they ticked, from the risk on they chose."""
        choose(world.rita, kinds=["returned"])
        choose(world.olga, minimum_risk="high")
        propose(workspace, "15", now=now)
        assert told(read(now), "waiting") == {"Jun"}

    def test_all_and_not_only_what_they_may_decide(self, world, workspace, choose, now):
        """Otto decides nothing, and wants to know of everything."""
        choose(world.otto, decidable_only=False)
        propose(workspace, "100", now=now)
        assert told(read(now), "waiting") == {"Rita", "Olga", "Otto"}

    def test_nothing_by_mail(self, world, workspace, choose, channel, now):
        """Their own channel instead; a chosen channel that is off gets nothing."""
        mine, off = channel(), channel(name="off", enabled=False)
        choose(world.rita, mine, off, by_mail=False)
        propose(workspace, "100", now=now)
        assert {n.channel for n in read(now) if n.recipient == world.rita} == {mine}

    def test_together_and_not_at_night(self, world, workspace, choose, now):
        """A window's end, then the morning."""
        choose(world.rita, rhythm="minutes", every_minutes=30)
        choose(world.olga, quiet_from=time(8), quiet_until=time(12))
        propose(workspace, "100", now=now)
        due = {n.recipient: n.due_at for n in read(now) if n.kind == "waiting"}
        assert due[world.rita] == now + timedelta(minutes=30)
        assert due[world.olga] == now + timedelta(hours=3)


class TestEscalation:
    def test_goes_up_and_then_to_owners(self, world, workspace, now):
        """15 waits: Rita and Olga may decide more than Jun; Olga is an owner, told once."""
        proposal = propose(workspace, "15", now=now)
        late = proposal.due_at
        assert proposals.escalate(now=late) == 1
        notices = [n for n in read(late) if n.kind == "overdue"]
        assert told(notices, "overdue") == {"Rita", "Olga"}
        assert {n.due_at for n in notices} == {late}

    def test_goes_above_whoever_holds_it(self, world, workspace, now):
        """Rita holds it: only Olga may decide more."""
        proposal = propose(workspace, "15", now=now)
        late = proposal.due_at
        proposals.claim(proposal_id=proposal.pk, user=world.rita, now=late)
        proposals.escalate(now=late)
        assert told(read(late), "overdue") == {"Olga"}

    def test_compares_authority_in_one_currency(self, world, workspace, now):
        """A hundred thousand yen that Jun may approve are no more than 500 euros."""
        accounts.authorise(
            workspace=workspace, user=world.jun, action="set_price", ceiling=Decimal(100_000),
            currency="JPY", by="test", now=now,
        )  # fmt: skip
        late = propose(workspace, "15", now=now).due_at
        proposals.escalate(now=late)
        assert told(read(late), "overdue") == {"Rita", "Olga"}

    def test_waits_for_the_owners_while_others_are_told(self, world, workspace, now):
        """An owner who may not decide it is told half an hour later."""
        owner = world.otto
        accounts.add_member(workspace=workspace, user=owner, role="owner", by="test", now=now)
        late = propose(workspace, "15", now=now).due_at
        proposals.escalate(now=late)
        due = {n.recipient: n.due_at for n in read(late) if n.kind == "overdue"}
        assert due == {world.rita: late, world.olga: late, owner: late + timedelta(minutes=30)}

    def test_pierces_quiet_hours_only_if_asked_and_of_high_risk(
        self, world, workspace, choose, now
    ):
        """A person's own word, and nothing less than high risk."""
        quiet = {"quiet_from": time(0), "quiet_until": time(23, 59), "pierces": True}
        choose(world.olga, **quiet)
        choose(world.rita, **(quiet | {"pierces": False}))
        high = at_risk(propose(workspace, "15", now=now), "high")
        low = propose(workspace, "16", now=now)
        late = max(high.due_at, low.due_at)
        proposals.escalate(now=late)
        due = {(n.recipient, n.proposal_id): n.due_at for n in read(late) if n.kind == "overdue"}
        assert due[(world.olga, high.pk)] == late
        assert due[(world.olga, low.pk)] > late
        assert due[(world.rita, high.pk)] > late

    def test_is_not_for_who_wants_none(self, world, workspace, choose, now):
        """Escalations have a choice of their own."""
        choose(world.olga, escalations=False)
        late = propose(workspace, "15", now=now).due_at
        proposals.escalate(now=late)
        assert told(read(late), "overdue") == {"Rita"}


def test_whoever_holds_a_proposal_long_is_reminded(world, workspace, now):
    """A quarter of an hour after they took it."""
    proposal = propose(workspace, "15", now=now)
    proposals.claim(proposal_id=proposal.pk, user=world.jun, now=now)
    [notice] = [n for n in read(now) if n.kind == "claimed"]
    assert (notice.recipient, notice.due_at) == (world.jun, now + timedelta(minutes=15))


def test_whoever_asked_is_told_of_the_answer(world, workspace, now):
    """And nobody else."""
    proposal = propose(workspace, "15", now=now)
    asked = proposals.ask(proposal_id=proposal.pk, user=world.jun, text="Why?", now=now)
    proposals.answer_question(
        question_id=asked.pk, by=proposal.submitted_by, text="So.", changes={}, now=now
    )
    assert told(read(now), "answered") == {"Jun"}


def test_operators_hear_of_a_stop_and_of_a_back_end_that_is_away(world, workspace, connector, now):
    """Owners and operators, and not whoever pulled the switch."""
    engage(workspace=workspace, scope="workspace", target="", by=world.otto.actor,
           reason="Odd prices.", now=now)  # fmt: skip
    for _ in range(5):
        evolve(connector, answered=False, error="refused sk_canary", now=now)
    notices = read(now)
    assert told(notices, "stopped") == {"Olga"}
    assert told(notices, "away") == {"Olga", "Otto"}
    assert not any("canary" in n.detail for n in notices)


def test_everybody_hears_of_a_policy_that_would_let_more_through(world, workspace, now):
    """Also who cannot agree to it, as long as it waits; not its author; with when that is over."""

    def asks(most):
        version = policies.draft(workspace=workspace, name="Guardrails", rules=RULES, now=now,
                                 limits=LIMITS | {"most": most}, by=world.olga.actor)  # fmt: skip
        return publishing.submit(version=version, by=world.olga.actor, now=now)

    waits = asks(2000)
    notices = read(now)
    assert told(notices, "policy") == {"Otto", "Rita", "Jun"}
    assert "Guardrails v2 lets something new through" in notices[0].detail
    publishing.turn_down(publication=waits, user=world.otto, now=now)
    assert relevance.is_decided(notices[0])
    asks(3000)
    assert not relevance.is_decided(notices[0])


def test_operators_hear_of_rates_that_have_moved(world, workspace, now):
    """Limits in another currency are worth something else; who kept them knows."""
    rate = Rate(base="EUR", quote="JPY", rate=Decimal(178), as_of=now.date(), source="ECB")
    keep_rates(workspace=workspace, rates=[rate], by=world.otto.actor, now=now)
    notices = read(now)
    assert told(notices, "rates") == {"Olga"}
    assert "1 EUR = 178 JPY (ECB" in notices[0].detail
    assert page_of(notices[0]).endswith("/trace/")


def test_operators_hear_of_a_run_that_failed(world, workspace, now):
    """Of one agent failing in one stage once an hour; not what a back end said; with a link."""
    agent = Agent.objects.create(
        workspace=workspace, name="Desk", playbook="refund_desk", created_at=now
    )

    def fail(at):
        run = Run.objects.create(workspace=workspace, agent=agent, trigger="schedule", state="failed",
                                 started_by="clock", not_before=at, started_at=at, finished_at=at)  # fmt: skip
        with transaction.atomic():
            loop.record_of_run(run, RunFailed(stage="plan", error="refused sk_canary"), now=at)
        return run

    first = fail(now)
    notices = read(now)
    assert told(notices, "run_failed") == {"Olga", "Otto"}
    assert {n.detail for n in notices} == {
        "An agent failed to plan; see why, and have it try again"
    }
    assert page_of(notices[0]).endswith(f"/runs/{first.pk}/")
    fail(now + timedelta(minutes=5))
    assert len(read(now + timedelta(minutes=5))) == 2
    fail(now + timedelta(hours=1))
    assert len(read(now + timedelta(hours=1))) == 4


def test_a_refused_action_is_told_to_operators_and_its_approver(world, workspace, now):
    """Rita approved it; Jun had nothing to do with it."""
    proposal = propose(workspace, "100", now=now)
    proposals.approve(proposal_id=proposal.pk, user=world.rita, binding=proposal.binding, now=now)
    execution = Execution.objects.get()
    from_gateway(execution, now)
    notices = read(now)
    assert told(notices, "failed") == {"Rita", "Otto", "Olga"}
    assert {n.proposal_id for n in notices if n.kind == "failed"} == {proposal.pk}


def from_gateway(execution, now):
    """The back end refuses the execution."""
    Execution.objects.update(state="calling", worker="w")
    execution.refresh_from_db()
    outcome.finish(
        [outcome.Outcome(execution=execution, state="refused", error="No such price.")], now=now
    )


class TestABudgetThatIsUsedUp:
    def refuse(self, workspace, agent_id, now, *, scope="run", limit="0.5"):
        """A budget, and a call it does not cover."""
        budget = inference.set_budget(
            workspace=workspace, scope=scope, scope_id=uuid7(), limit=Decimal(limit)
        )
        refused = BudgetExhausted(budget, Decimal("0.75"))
        budgets.record_exhausted(refused, agent_id=agent_id, run_id=uuid7(), now=now)
        return budget

    def test_is_told_to_operators_once_a_day_for_an_agents_runs(self, world, workspace, now):
        """However many of its runs it stops; another agent, and the next day, are news."""
        anna, bert = uuid7(), uuid7()
        for _ in range(3):
            self.refuse(workspace, anna, now)
        notices = [n for n in read(now) if n.kind == "budget"]
        assert told(notices, "budget") == {"Otto", "Olga"}
        assert len(notices) == 2
        assert "0.5 USD" in notices[0].detail
        self.refuse(workspace, bert, now + timedelta(hours=1))
        self.refuse(workspace, anna, now + timedelta(days=1))
        assert len(read(now + timedelta(days=1))) == 6

    def test_of_a_workspace_is_told_again_once_it_was_raised(self, world, workspace, now):
        """Once for each limit; the notice leads to the runs."""
        budget = self.refuse(workspace, None, now, scope="workspace")
        again = BudgetExhausted(budget, Decimal(9))
        budgets.record_exhausted(again, agent_id=None, run_id=None, now=now)
        assert len(read(now)) == 2
        Budget.objects.update(limit=Decimal(7))
        budgets.record_exhausted(again, agent_id=None, run_id=None, now=now)
        *_, newest = read(now)
        assert Notice.objects.count() == 4
        assert "workspace (7 USD)" in newest.detail
        assert page_of(newest).endswith("/runs/")


class TestChannelsForAll:
    def test_are_told_what_they_listen_for(self, world, workspace, channel, now):
        """One row for the channel, whoever else is told."""
        channel(kinds=["waiting"])
        channel(name="risky", kinds=["waiting"], minimum_risk="high")
        propose(workspace, "15", now=now)
        listening = [n for n in read(now) if n.recipient is None]
        assert told(listening, "waiting") == {"webhook"}

    def test_of_another_workspace_hear_nothing(self, world, elsewhere, workspace, now):
        """Mallory's channel and Mallory."""
        operations.configure_channel(
            workspace=elsewhere, name="theirs", kind="mail", address="m@example.com", secret="",
            kinds=["waiting", "stopped"], by="test", now=now,
        )  # fmt: skip
        propose(workspace, "15", now=now)
        notices = read(now)
        assert {n.workspace_id for n in notices} == {workspace.pk}
        assert world.mallory not in {n.recipient for n in notices}


def test_the_cost_does_not_grow_with_what_happened_before(world, workspace, now):
    """As many statements for one new proposal behind a hundred as behind none."""

    def cost():
        propose(workspace, "15", now=now)
        sequence()
        with CaptureQueriesContext(connection) as captured:
            operations.notify(now=now)
        return len(captured)

    Preference.objects.create(workspace=workspace, user=world.rita)
    first = cost()
    for _ in range(100):
        propose(workspace, "15", now=now)
    read(now)
    assert cost() <= first
