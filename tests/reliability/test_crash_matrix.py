"""kill -9 of a worker at named points: nothing lost, nothing doubled in the shop's own ledger.

A worker is forked for each run, so that a run costs no imports; it dies at its point; then the
sweeper, on a clock past every lease, finishes. The control switches re-reading and read-back off
and must show duplicates, or the harness could not see one.
"""

import os
from collections import Counter

import pytest

from apps.audit import fault
from apps.gateway import queries as gateway
from apps.gateway.models import Execution
from apps.gateway.models import State as ExecutionState
from apps.gateway.operations import attempt
from apps.proposals import operations as proposals
from apps.proposals.models import Proposal, State
from apps.proposals.operations import Draft
from tests.factories.proposals import AGENT
from tests.reliability.conftest import close_connections, sweep

pytestmark = pytest.mark.django_db(transaction=True)

POINTS = ["after_claim", "after_intent", "before_call", "after_call", "after_outcome"]
AFTER_THE_CALL = {"after_call"}


@pytest.fixture
def runs(request) -> int:
    """How many workers are killed."""
    return request.config.getoption("--runs") or 50


def refundable(workspace, wanted: int) -> list[tuple[str, str, str]]:
    """Payments with money left: (order, payment, currency)."""
    found = [
        (order.order_id, payment.payment_id, payment.currency)
        for order in gateway.read(workspace.pk, "orders")
        if order.status != "canceled"
        for payment in order.payments
        if payment.captured - payment.refunded >= 10
    ]
    assert len(found) >= 5
    return [found[i % len(found)] for i in range(wanted)]


def refund(workspace, payment: tuple[str, str, str], now) -> Proposal:
    """A refund of 0.10 which policy allows at once."""
    order_id, payment_id, currency = payment
    params = {"order_id": order_id, "payment_id": payment_id, "amount": "0.10",
              "currency": currency}  # fmt: skip
    draft = Draft(title="refund", rationale="crash", changes=[("refund_payment", params)])
    [proposal] = proposals.submit(workspace=workspace, drafts=[draft], origin=AGENT, now=now)
    assert proposal is not None
    assert proposal.state == State.APPROVED
    return proposal


def run_until_killed(point: str, now) -> bool:
    """Fork a worker that executes what is due and dies at `point`; whether it was killed there."""
    close_connections()
    child = os.fork()
    if child == 0:
        fault.arm(point)
        try:
            proposals.execute(worker=f"child-{os.getpid()}", clock=lambda: now)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def ledger(shop) -> Counter[str]:
    """How often each idempotency key stands in the shop's ledger."""
    lines = [line for line in shop.get("/demo/ledger") if line["action"] == "refund_payment"]
    return Counter(line["key"] for line in lines)


def crash(shop, workspace, now, runs: int) -> tuple[int, int]:
    """Kill `runs` workers, sweep after each; returns (lost, duplicated)."""
    killed = Counter()
    for number, payment in enumerate(refundable(workspace, runs)):
        point = POINTS[number % len(POINTS)]
        refund(workspace, payment, now)
        killed[point] += run_until_killed(point, now)
        sweep(now)
    assert killed == Counter(POINTS[n % len(POINTS)] for n in range(runs)), killed
    keys = set(Execution.objects.values_list("key", flat=True))
    seen = ledger(shop)
    assert set(seen) <= keys
    return len(keys - set(seen)), sum(count - 1 for count in seen.values())


def test_a_killed_worker_loses_and_doubles_nothing(
    cast, policy, shop, shop_connector, workspace, now, runs, say
):
    """Each execution stands exactly once in the ledger and is done in our own books."""
    lost, doubled = crash(shop, workspace, now, runs)
    open_rows = Execution.objects.exclude(state=ExecutionState.DONE).count()
    not_done = Proposal.objects.exclude(state=State.DONE).count()
    say(f"crash matrix: {runs} SIGKILLs at {len(POINTS)} points, {lost} lost, {doubled} "
        f"duplicated, {open_rows} executions and {not_done} proposals not done")  # fmt: skip
    assert (lost, doubled, open_rows, not_done) == (0, 0, 0, 0)


def test_without_the_guards_the_same_runs_double(
    cast, policy, shop, shop_connector, workspace, now, say, monkeypatch
):
    """Control: with re-reading and read-back off, a kill after the call refunds twice."""
    client = type(gateway.client_of(shop_connector))
    perform = client.perform

    def perform_anyhow(self, action, params, *, key, snapshot):
        return perform(self, action, params, key=key, snapshot=self.snapshot(action, params))

    monkeypatch.setattr(client, "perform", perform_anyhow)
    monkeypatch.setattr(attempt, "unchanged", lambda client, executions, *, clock: executions)
    monkeypatch.setattr(client, "find_effect", lambda self, *args, **kwargs: None)
    _, doubled = crash(shop, workspace, now, 10)
    say(f"crash matrix, control without guards: 10 SIGKILLs, {doubled} duplicated")
    assert doubled == 2  # exactly the runs killed between call and outcome


def test_two_workers_and_a_crash_between_them(cast, policy, shop, shop_connector, workspace, now):
    """A second worker does not take what the first still holds, only what has lapsed."""
    refund(workspace, refundable(workspace, 1)[0], now)
    assert run_until_killed("after_intent", now)
    assert proposals.execute(worker="second", clock=lambda: now) == 0
    sweep(now)
    assert list(ledger(shop).values()) == [1]
