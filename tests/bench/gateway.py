"""What each guard of the gateway costs per execution, beside bare commits measured in the same run.

The product's own functions do the work, on the null connector, so that no shop is measured: alone
(one execution at a time, as when idle) and in batches (as workers do under load). Most guards are
timed around; those that are conditions inside a query are measured by leaving them out of every
other batch, and are a part of the stages they are asked in. All figures are medians, in microseconds per execution.
"""

import os
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import wraps
from typing import Any
from unittest.mock import patch

import psycopg
from django.db import connection
from django.db.models import Q, Value
from django.utils import timezone
from rich.progress import Progress

from apps.accounts.models import Workspace
from apps.gateway import health
from apps.gateway import operations as gateway
from apps.gateway.models import Connector, Execution, State
from apps.gateway.operations import attempt, breakers, grants, outcome
from apps.policies import operations as policies
from apps.proposals import operations as proposals
from apps.proposals.operations import Draft, Origin, effect

DEFAULT_N = 1_680
BATCH = 50
ALONE = 10  # executions, each alone, for every batch
ORIGIN = Origin(by="agent:bench", trigger="schedule", agent="bench", playbook="bench")
RULE = {"name": "all", "when": "has_amount", "outcome": "allow", "reason": "measured"}
STAGES: dict[str, list[tuple[Any, str]]] = {  # guard -> where the product calls it
    "claim": [(gateway, "claim")],
    "re-read": [(attempt, "unchanged")],
    "binding check": [(effect, "still_approved")],
    "grant consumption": [(grants, "consume")],
    "intent commit": [(attempt, "begin")],
    "audit events": [(attempt, "record_all"), (outcome, "record_all")],
    "call": [(attempt, "call")],
    "outcome commit": [(attempt, "finish")],
}
Sample = dict[str, float]


class Stopwatch:
    """Time spent in each of some functions itself, without those it calls that are timed too."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._inner: list[float] = []

    def around(self, name: str, do: Callable[..., Any]) -> Callable[..., Any]:
        """The function, timed."""

        @wraps(do)
        def timed(*args: Any, **given: Any) -> Any:
            self._inner.append(0.0)
            began = time.perf_counter()
            try:
                return do(*args, **given)
            finally:
                whole = time.perf_counter() - began
                self.spent[name] += whole - self._inner.pop()
                if self._inner:
                    self._inner[-1] += whole

        return timed


def measure(*, n: int, progress: Progress) -> dict[str, Any]:
    """Guards by microseconds per execution: alone and in batches; what they add up to; the floor."""
    workspace, connector = prepare()
    arms: dict[str, Callable[[], AbstractContextManager[Any]]] = {
        "full": nullcontext,
        "no kill switch": without_switch,
        "no breaker": without_breaker,
        "rate": lambda: with_rate(connector),
    }
    rounds = max(n // ((BATCH + ALONE) * len(arms)), 3)
    samples: dict[str, list[Sample]] = defaultdict(list)
    run(workspace, 1, 2)  # warm: imports, compiled rules, connections
    bar = progress.add_task("executions", total=rounds * len(arms))
    for number in range(rounds):
        names = list(arms)
        for name in names[number % 4 :] + names[: number % 4]:  # none is always the first
            with arms[name]():
                for size, times in ((BATCH, 1), (1, ALONE)):
                    samples[f"{name} {size}"] += run(workspace, size, times)
            progress.advance(bar)
        for size in (BATCH, 1):
            samples[f"floor {size}"] += [{"total": seconds} for seconds in bare(size)]
    return report(samples, rounds * len(arms) * (BATCH + ALONE))


def report(samples: dict[str, list[Sample]], executions: int) -> dict[str, Any]:
    """The medians."""
    guards = {
        name: {
            "alone": middle(samples, "full", 1, name),
            "batch": middle(samples, "full", BATCH, name),
        }
        for name in STAGES
    }
    inside = {
        "kill switch": ("full", "no kill switch", "claim", "intent commit"),
        "breaker": ("full", "no breaker", "claim", "call"),
        "rate, where one is set": ("rate", "full", "claim"),
    }
    totals = {size: middle(samples, "full", size, "total") for size in (1, BATCH)}
    floors = {size: middle(samples, "floor", size, "total") for size in (1, BATCH)}
    ours = {size: round(totals[size] - middle(samples, "full", size, "call"), 1) for size in totals}
    return {
        "name": "gateway",
        "n": executions,
        "unit": "microseconds per execution, median",
        "guards": guards,
        "inside_these": {
            name: {
                "alone": apart(samples, more, less, 1, *parts),
                "batch": apart(samples, more, less, BATCH, *parts),
            }
            for name, (more, less, *parts) in inside.items()
        },
        "total": {"alone": totals[1], "batch": totals[BATCH]},
        "without_the_call": {"alone": ours[1], "batch": ours[BATCH]},
        "bare_commits": {"alone": floors[1], "batch": floors[BATCH]},
        "floor": floors[BATCH],
        "ratio": round(ours[BATCH] / floors[BATCH], 2),
        "batch": BATCH,
        "cores": os.cpu_count(),
    }


def middle(samples: dict[str, list[Sample]], arm: str, size: int, name: str) -> float:
    """The median of one figure over all rounds."""
    return round(statistics.median(one[name] for one in samples[f"{arm} {size}"]) * 1e6, 1)


def apart(samples: dict[str, list[Sample]], more: str, less: str, size: int, *parts: str) -> float:
    """How much longer these parts take in one arm than in the other, from median to median."""
    return round(
        sum(middle(samples, more, size, p) - middle(samples, less, size, p) for p in parts), 1
    )


def run(workspace: Workspace, size: int, times: int) -> list[Sample]:
    """Seconds per execution, in all and by guard, of each of `times` batches of `size`."""
    propose(workspace, size * times)
    found = []
    for _ in range(times):
        watch = Stopwatch()
        with timed(watch):
            began = time.perf_counter()
            taken = proposals.execute(worker="bench", clock=timezone.now, limit=size)
            watch.spent["total"] = time.perf_counter() - began
        assert taken == size, f"{taken} executions taken, not {size}"
        found.append({name: watch.spent[name] / size for name in [*STAGES, "total"]})
    open_rows = Execution.objects.filter(workspace=workspace).exclude(state=State.DONE)
    assert not open_rows.exists(), "an execution is not done"
    while proposals.settle(now=timezone.now()):
        pass
    return found


@contextmanager
def timed(watch: Stopwatch) -> Iterator[None]:
    """Time every guard where the product calls it."""
    with ExitStack() as stack:
        for name, places in STAGES.items():
            for module, function in places:
                do = watch.around(name, getattr(module, function))
                stack.enter_context(patch.object(module, function, do))
        yield


def without_switch() -> AbstractContextManager[Any]:
    """No query asks for kill switches."""
    stack = ExitStack()
    for module in (attempt, breakers):
        stack.enter_context(patch.object(module, "stopping", lambda: Q(pk=None)))
    return stack


def without_breaker() -> AbstractContextManager[Any]:
    """Nobody asks whether the connector is in order, or notes how a call went."""
    stack = ExitStack()
    stack.enter_context(patch.object(breakers, "in_order", Q))
    stack.enter_context(patch.object(breakers, "some_watched", lambda: Value(False)))
    stack.enter_context(patch.object(health, "watch", lambda *args, **given: nullcontext()))
    return stack


@contextmanager
def with_rate(connector: Connector) -> Iterator[None]:
    """The connector has a token bucket, which never runs dry."""
    rows = Connector.objects.filter(pk=connector.pk)
    rows.update(calls_per_second=1e6)
    try:
        yield
    finally:
        rows.update(calls_per_second=None)


def propose(workspace: Workspace, count: int) -> None:
    """So many price changes which policy allows, each due."""
    numbers = range(Execution.objects.count(), Execution.objects.count() + count)
    drafts = [
        Draft(title="bench", rationale="bench", changes=[("set_price", {
            "product_id": "p", "variant_id": f"v{number}", "currency": "EUR", "amount": "9.99",
        })])
        for number in numbers
    ]  # fmt: skip
    proposals.submit(workspace=workspace, drafts=drafts, origin=ORIGIN, now=timezone.now())


def bare(size: int) -> list[float]:
    """Seconds per row of what cannot be less: claim, intent and outcome as three bare commits."""
    times = []
    with psycopg.connect(conninfo()) as c:
        for _ in range(1 if size > 1 else ALONE):
            began = time.perf_counter()
            for state in ("claimed", "calling", "done"):
                c.execute("UPDATE floor SET state = %s WHERE id <= %s", (state, size))
                c.commit()
            times.append((time.perf_counter() - began) / size)
    return times


def conninfo() -> str:
    """How to reach the database past Django."""
    parts = connection.get_connection_params()
    names = ("host", "port", "user", "password", "dbname")
    return " ".join(f"{name}='{parts[name]}'" for name in names if parts.get(name))


def prepare() -> tuple[Workspace, Connector]:
    """A workspace whose policy allows, a ledger to act on, and rows for the floor."""
    now = timezone.now()
    workspace = Workspace.objects.create(name="Bench", slug="bench")
    connector = Connector.objects.create(
        workspace=workspace, name="ledger", kind="null", address=conninfo(), changed_at=now
    )
    version = policies.draft(
        workspace=workspace, name="bench", rules=[RULE], limits={}, by="bench", now=now
    )
    policies.publish(version=version, by="bench", now=now)
    with connection.cursor() as sql:
        sql.execute("CREATE TABLE floor (id bigint PRIMARY KEY, state text)")
        sql.execute("INSERT INTO floor SELECT n, 'due' FROM generate_series(1, %s) n", [BATCH])
    return workspace, connector
