"""propose -> decide(review) -> approve -> execute -> audited, beside a bare three-commit floor.

The product's own operations and Celery workers do the work; the effect is one row in the null
connector's ledger, so that no shop is measured.
"""

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from decimal import Decimal
from multiprocessing import get_context
from typing import Any
from uuid import UUID

import psutil
import psycopg
from django.conf import settings
from django.db import connection, connections
from django.utils import timezone
from rich.progress import Progress

from apps.accounts import operations as accounts
from apps.accounts.models import Role, User, Workspace
from apps.audit import bell
from apps.audit.models import Entry
from apps.gateway.models import Connector
from apps.policies import operations as policies
from apps.proposals import operations as proposals
from apps.proposals.models import Proposal, State
from apps.proposals.operations import Draft, Origin

DEFAULT_N = 2_000
BATCH = 50
PROCESSES = 2
THREADS = 2  # requests a web process serves at once
WORKERS = 2
IDLE_ROUNDS = 60
FLOOR_THREADS = 16
ORIGIN = Origin(by="agent:bench", trigger="schedule", agent="bench", playbook="bench")
RULE = {"name": "ask", "when": "has_amount", "outcome": "review", "reason": "always asked"}


def measure(*, n: int, progress: Progress) -> dict[str, Any]:
    """Round trips a second, CPU per run, approve-to-effect when idle, and the floor."""
    workspace, reviewer, ledger = prepare()
    workers = start_workers()
    try:
        idle(workspace, reviewer, ledger, rounds=3)  # warm: imports, compiled rules, connections
        latencies = idle(workspace, reviewer, ledger, rounds=IDLE_ROUNDS)
        cpu_before, began = cpu_seconds(), time.perf_counter()
        bar = progress.add_task("round trips", total=n)
        run(workspace, reviewer, n, lambda done: progress.update(bar, completed=done))
        elapsed, cpu = time.perf_counter() - began, cpu_seconds() - cpu_before
    finally:
        stop(workers)
    floor = three_commits(n)
    rate = n / elapsed
    return {
        "name": "roundtrip",
        "n": n,
        "per_second": round(rate, 1),
        "cpu_ms_per_run": round(cpu / n * 1000, 2),
        "p50_ms": round(statistics.median(latencies) * 1000, 1),
        "p95_ms": round(statistics.quantiles(latencies, n=20)[-1] * 1000, 1),
        "floor": round(floor, 1),
        "ratio": round(rate / floor, 4),
        "effects": len(lines(ledger)),
        "events": Entry.objects.count(),
        "cores": os.cpu_count(),
    }


def prepare() -> tuple[Workspace, User, str]:
    """A workspace with a policy that asks a person, a reviewer, and a ledger."""
    now = timezone.now()
    parts = connection.get_connection_params()
    names = ("host", "port", "user", "password", "dbname")
    ledger = " ".join(f"{name}='{parts[name]}'" for name in names if parts.get(name))
    workspace = Workspace.objects.create(name="Bench", slug="bench")
    user = User.objects.create_user("bench@example.com", None)
    accounts.add_member(workspace=workspace, user=user, role=Role.REVIEWER, by="bench", now=now)
    accounts.authorise(workspace=workspace, user=user, action="set_price", ceiling=Decimal(100),
                       currency="EUR", by="bench", now=now)  # fmt: skip
    Connector.objects.create(
        workspace=workspace, name="ledger", kind="null", address=ledger, changed_at=now
    )
    version = policies.draft(
        workspace=workspace, name="bench", rules=[RULE], limits={}, by="bench", now=now
    )
    policies.publish(version=version, by="bench", now=now)
    return workspace, user, ledger


def start_workers() -> subprocess.Popen[bytes]:
    """Celery workers, as `up` starts them."""
    command = [sys.executable, "-m", "celery", "-A", "aios", "worker", "-c", str(WORKERS),
               "-Q", "urgent,default,bulk", "--without-mingle", "--without-gossip",
               "--loglevel", "ERROR"]  # fmt: skip
    return subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL)


def stop(workers: subprocess.Popen[bytes]) -> None:
    """End the workers we started."""
    workers.terminate()
    try:
        workers.wait(10)
    except subprocess.TimeoutExpired:
        workers.kill()


def draft(variant: str) -> Draft:
    """One price change on a target of its own."""
    params = {"product_id": "p", "variant_id": variant, "currency": "EUR", "amount": "9.99"}
    return Draft(title="bench", rationale="bench", changes=[("set_price", params)])


def propose(workspace: Workspace, variants: Sequence[str]) -> list[Proposal]:
    """Submit one batch."""
    drafts = [draft(variant) for variant in variants]
    made = proposals.submit(workspace=workspace, drafts=drafts, origin=ORIGIN, now=timezone.now())
    return [proposal for proposal in made if proposal is not None]


def approve(proposal: Proposal, reviewer: User) -> None:
    """One person's approval, in its own transaction."""
    proposals.approve(
        proposal_id=proposal.pk, user=reviewer, binding=proposal.binding, now=timezone.now()
    )


def run(workspace: Workspace, reviewer: User, n: int, tell: Callable[[int], None]) -> None:
    """n round trips: two web processes propose batches and approve each proposal alone."""
    before = done_count(workspace)
    share = n // PROCESSES
    close_old_connections_of_this_process()
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("fork")) as pool:
        shares = [share] * (PROCESSES - 1) + [n - share * (PROCESSES - 1)]
        work = [pool.submit(one_web_process, workspace, reviewer, own, number)
                for number, own in enumerate(shares)]  # fmt: skip
        while (done := done_count(workspace) - before) < n:
            for future in work:
                if future.done():
                    future.result()
            tell(done)
            time.sleep(0.1)
    tell(n)


def close_old_connections_of_this_process() -> None:
    """A forked process must open its own."""
    connections.close_all()
    bell.forget_connection()


def one_web_process(workspace: Workspace, reviewer: User, count: int, number: int) -> None:
    """Propose and approve this process' share, several requests at a time."""

    def one_batch(start: int) -> None:
        names = [f"w{number}-{start + i}" for i in range(min(BATCH, count - start))]
        for proposal in propose(workspace, names):
            approve(proposal, reviewer)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(one_batch, range(0, count, BATCH)))


def done_count(workspace: Workspace) -> int:
    """Proposals that are done and proven."""
    return Proposal.objects.filter(workspace=workspace, state=State.DONE).count()


def idle(workspace: Workspace, reviewer: User, ledger: str, *, rounds: int) -> list[float]:
    """Seconds from the approval's start to the effect in the ledger, one at a time."""
    seconds = []
    with psycopg.connect(ledger, autocommit=True) as reader:
        for number in range(rounds):
            [proposal] = propose(workspace, [f"idle-{rounds}-{number}"])
            before, seen = time.time(), len(lines(ledger))
            approve(proposal, reviewer)
            deadline = time.monotonic() + 20
            while count_lines(reader) <= seen and time.monotonic() < deadline:
                time.sleep(0.002)
            row = reader.execute("SELECT max(extract(epoch FROM at)) FROM null_ledger").fetchone()
            assert row is not None
            seconds.append(float(row[0]) - before)
            time.sleep(0.02)
    return seconds


def count_lines(reader: psycopg.Connection[Any]) -> int:
    """How many effects the ledger holds; 0 before it exists."""
    try:
        row = reader.execute("SELECT count(*) FROM null_ledger").fetchone()
    except psycopg.errors.UndefinedTable:
        return 0
    return int(row[0]) if row else 0


def lines(ledger: str) -> list[UUID]:
    """The ledger's keys."""
    with psycopg.connect(ledger) as reader:
        try:
            return [row[0] for row in reader.execute("SELECT key FROM null_ledger")]
        except psycopg.errors.UndefinedTable:
            return []


def cpu_seconds() -> float:
    """CPU time of this process, its children and the database, those that have ended included."""
    total = 0.0
    for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
        try:
            total += sum(process.cpu_times()[:4])  # user, system, and of the children that ended
        except psutil.NoSuchProcess:
            continue
    return total


def three_commits(n: int) -> float:
    """The floor: start, approve and effect as three bare commits each, on 16 connections."""
    conninfo = prepare_floor()
    left = iter(range(n))
    lock = threading.Lock()

    def work() -> None:
        with psycopg.connect(conninfo, autocommit=True) as c:
            while True:
                with lock:
                    number = next(left, None)
                if number is None:
                    return
                c.execute("INSERT INTO floor (id, state) VALUES (%s, 'waiting')", (number,))
                c.execute("UPDATE floor SET state = 'approved' WHERE id = %s", (number,))
                c.execute("UPDATE floor SET state = 'done' WHERE id = %s", (number,))

    began = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(FLOOR_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return n / (time.perf_counter() - began)


def prepare_floor() -> str:
    """An empty table for the floor; returns how to reach it."""
    parts = connection.get_connection_params()
    names = ("host", "port", "user", "password", "dbname")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE floor (id bigint PRIMARY KEY, state text)")
    return " ".join(f"{name}='{parts[name]}'" for name in names if parts.get(name))
