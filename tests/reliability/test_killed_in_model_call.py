"""kill -9 of a worker while a model thinks: taken up within 30 s, and no answered turn paid twice."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.agents import leases, operations
from apps.agents.models import Run, Stage, Turn
from apps.agents.steps import turns
from apps.audit import bell
from apps.inference.models import Budget, Call
from tests.contract.shops import Shop
from tests.factories import agents as make
from tests.factories import inference
from tests.reliability.forks import close_connections

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]

AT_MOST = timedelta(seconds=30)
SWEEP_SECONDS = 5.0  # how often the sweeper looks
ANSWERED = 2  # turns before the one in which the worker dies


class Model:
    """A model that answers two turns at once, and thinks about the third until it is let go."""

    def __init__(self) -> None:
        self.asked: list[int] = []  # messages of each question, oldest first
        self.thinks, self.go_on = threading.Event(), threading.Event()

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        """Two look-ups, then words."""
        turn = sum(one["role"] == "assistant" for one in body["messages"])
        self.asked.append(turn)
        if turn < ANSWERED:
            call = {"name": "recall", "arguments": json.dumps({"text": f"look-up {turn}"})}
            return {"role": "assistant", "content": None, "tool_calls": [
                {"id": f"call_{turn}", "type": "function", "function": call}]}  # fmt: skip
        self.thinks.set()
        self.go_on.wait(120)
        return {"role": "assistant", "content": "I leave it to the rules."}


@contextmanager
def serving(model: Model) -> Iterator[str]:
    """The model behind an OpenAI-compatible endpoint; yields its base URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = model.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            reason = "tool_calls" if said.get("tool_calls") else "stop"
            body = json.dumps({
                "id": "x", "object": "chat.completion", "created": 1, "model": "slow",
                "choices": [{"index": 0, "message": said, "finish_reason": reason}],
                "usage": {"prompt_tokens": 1_000, "completion_tokens": 10, "total_tokens": 1_010},
            }).encode()  # fmt: skip
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        model.go_on.set()
        server.shutdown()
        server.server_close()


def forked(do: Callable[[], object]) -> int:
    """A worker process; its id."""
    close_connections()
    child = os.fork()
    if child:
        return child
    try:
        bell.forget_connection()
        do()
    finally:
        os._exit(0)


def advance() -> int:
    """What a worker does when it is rung."""
    return operations.advance_due(worker=f"worker {os.getpid()}", clock=timezone.now, limit=1)


@pytest.fixture
def model() -> Model:
    """A slow model."""
    return Model()


@pytest.fixture
def planning(workspace: Workspace, shop: Shop, model: Model, settings: Any) -> Iterator[Run]:
    """A run that has read, and is about to ask that model."""
    with serving(model) as address:
        settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = address, "sk-test"
        settings.OPENAI_MODEL = "slow"
        inference.tier(workspace, timeout_s=60)
        now = timezone.now()
        make.connect(workspace, shop, now)
        agent = make.agent(workspace, "repricing", now, settings={"batch": 3})
        run = operations.start(agent=agent, trigger="schedule", by="clock", now=now)
        assert advance() == 1
        run.refresh_from_db()
        assert run.stage == Stage.PLAN
        yield run


def kill_while_it_thinks(model: Model) -> float:
    """A worker begins the step and is killed in its third turn; the moment (monotonic)."""
    child = forked(advance)
    try:
        assert model.thinks.wait(30), "the model was never asked"
        time.sleep(leases.LEASE.total_seconds() / 3)  # long enough for a heartbeat
    finally:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    return time.monotonic()


def taken_up_after(killed_at: float) -> float:
    """Sweep as the sweeper does until somebody takes the run up; the seconds since the kill."""
    while True:
        if advance():
            return time.monotonic() - killed_at
        assert time.monotonic() - killed_at < 60, "nobody has taken the run up for a minute"
        time.sleep(SWEEP_SECONDS)


def test_it_is_taken_up_within_thirty_seconds_and_goes_on_where_it_was(
    planning: Run, model: Model, say: Callable[[str], None]
) -> None:
    """The two answered turns are not asked again; each is charged once, the broken one besides."""
    killed_at = kill_while_it_thinks(model)
    assert model.asked == [0, 1, 2]
    assert Turn.objects.filter(run=planning, work="plan").count() == ANSWERED
    paid = [call.cost for call in Call.objects.filter(outcome="ok")]
    assert len(paid) == ANSWERED
    model.go_on.set()
    took = taken_up_after(killed_at)
    planning.refresh_from_db()
    say(f"a worker killed in a model call: its run was done {took:.1f} s later, of {AT_MOST}")
    assert took <= AT_MOST.total_seconds()
    assert planning.stage == Stage.ACT
    assert planning.deaths == 0
    assert model.asked == [0, 1, 2, 2]
    assert not Turn.objects.filter(run=planning).exists()
    done = Call.objects.filter(outcome="ok")
    assert done.count() == ANSWERED + 1
    budget = Budget.objects.get(scope="run", scope_id=planning.pk)
    assert budget.spent == sum((call.cost for call in done), Decimal(0))


def test_with_the_lease_of_before_it_is_not(
    planning: Run, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a lease as long as a model may think keeps the run from everybody."""
    monkeypatch.setattr(leases, "LEASE", timedelta(seconds=300))
    monkeypatch.setattr(time, "sleep", lambda _: None)
    kill_while_it_thinks(model)
    now = timezone.now()
    assert leases.claim(worker="next", now=now + AT_MOST) is None
    assert leases.claim(worker="next", now=now + timedelta(seconds=301)) is not None


def test_without_recorded_turns_they_are_paid_again(
    planning: Run, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the same death, and the model is asked everything once more."""
    monkeypatch.setattr(turns, "recorded", lambda *_: None)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    kill_while_it_thinks(model)
    model.go_on.set()
    Run.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert advance() == 1
    assert model.asked == [0, 1, 2, 0, 1, 2]


def test_a_slow_model_keeps_its_worker(
    planning: Run, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it thinks for longer than a lease nobody else takes the run up."""
    child = forked(advance)
    assert model.thinks.wait(30)
    until = time.monotonic() + leases.LEASE.total_seconds() + 3
    while time.monotonic() < until:
        assert leases.claim(worker="thief", now=timezone.now()) is None
        time.sleep(1)
    model.go_on.set()
    _, status = os.waitpid(child, 0)
    assert status == 0
    planning.refresh_from_db()
    assert (planning.stage, planning.deaths) == (Stage.ACT, 0)
    assert model.asked == [0, 1, 2]
