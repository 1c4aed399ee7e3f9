"""A back end that answers nothing but errors is left alone, and taken up again when it is well.

Two worker processes share one breaker; the calls are counted by the demo shop itself.
"""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import httpx2
import pytest
from django.utils import timezone

from apps.agents import operations as agents
from apps.agents.models import Run
from apps.agents.models import State as RunState
from apps.audit.models import Event
from apps.gateway import operations as gateway
from apps.gateway.configuration import configure_connector
from apps.gateway.errors import Away
from apps.gateway.models import ActionSetting, Execution, WhenAway
from apps.gateway.models import State as ExecutionState
from apps.gateway.operations import outcome
from apps.gateway.queries import read
from apps.policies import operations as policies
from apps.proposals import operations as proposals
from apps.proposals.models import Proposal, State
from tests.contract.shops import Shop
from tests.factories import agents as make
from tests.factories.proposals import look_at
from tests.reliability.forks import Process, run_together
from tests.reliability.refunds import ledger, refund, refundable

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]

ENDLESS = 1_000_000  # how many errors the shop is told to answer
INTERVAL = 1.0  # seconds the breaker stays open at first
RECOVERY = 12.0  # seconds given to finish everything after the shop is well again
SAMPLE = 0.01


@pytest.fixture
def outage(request) -> float:
    """How many seconds the shop answers nothing but errors."""
    return float(request.config.getoption("--runs") or 8)


@pytest.fixture(autouse=True)
def _quick(settings, monkeypatch) -> None:
    """Short intervals, so that several probes fit into the test."""
    settings.GATEWAY_BREAKER_SECONDS = INTERVAL
    settings.GATEWAY_BREAKER_LONGEST_SECONDS = 4 * INTERVAL
    settings.GATEWAY_DOUBT_SECONDS = 0.5
    monkeypatch.setattr(outcome, "AWAY", timedelta(seconds=1))


@dataclass(frozen=True)
class Told:
    """What the shop saw: when each of its calls came (epoch seconds)."""

    calls: list[float]

    def until(self, moment: datetime) -> int:
        """How many calls came up to a moment."""
        return sum(call <= moment.timestamp() + 2 * SAMPLE for call in self.calls)

    def gaps_after(self, moment: datetime) -> list[float]:
        """Seconds between the opening and each probe, one after the other."""
        times = [moment.timestamp(), *(c for c in self.calls if c > moment.timestamp() + 0.1)]
        return [later - earlier for earlier, later in pairwise(times)]


def answered_with_errors(shop: Shop) -> int:
    """How many requests the shop has spoilt so far."""
    return ENDLESS - sum(rule["times"] for rule in shop.get("/demo/control"))


def work(seconds: float) -> None:
    """A worker and a sweeper in one, for so long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        taken = proposals.execute(worker=f"w{os.getpid()}", clock=timezone.now)
        gateway.reconcile(clock=timezone.now)
        while proposals.settle(now=timezone.now()):
            pass
        proposals.reconsider(now=timezone.now())
        if not taken:
            time.sleep(0.02)


def count_calls(shop: Shop, seconds: float, file: Path) -> None:
    """Write down when the shop was called, then make it well."""
    calls: list[float] = []
    until = time.monotonic() + seconds
    with httpx2.Client(trust_env=False) as http:
        while time.monotonic() < until:
            rules = http.get(f"{shop.address}/demo/control").json()
            seen = ENDLESS - sum(rule["times"] for rule in rules)
            calls += [time.time()] * (seen - len(calls))
            time.sleep(SAMPLE)
        http.delete(f"{shop.address}/demo/control")
    file.write_text(json.dumps(calls))


def suffer(shop: Shop, outage: float, recovery: float, file: Path) -> Told:
    """Two workers while the shop is ill for `outage` seconds and then well for `recovery`."""
    shop.misbehave("error", times=ENDLESS, path="^/admin/")
    run_together(
        Process(lambda: work(outage + recovery)),
        Process(lambda: work(outage + recovery)),
        Process(lambda: count_calls(shop, outage, file)),
    )
    return Told(json.loads(file.read_text()))


def events(kind: str) -> list[datetime]:
    """When each event of a kind was recorded."""
    return list(Event.objects.filter(kind=kind).order_by("id").values_list("at", flat=True))


def propose_refunds(workspace, most: int = 10) -> int:
    """Refunds that policy allows at once, each of a payment of its own; how many."""
    payments = list(dict.fromkeys(refundable(workspace, most)))
    for payment in payments:
        refund(workspace, payment, timezone.now())
    return len(payments)


def test_a_failing_shop_is_left_alone_and_taken_up_again(
    cast, policy, shop, shop_connector, workspace, outage, tmp_path, say
):
    """Opens within five calls, then one probe an interval at most; nothing counts as done."""
    count = propose_refunds(workspace)
    told = suffer(shop, outage, RECOVERY, tmp_path / "calls.json")
    opened, closed = events("breaker.opened"), events("breaker.closed")
    assert len(opened) == 1
    assert told.until(opened[0]) <= 5
    gaps = told.gaps_after(opened[0])
    assert gaps, "the shop was never tried again"
    assert min(gaps) >= INTERVAL - 0.1
    began_to_answer = told.calls[-1]
    finished = Execution.objects.filter(finished_at__isnull=False)
    early = [e for e in finished if e.finished_at.timestamp() < began_to_answer]
    say(f"breaker, two workers: opened after {told.until(opened[0])} failed calls, {len(gaps)} "
        f"probes in {outage:.0f} s, closest {min(gaps):.2f} s apart (interval {INTERVAL:.0f} s), "
        f"{len(early)} successes claimed meanwhile, closed by itself {len(closed)} time(s), "
        f"{sum(ledger(shop).values())} of {count} effects afterwards")  # fmt: skip
    assert not early
    assert closed
    assert not Execution.objects.exclude(state=ExecutionState.DONE).exists()
    assert not Proposal.objects.exclude(state=State.DONE).exists()
    assert list(ledger(shop).values()) == [1] * count


def test_control_without_a_breaker_every_call_hits_the_shop(
    cast, policy, shop, shop_connector, workspace, outage, tmp_path, say, settings
):
    """Control: with a limit never reached the same outage is hammered on."""
    settings.GATEWAY_BREAKER_FAILURES = ENDLESS
    propose_refunds(workspace)
    told = suffer(shop, min(outage, 5.0), 0.0, tmp_path / "calls.json")
    say(f"breaker, control without it: {len(told.calls)} calls in {min(outage, 5.0):.0f} s")
    assert not events("breaker.opened")
    assert len(told.calls) > 20


@pytest.fixture
def open_breaker(cast, policy, shop, shop_connector, workspace, settings) -> Iterator[None]:
    """A shop whose breaker is open for long, with one refund that is due."""
    settings.GATEWAY_BREAKER_SECONDS = settings.GATEWAY_BREAKER_LONGEST_SECONDS = 600.0
    [payment] = refundable(workspace, 1)
    refund(workspace, payment, timezone.now())
    shop.misbehave("error", times=ENDLESS, path="^/admin/")
    for _ in range(5):
        with pytest.raises(Exception, match="500"):
            read(workspace.pk, "orders")
    yield
    assert not ledger(shop)


def test_what_is_due_waits_by_default(open_breaker, shop, workspace):
    """It is not even claimed, and nobody is bothered; a read is refused at once, unsent."""
    before = answered_with_errors(shop)
    assert proposals.execute(worker="w", clock=timezone.now) == 0
    with pytest.raises(Away, match="its breaker is open"):
        read(workspace.pk, "orders")
    assert Execution.objects.get().state == ExecutionState.DUE
    assert answered_with_errors(shop) == before


def test_what_is_set_to_go_to_a_person_does(open_breaker, shop, workspace, cast):
    """The proposal comes back saying why, without a call; approved again it waits its turn."""
    setting = ActionSetting.objects.create(
        workspace=workspace, action="refund_payment", when_away=WhenAway.PERSON
    )
    before = answered_with_errors(shop)
    proposals.execute(worker="w", clock=timezone.now)
    proposals.settle(now=timezone.now())
    proposals.reconsider(now=timezone.now())
    proposal = Proposal.objects.get()
    assert proposal.state == State.WAITING
    assert "does not answer" in str(proposal.returned)
    assert answered_with_errors(shop) == before
    setting.delete()
    look_at(proposal, cast.rita, now=timezone.now())
    proposals.approve(proposal_id=proposal.pk, user=cast.rita, binding=proposal.binding,
                      now=timezone.now())  # fmt: skip
    assert proposals.execute(worker="w", clock=timezone.now) == 0
    assert Execution.objects.latest("id").state == ExecutionState.DUE


def test_plans_from_a_kept_answer_say_so_and_wait_for_a_person(
    cast, shop, shop_connector, workspace
):
    """The feed dies after one good answer: the next run plans from it, and nothing is automatic.

    Control: with the feed alive the same policy lets all proposals pass by themselves.
    """
    at = timezone.now()
    feeds = configure_connector(workspace=workspace, name="feeds", kind="feed",
                                address=shop.address, settings=make.FEED, secret="", by="test",
                                now=at)  # fmt: skip
    rule = {"name": "all", "when": "true", "outcome": "allow", "reason": "test"}
    version = policies.draft(
        workspace=workspace, name="All", rules=[rule], limits={}, by="test", now=at
    )
    policies.publish(version=version, by="test", now=at)
    agent = make.agent(workspace, "repricing", at, settings={"batch": 3})
    fresh = run_once(agent)
    assert {p.state for p in Proposal.objects.filter(run_id=fresh.pk)} == {State.APPROVED}
    feeds.address, feeds.changed_at = "http://127.0.0.1:9", timezone.now()
    feeds.save()
    planned = Proposal.objects.filter(run_id=run_once(agent).pk)
    assert planned.exists()
    assert {p.state for p in planned} == {State.WAITING}
    for proposal in planned:
        assert proposal.evidence[0]["kind"] == "stale"
        assert "'feeds' does not answer now" in proposal.evidence[0]["detail"]


def run_once(agent) -> Run:
    """A run until it waits or has ended."""
    run = agents.start(agent=agent, trigger="schedule", by="clock", now=timezone.now())
    while agents.advance_due(worker="w", clock=timezone.now):
        pass
    run.refresh_from_db()
    assert run.state != RunState.FAILED, run.error
    return run
