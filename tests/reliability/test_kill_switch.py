"""D9: once a kill switch is committed, no call of its scope starts later than a second after it.

Four worker processes with thirteen threads each keep over fifty calls in flight at a slow shop;
each notes when it sends and when it has its answer. What a switch stopped was no attempt: after
the last release everything is done, however often it was stopped. One control ignores the switch,
the other counts stops as attempts.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from multiprocessing import get_context
from multiprocessing.synchronize import Event as Flag
from pathlib import Path
from threading import Thread
from uuid import UUID, uuid4

import httpx2
import pytest
from django.conf import settings
from django.db import connections
from django.db.models import Count, QuerySet, Value
from django.utils import timezone

from apps.audit import bell
from apps.audit.kinds import Kind
from apps.audit.models import Event
from apps.gateway import queries as gateway
from apps.gateway import switches
from apps.gateway.connectors.medusa.api import AdminApi
from apps.gateway.models import Execution, State
from apps.gateway.operations import attempt, outcome
from apps.proposals import operations as proposals
from apps.proposals.operations import Draft, Origin
from tests.reliability.forks import close_connections

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800)]

PROCESSES, THREADS = 4, 13
IN_FLIGHT, SUPPLY = 50, 110
DELAY_SECONDS = 1.0
AGENT_ID = uuid4()
ORIGIN = Origin(by="agent:x", trigger="schedule", agent="x", playbook="p", agent_id=AGENT_ID)
_prices = count(100)


@pytest.fixture
def activations(request) -> int:
    """How often a switch is engaged."""
    return request.config.getoption("--runs") or 8


def work(note: Callable[[str], None], stopped: Flag) -> None:
    """One process' threads: execute what is due, noting every request to the shop."""
    call = AdminApi._call

    def noted(self: AdminApi, method: str, path: str, **options: object) -> tuple[int, bytes]:
        note(f"+{method}")
        try:
            return call(self, method, path, **options)
        finally:
            note("-")

    AdminApi._call = noted  # type: ignore[method-assign]

    def look(name: str) -> None:
        while not stopped.is_set():
            if not proposals.execute(worker=name, clock=timezone.now, limit=1):
                time.sleep(0.1)

    threads = [Thread(target=look, args=(f"{os.getpid()}-{n}",)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def noter(log: Path) -> Callable[[str], None]:
    """Appends a mark with its moment to the log, whole lines from many processes."""
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def note(mark: str) -> None:
        os.write(file, f"{time.time()} {mark}\n".encode())

    return note


@contextmanager
def workers(log: Path) -> Iterator[None]:
    """Forked worker processes; what they have begun is finished at the end."""
    close_connections()
    context = get_context("fork")
    stopped = context.Event()
    children = [context.Process(target=work, args=(noter(log), stopped)) for _ in range(PROCESSES)]
    for child in children:
        child.start()
    try:
        yield
    finally:
        stopped.set()
        for child in children:
            child.join(60)
            child.kill()


def marks(log: Path) -> list[tuple[float, str]]:
    """The moments at which requests were sent (+GET, +POST) and answered (-)."""
    lines = log.read_text().split("\n")[:-1] if log.exists() else []
    return [(float(moment), mark) for moment, mark in (line.split() for line in lines)]


def in_flight(log: Path) -> int:
    """How many requests wait for their answer now."""
    return sum(-1 if mark == "-" else 1 for _, mark in marks(log))


def supply(workspace) -> None:
    """Have enough price changes due; policy allows them at once."""
    missing = SUPPLY - Execution.objects.filter(state=State.DUE).count()
    open_targets = set(Execution.objects.exclude(state=State.DONE).values_list("target", flat=True))
    price = f"{next(_prices) / 100:.2f}"
    drafts = [
        Draft(title="price", rationale="r", changes=[(
            "set_price", {"product_id": v.product_id, "variant_id": v.variant_id,
                          "currency": "EUR", "amount": price})])
        for v in gateway.read(workspace.pk, "variants")
        if f"variant:{v.variant_id}" not in open_targets
    ]  # fmt: skip
    proposals.settle(now=timezone.now())
    proposals.submit(
        workspace=workspace, drafts=drafts[:missing], origin=ORIGIN, now=timezone.now()
    )


def wait_for(condition: Callable[[], object], seconds: float) -> bool:
    """Whether the condition came true in time."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def activate(shop, workspace, connector_id: UUID, number: int, log: Path) -> tuple[int, float]:
    """Engage a switch while calls fly; returns (in flight, seconds to the last write after it)."""
    supply(workspace)
    shop.misbehave("delay", times=1_000_000, seconds=DELAY_SECONDS, path="/variants/")
    scope, target = [
        ("workspace", ""), ("action", "set_price"), ("connector", str(connector_id)),
        ("agent", str(AGENT_ID)),
    ][number % 4]  # fmt: skip
    with workers(log):
        assert wait_for(lambda: in_flight(log) >= IN_FLIGHT, 120), in_flight(log)
        flying = in_flight(log)
        time.sleep(number * 3 % 5 * DELAY_SECONDS / 2)  # among re-reads, intents and writes
        switch = switches.engage(workspace=workspace, scope=scope, target=target, reason="test",
                                 by="user:x", now=timezone.now())  # fmt: skip
        committed = time.time()
        time.sleep(2 * DELAY_SECONDS + 1.2)
        httpx2.delete(f"{shop.address}/demo/control", trust_env=False)
    late = [at - committed for at, mark in marks(log) if mark == "+POST" and at > committed]
    assert switches.release(switch=switch, by="user:x", now=timezone.now())
    return flying, max(late, default=0.0)


def sweep_all(shop, workspace, connector, log: Path, activations: int) -> list[tuple[int, float]]:
    """All activations, every second one with the broker down; then everything is finished."""
    seen = []
    for number in range(activations):
        settings.REDIS_URL = "redis://127.0.0.1:1/0" if number % 2 else BROKER
        bell.forget_connection()
        seen.append(activate(shop, workspace, connector.pk, number, log))
    while proposals.execute(worker="last", clock=later):
        pass
    return seen


def later() -> datetime:
    """A moment after every pause of what a switch had stopped in the middle."""
    return timezone.now() + timedelta(minutes=1)


BROKER = settings.REDIS_URL


@pytest.fixture(autouse=True)
def _restore_the_broker() -> Iterator[None]:
    """Whatever a sweep did to it."""
    yield
    settings.REDIS_URL = BROKER
    bell.forget_connection()
    connections.close_all()


def test_no_call_starts_a_second_after_the_switch(
    cast, policy, shop, shop_connector, workspace, tmp_path, activations, say
):
    """All scopes, over fifty calls in flight, the broker down every other time."""
    log = tmp_path / "calls"
    seen = sweep_all(shop, workspace, shop_connector, log, activations)
    latest = max(late for _, late in seen)
    say(f"kill switch: {activations} activations, at least {min(f for f, _ in seen)} calls in "
        f"flight, last start {latest:.2f} s after the commit, {Execution.objects.count()} "
        f"executions, {stops()} stops after the intent, the most for one {most_stops()}, "
        f"{undone()} not done after the release")  # fmt: skip
    assert latest <= 1.0
    assert undone() == 0
    assert stops()
    assert set(Execution.objects.values_list("attempts", flat=True)) == {1}


def test_where_a_stop_is_an_attempt_approved_changes_end_before_people(
    cast, policy, shop, shop_connector, workspace, tmp_path, say, monkeypatch
):
    """Control: the same with stops counted, and a limit as low as the activations are few."""

    def count(execution: Execution, error: str, **_: object) -> outcome.Outcome:
        return outcome.later(execution, error, now=timezone.now())

    monkeypatch.setattr(attempt, "hold_back", count)
    monkeypatch.setattr(outcome, "MAX_ATTEMPTS", 1)
    sweep_all(shop, workspace, shop_connector, tmp_path / "calls", 3)
    say(f"kill switch, control that counts stops: {undone()} of {Execution.objects.count()} "
        "not done after the release")  # fmt: skip
    assert undone() > 0


def undone() -> int:
    """Executions that have not taken effect."""
    return Execution.objects.exclude(state=State.DONE).count()


def stops() -> int:
    """Intents that led to no call."""
    return starts().count() - Execution.objects.filter(state=State.DONE).count()


def most_stops() -> int:
    """How often the unluckiest of all was stopped."""
    per = starts().values("subject_id").annotate(times=Count("id")).order_by("-times")
    return per[0]["times"] - 1


def starts() -> QuerySet[Event]:
    """The events of all intents."""
    return Event.objects.filter(kind=Kind.EXECUTION_STARTED)


def test_without_the_switch_calls_go_on(
    cast, policy, shop, shop_connector, workspace, tmp_path, say, monkeypatch
):
    """Control: workers that do not ask start calls more than a second later."""
    monkeypatch.setattr(attempt, "stopping", lambda: Value(False))
    monkeypatch.setattr(attempt, "is_stopped", lambda execution: False)
    seen = sweep_all(shop, workspace, shop_connector, tmp_path / "calls", 1)
    say(f"kill switch, control that does not ask: last start {seen[0][1]:.2f} s after the commit")
    assert seen[0][1] > 1.0
