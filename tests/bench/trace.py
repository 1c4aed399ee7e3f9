"""200 people watch one run live, beside a bare broadcaster measured in the same run.

The product's web server runs as `up` starts it, in a process of its own; the viewers are signed-in
WebSocket clients in another. Events are recorded in the audit log, numbered and announced as the
dispatcher does it, 50 a second; what is measured is the time from the moment at which an event was
due, before the first of these writes, to its receipt by each viewer: a publisher that falls behind
makes nothing look faster. One viewer more is cut off hard 20 times and resumes by number.
The floor is the `websockets` library's broadcast of the same texts to the same clients, as steady.
"""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from itertools import pairwise
from statistics import median, quantiles
from typing import IO, Any
from uuid import UUID

import psutil
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import transaction
from django.utils import timezone
from rich.progress import Progress

from aios.embedded.ports import find_free
from aios.embedded.services import app_parts
from apps.accounts import operations as accounts
from apps.accounts.models import Role, User, Workspace
from apps.agents.models import Agent, Run
from apps.audit import bell
from apps.audit import queries as audit
from apps.audit.kinds import Kind
from apps.audit.operations import sequence
from apps.console.hub import Line, pack, read
from tests.factories.events import record

DEFAULT_N = 600  # events: 12 s
VIEWERS = 200
PER_SECOND = 50
CUTS = 20
READY_SECONDS = 120.0
Seen = list[tuple[int, float]]


def measure(*, n: int, progress: Progress) -> dict[str, Any]:
    """What every viewer got and how soon; the same from the bare broadcaster."""
    run, cookies = prepare()
    with web() as (server, origin), viewers() as watching:
        url = f"{origin.replace('http', 'ws')}/ws/trace/{run.pk}/"
        start = audit.last_index()
        tell(watching, {"url": url, "origin": origin, "cookies": cookies, "after": start,
                        "cuts": CUTS})  # fmt: skip
        hear(watching, "ready")
        used = cpu_of(server)
        bar = progress.add_task("events to 200 viewers", total=n)
        moments = publish(run, n, lambda: progress.advance(bar))
        tell(watching, start + n)
        came = json.loads(hear(watching))
        used = cpu_of(server) - used
    lines = read(run.workspace_id, start, run.pk)
    floor = measure_floor(lines, n)
    return report(moments, start, came, used, floor)


def measure_floor(lines: Sequence[Line], n: int) -> dict[str, Any]:
    """Milliseconds of the bare broadcaster, with as many viewers and the same texts."""
    port = find_free()
    texts = [pack([lines[number % len(lines)]]) for number in range(n)]
    texts = [number_it(text, place) for place, text in enumerate(texts, 1)]
    with process("tests.bench.watching.broadcaster") as caster, viewers() as watching:
        tell(caster, {"port": port, "texts": texts, "per_second": PER_SECOND})
        hear(caster, "ready")
        tell(watching, {"url": f"ws://127.0.0.1:{port}/", "origin": f"http://127.0.0.1:{port}",
                        "cookies": [""] * (VIEWERS + 1), "after": 0, "cuts": 0})  # fmt: skip
        hear(watching, "ready")
        used = cpu_of(caster)
        tell(caster, "go")
        moments = json.loads(hear(caster))
        tell(watching, n)
        came = json.loads(hear(watching))
        used = cpu_of(caster) - used
        tell(caster, "end")
    return {"delays": delays(moments, 0, came["seen"]), "cpu": used, "viewers_cpu": came["cpu"]}


def report(
    moments: list[float], start: int, came: dict[str, Any], used: float, floor: dict[str, Any]
) -> dict[str, Any]:
    """The figures; `ratio` is that of the 95th percentiles."""
    n, seen = len(moments), came["seen"]
    places = [[index for index, _ in one] for one in seen]
    wanted = set(range(start + 1, start + n + 1))
    ours, theirs = delays(moments, start, seen), floor["delays"]
    seconds = n / PER_SECOND
    return {
        "name": "trace",
        "n": n,
        "viewers": len(seen),
        "per_second": PER_SECOND,
        "delivered": sum(len(one) for one in places),
        "lost": sum(len(wanted - set(one)) for one in places),
        "doubled": sum(len(one) - len(set(one)) for one in places),
        "out_of_order": sum(later <= earlier for one in places for earlier, later in pairwise(one)),
        "p50_ms": p50(ours),
        "p95_ms": p95(ours),
        "max_ms": round(max(ours), 1),
        "floor_p50_ms": p50(theirs),
        "floor": p95(theirs),
        "ratio": round(p95(ours) / p95(theirs), 2),
        "cut_viewer_cuts": came["cuts"],
        "cut_viewer_missed": len(wanted - set(came["cut"])),
        "cut_viewer_doubled": len(came["cut"]) - len(set(came["cut"])),
        "server_cpu": round(used / seconds, 2),
        "viewers_cpu": round(came["cpu"] / seconds, 2),
        "floor_cpu": round(floor["cpu"] / seconds, 2),
        "cores": os.cpu_count(),
    }


def delays(moments: list[float], start: int, seen: list[Seen]) -> list[float]:
    """Milliseconds from publishing to receipt, of every event at every viewer."""
    return [
        (moment - moments[index - start - 1]) * 1000
        for one in seen
        for index, moment in one
        if start < index <= start + len(moments)
    ]


def p50(values: list[float]) -> float:
    """The median."""
    return round(median(values), 1)


def p95(values: list[float]) -> float:
    """The 95th percentile."""
    return round(quantiles(values, n=20)[-1], 1)


def publish(run: Run, n: int, tick: Any) -> list[float]:
    """Record, number and announce events at a steady pace; the moment each was due.

    What one event is late because of the one before counts as its delay, too.
    """
    moments = []
    began = time.monotonic()
    for number in range(n):
        moments.append(began + number / PER_SECOND)
        time.sleep(max(moments[-1] - time.monotonic(), 0))
        with transaction.atomic():
            record(now=timezone.now(), workspace_id=run.workspace_id, run_id=run.pk,
                   **happening(run, number))  # fmt: skip
        sequence()
        bell.announce(audit.last_index())
        tick()
    return moments


def happening(run: Run, number: int) -> dict[str, Any]:
    """An event as runs have them: steps, calls to a model, decisions."""
    if number % 3 == 0:
        return {"kind": Kind.RUN_STEPPED, "actor": run.agent.actor, "subject_kind": "run",
                "subject_id": run.pk,
                "fields": {"stage": "plan", "number": number, "summary": f"Planned {number}."}}  # fmt: skip
    if number % 3 == 1:
        return {"kind": Kind.MODEL_CALLED, "actor": "inference", "subject_kind": "call",
                "subject_id": UUID(int=number),
                "fields": {"purpose": "plan bench", "model": "small", "tokens": 900 + number,
                           "input_tokens": 800, "output_tokens": 100 + number, "cost": "0.00042",
                           "latency_ms": 640, "outcome": "ok"}}  # fmt: skip
    return {"kind": Kind.DECISION_RECORDED, "actor": "policy", "subject_kind": "change",
            "subject_id": UUID(int=number),
            "fields": {"outcome": "review", "rule": "price cut", "reason": "more than 10 %"}}  # fmt: skip


def number_it(text: str, place: int) -> str:
    """The message with another number, for the floor's own count."""
    [event] = json.loads(text)
    return json.dumps([{**event, "index": place}], ensure_ascii=False)


def prepare() -> tuple[Run, list[str]]:
    """A run of a workspace, and the cookies of its viewers, one session each."""
    now = timezone.now()
    workspace = Workspace.objects.create(name="Bench", slug="bench")
    agent = Agent.objects.create(
        workspace=workspace, name="Repricing", playbook="repricing", created_at=now
    )
    run = Run.objects.create(workspace=workspace, agent=agent, trigger="person", not_before=now,
                             started_by="bench", started_at=now)  # fmt: skip
    cookies = []
    for number in range(VIEWERS + 1):
        user = User.objects.create_user(f"viewer{number}@example.com", None)
        accounts.add_member(workspace=workspace, user=user, role=Role.REVIEWER, by="bench", now=now)
        cookies.append(f"{settings.SESSION_COOKIE_NAME}={sign_in(user)}")
    sequence()
    return run, cookies


def sign_in(user: User) -> str:
    """The key of a session as signing in makes it."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


@contextmanager
def web() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The web server as `up` starts it; yields it and its address."""
    port = find_free()
    [part] = [one for one in app_parts(dict(os.environ), port=port, workers=1) if one.name == "web"]
    server = subprocess.Popen(part.argv, env=part.environment, cwd=part.cwd, text=True)
    address = f"http://127.0.0.1:{port}"
    try:
        await_answer(f"{address}/healthz")
        yield server, address
    finally:
        end(server)


def await_answer(address: str) -> None:
    """Return as soon as the server answers. Raises `TimeoutError`."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(address, timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"{address} did not answer")


@contextmanager
def process(module: str) -> Iterator[subprocess.Popen[str]]:
    """A module of ours as a process that is talked to line by line."""
    started = subprocess.Popen(
        [sys.executable, "-m", module], cwd=settings.BASE_DIR, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield started
    finally:
        end(started)


@contextmanager
def viewers() -> Iterator[subprocess.Popen[str]]:
    """The process of those who watch."""
    with process("tests.bench.watching.viewers") as watching:
        yield watching


def end(started: subprocess.Popen[str]) -> None:
    """End a process we started."""
    started.terminate()
    try:
        started.wait(10)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait()


def tell(to: subprocess.Popen[str], what: object) -> None:
    """Write one line of JSON."""
    stream = pipe(to.stdin)
    stream.write(json.dumps(what) + "\n")
    stream.flush()


def hear(of: subprocess.Popen[str], wanted: str = "") -> str:
    """Read one line. Raises `RuntimeError` if it is not the one wanted."""
    text = pipe(of.stdout).readline().strip()
    if not text or (wanted and text != wanted):
        raise RuntimeError(f"A process of the benchmark ended, or said {text[:100]!r}.")
    return text


def pipe(stream: IO[str] | None) -> IO[str]:
    """The pipe, which is there because we asked for it."""
    assert stream is not None
    return stream


def cpu_of(started: subprocess.Popen[str]) -> float:
    """Seconds of processor time a process has used."""
    used = psutil.Process(started.pid).cpu_times()
    return float(used.user + used.system)
