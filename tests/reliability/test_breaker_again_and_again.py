"""A breaker that opens and closes a hundred times keeps nothing from being done in the end.

Two worker processes serve a shop that falls ill and recovers, over and over. While it is ill a
probe gets as far as the write and is told that the shop is busy. The control counts those probes.
The same with a shop that takes one write in ten and turns the others away, its breaker closed.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from multiprocessing import get_context
from multiprocessing.synchronize import Event as Flag
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.audit.kinds import Kind
from apps.audit.models import Event
from apps.gateway import operations as gateway
from apps.gateway.connectors.medusa.api import AdminApi, Answer
from apps.gateway.models import Breaker, Circuit, Execution, State
from apps.gateway.operations import attempt, outcome
from apps.gateway.queries import read
from apps.proposals import operations as proposals
from apps.proposals.operations import Draft, Origin
from tests.reliability.forks import close_connections

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800)]

ORIGIN = Origin(by="agent:x", trigger="schedule", agent="x", playbook="p", agent_id=uuid4())
SUPPLY = 12
INTERVAL = 0.2  # seconds between probes
PROBES = 3  # that are told "busy" while the shop is ill
OPEN = (State.DUE, State.CLAIMED, State.CALLING, State.UNKNOWN)
_prices = count(100)


@pytest.fixture
def openings(request) -> int:
    """How often the shop falls ill."""
    return request.config.getoption("--runs") or 6


@pytest.fixture(autouse=True)
def _quick(settings, monkeypatch) -> None:
    """Short intervals, so that many openings fit into the test."""
    settings.GATEWAY_BREAKER_SECONDS = settings.GATEWAY_BREAKER_LONGEST_SECONDS = INTERVAL
    settings.GATEWAY_DOUBT_SECONDS = 0.2
    monkeypatch.setattr(outcome, "AWAY", timedelta(seconds=INTERVAL))


class Health:
    """How the shop is, as all workers find it; and how often it has said that it is busy."""

    WELL, AWAY, BUSY, STRICT = range(4)
    TAKES_ONE_IN = 10

    def __init__(self) -> None:
        context = get_context("fork")
        self.now = context.Value("i", self.WELL)
        self.refused = context.Value("i", 0)

    def spoil(self, call: Callable[..., Answer]) -> Callable[..., Answer]:
        """The shop's answers: none to reads while it is away, 429 to writes while it is busy."""

        def answer(api: AdminApi, method: str, path: str, **more: object) -> Answer:
            if self.now.value == self.AWAY and method == "GET":
                return Answer(503, b"")
            if self.now.value == self.BUSY and method == "POST":
                self.turn_away()
                return Answer(429, b"")
            if self.now.value == self.STRICT and method == "POST" and self.turn_away():
                return Answer(429, b"", timedelta(0))
            return call(api, method, path, **more)

        return answer

    def turn_away(self) -> int:
        """Count a write; 0 for the one in ten that a strict shop takes."""
        with self.refused.get_lock():
            self.refused.value += 1
            return self.refused.value % self.TAKES_ONE_IN


@pytest.fixture
def health(monkeypatch) -> Health:
    """The shop's health, to be changed while workers work."""
    health = Health()
    monkeypatch.setattr(AdminApi, "_call", health.spoil(AdminApi._call))
    return health


def work(stopped: Flag) -> None:
    """A worker and a sweeper in one."""
    while not stopped.is_set():
        taken = proposals.execute(worker=f"w{os.getpid()}", clock=timezone.now, limit=5)
        gateway.reconcile(clock=timezone.now)
        if not taken:
            time.sleep(0.02)


@contextmanager
def workers() -> Iterator[None]:
    """Two forked workers, ended when what they have begun is finished."""
    close_connections()
    context = get_context("fork")
    stopped = context.Event()
    children = [context.Process(target=work, args=(stopped,)) for _ in range(2)]
    for child in children:
        child.start()
    try:
        yield
    finally:
        stopped.set()
        for child in children:
            child.join(60)
            child.kill()


def supply(workspace, variants) -> None:
    """Have enough price changes due; policy allows them at once."""
    proposals.settle(now=timezone.now())
    price = f"{next(_prices) / 100:.2f}"
    taken = set(Execution.objects.exclude(state=State.DONE).values_list("target", flat=True))
    free = [one for one in variants if f"variant:{one.variant_id}" not in taken]
    missing = SUPPLY - Execution.objects.filter(state__in=OPEN).count()
    drafts = [
        Draft(title="price", rationale="r", changes=[(
            "set_price", {"product_id": v.product_id, "variant_id": v.variant_id,
                          "currency": "EUR", "amount": price})])
        for v in free[:missing]
    ]  # fmt: skip
    proposals.submit(workspace=workspace, drafts=drafts, origin=ORIGIN, now=timezone.now())


def wait_for(condition: Callable[[], object], seconds: float = 180) -> None:
    """Until the condition is true; the test fails if it does not come to be."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, figures()
        time.sleep(0.01)


def fall_ill(health: Health, workspace, variants) -> None:
    """Away until the breaker is open, busy for some probes, well until it is closed again."""
    supply(workspace, variants)
    health.now.value = health.AWAY
    wait_for(lambda: Breaker.objects.exclude(circuit=Circuit.CLOSED).exists())
    told = health.refused.value
    health.now.value = health.BUSY
    wait_for(lambda: health.refused.value >= told + PROBES)
    health.now.value = health.WELL
    wait_for(lambda: Breaker.objects.filter(circuit=Circuit.CLOSED).exists())


def suffer(health: Health, workspace, openings: int) -> None:
    """All openings, then everything that can still be done."""
    variants = read(workspace.pk, "variants")
    supply(workspace, variants)
    with workers():
        for _ in range(openings):
            fall_ill(health, workspace, variants)
        wait_for(lambda: not Execution.objects.filter(state__in=OPEN).exists())
    proposals.settle(now=timezone.now())


def crowd(health: Health, workspace, settings, monkeypatch) -> None:
    """A shop with a rate of its own, until all is done; its breaker bears any number of refusals."""
    settings.GATEWAY_BREAKER_FAILURES = 1_000_000
    monkeypatch.setattr(outcome, "SOONEST", timedelta(seconds=INTERVAL))
    supply(workspace, read(workspace.pk, "variants"))
    health.now.value = health.STRICT
    with workers():
        wait_for(lambda: not Execution.objects.filter(state__in=OPEN).exists())
    proposals.settle(now=timezone.now())


def figures() -> str:
    """What came of it."""
    opened = Event.objects.filter(kind=Kind.BREAKER_OPENED).count()
    begun = Event.objects.filter(kind=Kind.EXECUTION_STARTED).count()
    undone = Execution.objects.exclude(state=State.DONE).count()
    most = max(Execution.objects.values_list("attempts", flat=True), default=0)
    return (f"opened {opened} times, {begun} intents for {Execution.objects.count()} executions, "
            f"the most attempts of one {most}, {undone} not done in the end")  # fmt: skip


def test_what_a_breaker_holds_back_is_done_in_the_end(
    cast, policy, shop, shop_connector, workspace, openings, say, health
):
    """However often it opens, and whatever its probes were told."""
    suffer(health, workspace, openings)
    say(f"breaker, {openings} times ill: {figures()}")
    assert Event.objects.filter(kind=Kind.BREAKER_OPENED).count() >= openings
    assert not Execution.objects.exclude(state=State.DONE).exists()


def test_where_a_probe_is_an_attempt_approved_changes_end_before_people(
    cast, policy, shop, shop_connector, workspace, say, health, monkeypatch
):
    """Control: probes counted like other calls, and a limit as low as one opening calls for."""

    def count_it(execution: Execution, error: str, **_: object) -> outcome.Outcome:
        return outcome.later(execution, error, now=timezone.now())

    monkeypatch.setattr(attempt, "hold_back", count_it)
    monkeypatch.setattr(outcome, "MAX_ATTEMPTS", 1)
    suffer(health, workspace, 1)  # a second could find nobody left to probe with
    say(f"breaker, control that counts probes: {figures()}")
    assert Execution.objects.filter(state=State.NEEDS_PERSON).exists()


def test_what_the_shops_own_rate_turns_away_is_done_in_the_end(
    cast, policy, shop, shop_connector, workspace, say, health, settings, monkeypatch
):
    """Nine of ten writes are turned away, and none of that is an attempt."""
    crowd(health, workspace, settings, monkeypatch)
    say(f"a shop that takes one write in {health.TAKES_ONE_IN}, its breaker closed: {figures()}")
    assert not Event.objects.filter(kind=Kind.BREAKER_OPENED).exists()
    assert not Execution.objects.exclude(state=State.DONE).exists()
    assert set(Execution.objects.values_list("attempts", flat=True)) == {1}


def test_where_that_is_an_attempt_approved_changes_end_before_people(
    cast, policy, shop, shop_connector, workspace, say, health, settings, monkeypatch
):
    """Control: what is turned away counted, with the limit that holds for calls."""
    monkeypatch.setattr(attempt, "is_held", lambda error, **how: False)
    crowd(health, workspace, settings, monkeypatch)
    say(f"control that counts what is turned away: {figures()}")
    assert Execution.objects.filter(state=State.NEEDS_PERSON).exists()
