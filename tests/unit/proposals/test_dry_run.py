"""Dry runs say what would happen, and write nothing anywhere."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import InternalError

from apps.accounts.models import Workspace
from apps.audit.models import Event
from apps.gateway import operations as gateway
from apps.gateway import switches
from apps.gateway.connectors.null.client import NullClient
from apps.gateway.models import ActionSetting, Breaker, Connector, Execution, Grant
from apps.gateway.operations import Guard
from apps.policies import operations as policies
from apps.policies.models import Decision, Policy, Version
from apps.proposals import operations
from apps.proposals.models import Change, Proposal
from apps.proposals.operations import DryRunExecution, InvalidDraft
from tests.factories.proposals import AGENT, draft, propose

pytestmark = pytest.mark.usefixtures("connector", "policy")

ROWS = (Proposal, Change, Decision, Execution, Grant, Event)


def counts() -> list[int]:
    """How many rows of each kind there are."""
    return [model._default_manager.count() for model in ROWS]


def lines(ledger_url: str) -> int:
    """How many effects the ledger holds."""
    with psycopg.connect(ledger_url) as ledger:
        row = ledger.execute("SELECT count(*) FROM null_ledger").fetchone()
    assert row is not None
    return int(row[0])


def guards(execution: Execution, now: datetime) -> list[Guard]:
    """What stands in the way of the execution."""
    return [one.guard for one in dry_run_of(execution, now).obstacles]


def dry_run_of(execution: Execution, now: datetime) -> DryRunExecution:
    """The execution as it is in the database, run dry."""
    fresh = Execution.objects.select_related("connector").get(pk=execution.pk)
    return operations.dry_run_execution(fresh, now=now)


@pytest.fixture
def due(workspace: Workspace, now: datetime) -> Execution:
    """An execution policy allowed, not carried out."""
    proposal = propose(workspace, 5, now=now)
    return Execution.objects.get(subject_id=proposal.changes.get().pk)


class TestDraft:
    @pytest.mark.parametrize(
        ("amount", "state", "rule", "reviewers"),
        [(5, "approved", "small amounts pass", 0), (50, "waiting", "larger amounts wait", 1),
         (5000, "denied", "too much", 0)],
    )  # fmt: skip
    def test_says_what_submitting_would_do(
        self, workspace: Workspace, now: datetime, amount: int, state: str, rule: str,
        reviewers: int,
    ) -> None:  # fmt: skip
        """Verdict, quorum and effect are those of the real submission that follows."""
        one = draft(amount)
        dry_run = operations.dry_run_draft(workspace=workspace, draft=one, origin=AGENT, now=now)
        [seen] = dry_run.changes
        [real] = operations.submit(workspace=workspace, drafts=[one], origin=AGENT, now=now)
        assert real is not None
        change = real.changes.get()
        assert change.decision is not None
        assert (seen.decision.outcome, seen.decision.rule) == (change.decision.outcome, rule)
        assert seen.decision.version == change.decision.version
        assert seen.decision.facts == change.decision.facts
        assert (dry_run.proposal.state, dry_run.proposal.reviewers) == (state, reviewers)
        assert (real.state, real.reviewers) == (state, reviewers)
        assert dry_run.proposal.amount == real.amount
        assert (seen.before, seen.after) == (change.before, change.after)
        assert (seen.target, seen.params) == (change.target, change.params)

    def test_stale_evidence(self, workspace: Workspace, now: datetime) -> None:
        """What rests on a stale answer is said to wait for a person, as it really does."""
        stale = [{"kind": "stale", "title": "Prices of yesterday"}]
        one = replace(draft(5), evidence=stale)
        seen = operations.dry_run_draft(workspace=workspace, draft=one, origin=AGENT, now=now)
        [real] = operations.submit(workspace=workspace, drafts=[one], origin=AGENT, now=now)
        assert real is not None
        assert (seen.proposal.state, seen.proposal.reviewers) == ("waiting", 1)
        assert (real.state, real.reviewers) == ("waiting", 1)

    def test_writes_nothing(
        self, workspace: Workspace, now: datetime, ledger_url: str, due: Execution
    ) -> None:
        """No row, no event, no line in the ledger."""
        before, effects = counts(), lines(ledger_url) if due.attempts else 0
        operations.dry_run_draft(workspace=workspace, draft=draft(5, 50), origin=AGENT, now=now)
        assert counts() == before
        with psycopg.connect(ledger_url) as ledger:
            found = ledger.execute("SELECT to_regclass('null_ledger')").fetchone()
        assert found == (None,) or lines(ledger_url) == effects

    def test_cannot_write(
        self, workspace: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Code that writes during a dry run fails, and the transaction around it goes on."""

        weigh = policies.weigh

        def careless(**given: Any) -> list[Decision]:
            return Decision.objects.bulk_create(weigh(**given))

        monkeypatch.setattr(policies, "weigh", careless)
        with pytest.raises(InternalError, match="read-only transaction"):
            operations.dry_run_draft(workspace=workspace, draft=draft(5), origin=AGENT, now=now)
        monkeypatch.undo()
        assert propose(workspace, 5, now=now).state == "approved"

    def test_cannot_act(
        self, workspace: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch, ledger_url: str
    ) -> None:
        """A connector that acts when it is only asked is stopped before anything is sent."""

        def eager(self: NullClient, action: str, params: Any, snapshot: Any) -> Any:
            monkeypatch.undo()
            return self.perform(action, params, key="k", snapshot=snapshot).after

        monkeypatch.setattr(NullClient, "predict", eager)
        with pytest.raises(RuntimeError, match="Nothing was sent"):
            operations.dry_run_draft(workspace=workspace, draft=draft(5), origin=AGENT, now=now)
        assert lines(ledger_url) == 0

    def test_refuses_what_submitting_refuses(self, workspace: Workspace, now: datetime) -> None:
        """A draft that does not fit the catalogue is refused in the same words."""
        with pytest.raises(InvalidDraft, match="do not fit 'set_price'"):
            operations.dry_run_draft(workspace=workspace, draft=draft(-1), origin=AGENT, now=now)

    def test_taken_targets(self, workspace: Workspace, now: datetime) -> None:
        """A target with an open change, or given twice, is told."""
        twice = draft(5, 6, variant="v1")
        seen = operations.dry_run_draft(workspace=workspace, draft=twice, origin=AGENT, now=now)
        assert [change.is_taken for change in seen.changes] == [False, True]
        propose(workspace, 50, now=now, variant="v1")
        seen = operations.dry_run_draft(workspace=workspace, draft=twice, origin=AGENT, now=now)
        assert [change.is_taken for change in seen.changes] == [True, True]

    def test_hold_and_guards(
        self, workspace: Workspace, now: datetime, connector: Connector
    ) -> None:
        """The hold window of the action, and the switches that would stop the call."""
        ActionSetting.objects.create(workspace=workspace, action="set_price", hold_seconds=90)
        for scope, target in (("action", "set_price"), ("connector", str(connector.pk)),
                              ("action", "set_stock")):  # fmt: skip
            switches.engage(
                workspace=workspace, scope=scope, target=target, reason="Odd.", by="test", now=now
            )
        seen = operations.dry_run_draft(workspace=workspace, draft=draft(5), origin=AGENT, now=now)
        [change] = seen.changes
        assert change.hold_seconds == 90
        assert [one.guard for one in change.obstacles] == [Guard.SWITCH, Guard.SWITCH]
        assert "Odd." in change.obstacles[0].reason

    def test_breaker_and_rate(
        self, workspace: Workspace, now: datetime, connector: Connector
    ) -> None:
        """A connector that is left alone is told, with the time it ends; the row stays as it is."""
        until = now + timedelta(seconds=30)
        Breaker.objects.create(
            connector=connector, workspace=workspace, circuit="open", failures=5, probe_at=until,
            tokens=1.5, refilled_at=now,
        )  # fmt: skip
        rows = list(Breaker.objects.values())
        found = gateway.obstacles(connector=connector, action="set_price", agent_id=None, now=now)
        assert [(one.guard, one.until) for one in found] == [(Guard.BREAKER, until)]
        Breaker.objects.update(circuit="closed", failures=0, probe_at=None)
        Connector.objects.update(calls_per_second=2)
        [slow] = gateway.obstacles(connector=connector, action="set_price", agent_id=None, now=now)
        assert (slow.guard, slow.until) == (Guard.RATE, now + timedelta(seconds=0.25))
        assert not gateway.obstacles(
            connector=connector, action="set_price", agent_id=None, now=now, reads=1
        )
        assert [row["tokens"] for row in Breaker.objects.values()] == [rows[0]["tokens"]]


class TestExecution:
    def test_nothing_in_the_way(self, due: Execution, now: datetime) -> None:
        """What is due and approved would be called, with this difference."""
        before = counts()
        seen = dry_run_of(due, now)
        assert (seen.would_be_called, seen.obstacles, seen.changed) == (True, (), ())
        assert [(d.path, d.before, d.after) for d in seen.fields] == [("amount", "0.00", "5.00")]
        assert counts() == before
        assert operations.execute(worker="w", clock=lambda: now) == 1
        due.refresh_from_db()
        assert due.receipt["after"] == seen.after

    def test_its_turn(self, due: Execution, now: datetime) -> None:
        """What is held back says until when; a live claim names its worker."""
        later = now + timedelta(seconds=60)
        Execution.objects.update(not_before=later)
        [obstacle] = dry_run_of(due, now).obstacles
        assert (obstacle.guard, obstacle.until) == (Guard.STATE, later)
        Execution.objects.update(not_before=now, state="claimed", worker="w1", lease_until=later)
        [obstacle] = dry_run_of(due, now).obstacles
        assert "w1" in obstacle.reason
        assert guards(due, later + timedelta(seconds=1)) == []  # the claim has lapsed
        Execution.objects.update(deliveries=3)
        [obstacle] = dry_run_of(due, later + timedelta(seconds=1)).obstacles
        assert "3 workers died" in obstacle.reason

    def test_target_changed(
        self, due: Execution, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What has changed since the approval is told field by field."""
        monkeypatch.setattr(NullClient, "snapshot", lambda *_: {"amount": "3.00"})
        seen = dry_run_of(due, now)
        assert [one.guard for one in seen.obstacles] == [Guard.TARGET]
        assert [(d.path, d.before, d.after) for d in seen.changed] == [("amount", "0.00", "3.00")]
        assert not seen.would_be_called_once_due

    def test_target_unreadable(
        self, due: Execution, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A back end that is away is said to be."""

        def away(*_: object) -> None:
            raise ConnectionError("no route")

        monkeypatch.setattr(NullClient, "snapshot", away)
        seen = dry_run_of(due, now)
        assert "no route" in seen.obstacles[0].reason
        assert (seen.before, seen.after, seen.fields) == (None, None, ())

    def test_policy_changed(self, due: Execution, now: datetime, policy: Version) -> None:
        """An approval on an earlier policy does not hold."""
        policies.retire(policy=Policy.objects.get(pk=policy.policy_id), by="test", now=now)
        assert guards(due, now) == [Guard.APPROVAL]

    def test_grant(self, due: Execution, now: datetime) -> None:
        """An expired, withdrawn or missing permission is told."""
        assert guards(due, now + timedelta(days=2)) == [Guard.GRANT]
        Grant.objects.all().delete()
        assert guards(due, now) == [Guard.GRANT]

    def test_switch(self, due: Execution, now: datetime, workspace: Workspace) -> None:
        """An engaged kill switch is told; the gateway's own question gives the same answer."""
        assert not switches.is_stopped(due)
        switches.engage(
            workspace=workspace, scope="workspace", target="", reason="Stop.", by="test", now=now
        )
        assert switches.is_stopped(due)
        assert guards(due, now) == [Guard.SWITCH]

    def test_unproven(self, due: Execution, now: datetime) -> None:
        """A call whose worker is gone says what reading it back shows, and is not called."""
        lapsed = now - timedelta(seconds=1)
        Execution.objects.update(
            state="calling", attempts=1, deliveries=1, worker="w", lease_until=lapsed
        )
        seen = dry_run_of(due, now)
        assert seen.shown is not None
        assert (seen.shown.happened, "no effect" in seen.shown.reason) == (False, True)
        assert [one.guard for one in seen.obstacles] == [Guard.STATE]
        assert seen.would_be_called_once_due

    def test_over(self, due: Execution, now: datetime) -> None:
        """What is parked would be called if it were due."""
        Execution.objects.update(state="parked", deliveries=3)
        seen = dry_run_of(due, now)
        assert (seen.would_be_called, seen.would_be_called_once_due) == (False, True)
