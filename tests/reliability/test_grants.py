"""S5: a grant opens one call, the one it was minted for, once; everything else is refused."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connections, transaction

from apps.gateway import switches
from apps.gateway.models import Connector, Execution, Grant, State
from apps.gateway.operations import grants
from apps.gateway.operations.order import Order
from apps.gateway.operations.order import schedule as order
from apps.proposals import operations as proposals
from apps.proposals.operations import effect
from tests.factories.proposals import propose

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]

CONCURRENT = 50


@pytest.fixture
def runs(request) -> int:
    """How many misuses are tried."""
    return request.config.getoption("--runs") or 210


def used_twice(execution: Execution, now: datetime) -> None:
    """The grant of a call that was made opens a second one."""
    execution.grants.update(consumed_at=now)


def revoked(execution: Execution, now: datetime) -> None:
    """A withdrawn grant still opens."""
    grants.revoke([execution.pk], now=now)


def expired(execution: Execution, now: datetime) -> None:
    """A grant opens after its time."""
    execution.grants.update(expires_at=now)


def one_cent_more(execution: Execution, now: datetime) -> None:
    """The approved amount and one cent."""
    amount = str(Decimal(execution.params["amount"]) + Decimal("0.01"))
    Execution.objects.filter(pk=execution.pk).update(params={**execution.params, "amount": amount})


def another_action(execution: Execution, now: datetime) -> None:
    """The same parameters for another kind of action."""
    Execution.objects.filter(pk=execution.pk).update(action="set_stock")


def another_target(execution: Execution, now: datetime) -> None:
    """The same action elsewhere in the shop."""
    params = {**execution.params, "variant_id": "another"}
    Execution.objects.filter(pk=execution.pk).update(params=params)


def another_connector(execution: Execution, now: datetime) -> None:
    """The same call at another shop."""
    connector = Connector.objects.exclude(pk=execution.connector_id).get()
    Execution.objects.filter(pk=execution.pk).update(connector=connector)


def another_execution(execution: Execution, now: datetime) -> None:
    """A grant moved to a call of the same kind."""
    other = propose(execution.workspace, "5", now=now)
    target = Execution.objects.get(subject_id=other.changes.get().pk)
    target.grants.all().delete()
    moved = execution.grants.get()
    Grant.objects.filter(pk=moved.pk).update(execution=target)


def written_by_hand(execution: Execution, now: datetime) -> None:
    """A row inserted past the product, copied from a real one."""
    real = execution.grants.get()
    Grant.objects.filter(pk=real.pk).delete()
    Grant.objects.create(
        workspace_id=real.workspace_id, execution=execution, connector_id=real.connector_id,
        run_id=real.run_id, action_hash="0" * 64, amount=real.amount, currency=real.currency,
        minted_by="policy", minted_at=now, expires_at=real.expires_at + timedelta(days=1),
    )  # fmt: skip


def none_at_all(execution: Execution, now: datetime) -> None:
    """An execution without a grant."""
    execution.grants.all().delete()


def stopped(execution: Execution, now: datetime) -> None:
    """A grant opens after the kill switch."""
    switches.engage(workspace=execution.workspace, scope="action", target="set_price",
                    reason="test", by="user:x", now=now)  # fmt: skip


MISUSES: list[Callable[[Execution, datetime], None]] = [
    used_twice, revoked, expired, one_cent_more, another_action, another_target,
    another_connector, another_execution, written_by_hand, none_at_all, stopped,
]  # fmt: skip


@pytest.fixture
def world(cast, policy, connector, workspace, elsewhere, ledger_url, now):
    """Two shops, so that a grant can be carried to the other."""
    Connector.objects.create(
        workspace=elsewhere, name="other", kind="null", address=ledger_url, changed_at=now
    )
    return cast


def misuse(workspace, attack: Callable[[Execution, datetime], None], now: datetime) -> bool:
    """Try one misuse; whether anything was called."""
    proposal = propose(workspace, "5", now=now)
    execution = Execution.objects.get(subject_id=proposal.changes.get().pk)
    attack(execution, now)
    while proposals.execute(worker="w", clock=lambda: now):
        pass
    called = Execution.objects.exclude(attempts=0).exists()
    Execution.objects.all().delete()
    for switch in switches.engaged(workspace.pk):
        switches.release(switch=switch, by="user:x", now=now)
    return called


def test_no_misuse_opens_a_call(world, workspace, now, runs, say):
    """Every kind of misuse, through the worker's own path."""
    accepted = [
        attack.__name__
        for attack in (MISUSES[n % len(MISUSES)] for n in range(runs))
        if misuse(workspace, attack, now)
    ]
    say(f"grants: {runs} misuses of {len(MISUSES)} kinds, {len(accepted)} accepted")
    assert accepted == []


def test_a_grant_of_another_workspace_opens_nothing(world, workspace, elsewhere, now):
    """A grant cannot be carried to another tenant's execution."""
    propose(workspace, "5", now=now)
    execution = Execution.objects.get()
    Execution.objects.update(workspace=elsewhere)
    execution.refresh_from_db()
    with transaction.atomic():
        assert grants.consume([execution], now=now) == {execution.pk: grants.OTHER}


def test_a_grant_for_one_task_does_not_serve_another(world, workspace, connector, now):
    """Per run, not per agent: the run is part of what is sealed."""
    one = Order(
        workspace_id=workspace.pk, connector=connector, subject_id=uuid4(), run_id=uuid4(),
        agent_id=None, binding="b", action="set_price", params={"variant_id": "v"}, snapshot={},
        amount="5.00", currency="EUR", priority=5,
    )  # fmt: skip
    with transaction.atomic():
        first, second = order([one, replace(one, subject_id=uuid4(), run_id=uuid4())],
                              by="policy", now=now)  # fmt: skip
        second.grants.all().delete()
        first.grants.update(execution=second)
        assert grants.consume([second], now=now) == {second.pk: grants.OTHER}


def use_together(execution: Execution, now: datetime) -> int:
    """How many of fifty simultaneous uses of one grant win."""
    barrier, wins = Barrier(CONCURRENT), []

    def use() -> None:
        try:
            barrier.wait()
            with transaction.atomic():
                if not grants.consume([execution], now=now):
                    wins.append(1)
        finally:
            connections.close_all()

    threads = [Thread(target=use) for _ in range(CONCURRENT)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(wins)


def test_of_fifty_concurrent_uses_exactly_one_wins(world, workspace, now, say):
    """Five times over."""
    won = []
    for _ in range(5):
        propose(workspace, "5", now=now)
        execution = Execution.objects.get(state=State.DUE)
        won.append(use_together(execution, now))
        Execution.objects.all().delete()
    say(f"grants: {CONCURRENT} concurrent uses, five times: {won} won")
    assert won == [1] * 5


def test_without_the_check_misuses_are_seen(world, workspace, now, monkeypatch, say):
    """Control: a gateway that takes any grant row calls for another amount or connector."""
    monkeypatch.setattr(grants, "fault_of", lambda grant, execution, *, now: "")
    monkeypatch.setattr(effect, "still_approved", lambda rows: {row.pk for row in rows})
    accepted = [attack.__name__ for attack in MISUSES if misuse(workspace, attack, now)]
    say(f"grants, control without the check: {len(accepted)} of {len(MISUSES)} accepted")
    assert "one_cent_more" in accepted
    assert "expired" in accepted
    assert "stopped" not in accepted  # another guard


def test_a_grant_lives_as_long_as_the_settings_say(world, workspace, now):
    """An hour after the hold window, unless configured otherwise."""
    propose(workspace, "5", now=now)
    lives = Grant.objects.get().expires_at - now
    assert lives == timedelta(seconds=settings.GATEWAY_GRANT_SECONDS)
