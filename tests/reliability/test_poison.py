"""D7: what kills its worker every time is set aside after three, and the rest goes on."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings

from apps.gateway import operations as gateway
from apps.gateway.connectors.null.client import NullClient
from apps.gateway.models import Execution, State
from apps.gateway.operations import attempt, doubt
from apps.proposals import operations as proposals
from apps.proposals.models import Proposal
from tests.factories.proposals import AGENT, price_change, propose
from tests.reliability.forks import Process, run_together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]

POISON = "poison"
ROUNDS = 12


@pytest.fixture
def others(request) -> int:
    """How many healthy executions wait beside the poison."""
    return request.config.getoption("--runs") or 520


def poison(monkeypatch, where: str, log: Path) -> None:
    """Have the client of the null connector die at `where` for one variant; log deliveries."""
    original: Callable[..., object] = getattr(NullClient, where)
    snapshot = NullClient.snapshot

    def deadly(self, action, params, *args, **kwargs):
        if params["variant_id"] == POISON:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(self, action, params, *args, **kwargs)

    def counted(self, action, params):
        with log.open("a") as file:
            file.write(params["variant_id"] + "\n")
        return (deadly if where == "snapshot" else snapshot)(self, action, params)

    monkeypatch.setattr(NullClient, where, deadly)
    monkeypatch.setattr(NullClient, "snapshot", counted)


def work(at: datetime) -> None:
    """What one worker does until nothing is left, or it dies."""
    gateway.reconcile(clock=lambda: at)
    while proposals.execute(worker=f"w{os.getpid()}", clock=lambda: at):
        pass


def run_all(now: datetime, rounds: int = ROUNDS) -> int:
    """Workers, one after another, each past the leases of the one before; how many died."""
    died = 0
    for number in range(rounds):
        at = now + number * timedelta(seconds=settings.GATEWAY_LEASE_SECONDS + 1)
        died += sum(run_together(Process(do=lambda at=at: work(at))))
    return died


def propose_all(workspace, others: int, now: datetime) -> None:
    """The poison in the middle of the first batch, the others around it."""
    names = [f"v{n}" for n in range(others)]
    names.insert(min(20, others), POISON)
    drafts = [
        proposals.Draft(title=name, rationale="r", changes=[price_change("5", name)])
        for name in names
    ]
    proposals.submit(workspace=workspace, drafts=drafts, origin=AGENT, now=now)


@pytest.mark.parametrize(
    ("where", "end"),
    [("snapshot", State.PARKED), ("perform", State.NEEDS_PERSON)],
)
def test_poison_is_set_aside_and_the_rest_goes_on(
    cast, policy, connector, workspace, now, tmp_path, monkeypatch, where, end, others, say
):
    """Three workers at most; nothing that was called is said not to have been."""
    log = tmp_path / "deliveries"
    propose_all(workspace, others, now)
    poison(monkeypatch, where, log)
    died = run_all(now)
    states = Counter(Execution.objects.values_list("state", flat=True))
    deliveries = Counter(log.read_text().split())
    again = sum(deliveries.values()) - deliveries[POISON] - others
    say(f"poison in {where}: {died} workers died, {deliveries[POISON]} deliveries, then {end}; "
        f"{states[State.DONE]} of {others} others done, {again} of them delivered again "
        f"({again / others:.1%})")  # fmt: skip
    assert died <= 3
    assert deliveries[POISON] <= 3
    assert states == {State.DONE: others, end: 1}
    assert again <= others / 10


def test_poison_in_the_read_back_is_shown_to_a_person(
    cast, policy, connector, workspace, now, tmp_path, monkeypatch
):
    """The first worker dies in the call, those that read back die too."""
    log = tmp_path / "deliveries"
    propose_all(workspace, 3, now)
    poison(monkeypatch, "perform", log)
    poison(monkeypatch, "find_effect", log)
    assert run_all(now) <= 3
    stuck = Execution.objects.exclude(state=State.DONE).get()
    assert stuck.params["variant_id"] == POISON
    assert stuck.state == State.NEEDS_PERSON
    assert "open" in stuck.error


def test_without_the_count_poison_goes_round_for_ever(
    cast, policy, connector, workspace, now, tmp_path, monkeypatch, say
):
    """Control: with no limit every worker that comes dies of it."""
    monkeypatch.setattr(doubt, "MAX_DELIVERIES", 10_000)
    propose_all(workspace, 3, now)
    poison(monkeypatch, "snapshot", tmp_path / "deliveries")
    died = run_all(now, rounds=8)
    say(f"poison, control without a limit: {died} of 8 workers died")
    assert died == 8


def test_what_was_set_aside_can_be_put_before_a_reviewer_again(
    cast, policy, connector, workspace, now, tmp_path, monkeypatch
):
    """An operator says what was done; a person approves again; then it is carried out once."""
    with monkeypatch.context() as patched:
        propose_all(workspace, 0, now)
        poison(patched, "snapshot", tmp_path / "deliveries")
        run_all(now, rounds=5)
    proposals.settle(now=now)
    proposal = Proposal.objects.get()
    assert proposal.state == "needs_person"
    at = now + timedelta(minutes=30)
    proposals.resubmit(proposal_id=proposal.pk, user=cast.otto, reason="fixed", now=at)
    proposal.refresh_from_db()
    proposals.approve(proposal_id=proposal.pk, user=cast.rita, binding=proposal.binding, now=at)
    work(at)
    proposals.settle(now=at)
    proposal.refresh_from_db()
    assert proposal.state == "done"


def test_urgent_work_overtakes_a_bulk_batch(cast, policy, connector, workspace, now, monkeypatch):
    """A slow batch is let go after its slice; what is urgent comes next, then the rest."""
    called: list[str] = []
    perform = NullClient.perform

    def slow(self, action, params, **kwargs):
        if not called:
            urgent = proposals.Draft(title="u", rationale="r", priority=9,
                                     changes=[price_change("5", "urgent")])  # fmt: skip
            proposals.submit(workspace=workspace, drafts=[urgent], origin=AGENT, now=now)
        called.append(params["variant_id"])
        time.sleep(0.06)
        return perform(self, action, params, **kwargs)

    monkeypatch.setattr(NullClient, "perform", slow)
    monkeypatch.setattr(NullClient, "burst", 1)
    monkeypatch.setattr(attempt, "SLICE_SECONDS", 0.05)
    for number in range(5):
        propose(workspace, "5", now=now, variant=f"bulk{number}")
    assert proposals.execute(worker="w", clock=lambda: now) == 5
    assert called == ["bulk0"]
    assert Execution.objects.filter(state=State.DUE, deliveries=0).count() == 5
    while proposals.execute(worker="w", clock=lambda: now):
        pass
    assert called == ["bulk0", "urgent", "bulk1", "bulk2", "bulk3", "bulk4"]
