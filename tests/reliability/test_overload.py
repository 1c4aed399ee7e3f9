"""Ten times what can be carried out: the queue stays bounded, callers are told to come back.

The product's web server, worker and sweeper act on the test's database; the back end allows so
many calls a second, which is what bounds the work that can be admitted. All is asked over HTTP.
"""

import asyncio
import json
import os
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from uuid import uuid4

import httpx2
import psycopg
import pytest
from django.conf import settings as configured
from django.test import Client
from django.utils import timezone

from aios.embedded.ports import find_free
from apps.accounts.models import User
from apps.gateway.models import ActionSetting, Connector, Execution, State
from apps.proposals.models import Proposal
from tests.factories.keys import caller
from tests.factories.proposals import price_change, propose
from tests.reliability.forks import close_connections
from tests.reliability.parts import WORKER, broker, running, sweeper, web
from tests.reliability.test_broker_loss import environment

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]

CALLS_PER_SECOND = 12.0
CALLS_EACH = 3  # of a proposal that is carried out: the look, the re-read and the call
CALLS_EACH_EXECUTION = 2
ADMITTED = CALLS_PER_SECOND / CALLS_EACH  # proposals a second
OFFERED = 10 * ADMITTED
LIMIT = 10  # due executions
KEYS = 8  # so that no key's own limit of requests matters
STARVED_SECONDS = 5.0  # a page that waits its turn behind the burst; how quick one is, is a figure
WINDOW_SECONDS, SLACK = 5.0, 4  # executions beyond the rate: what a full bucket holds, and delays
LIMITS = httpx2.Limits(keepalive_expiry=2.0)  # the server closes idle connections after five


@pytest.fixture
def burst(request) -> float:
    """How many seconds it lasts."""
    return float(request.config.getoption("--runs") or 12)


@dataclass(frozen=True)
class World:
    """Where requests go to, as whom, and the files the processes leave their figures in."""

    address: str
    tokens: list[str]
    reviewer_token: str
    session: str
    folder: Path


@contextmanager
def product(limit: int, folder: Path, workspace, cast) -> Iterator[World]:
    """A web server, a worker and a sweeper whose queue is bounded by `limit`."""
    port, broker_port = find_free(), find_free()
    env = environment(broker_port) | {"GATEWAY_QUEUE_LIMIT": str(limit)}
    now = timezone.now()
    tokens = [caller(workspace, cast.otto, now=now).token for _ in range(KEYS)]
    client = Client()
    client.force_login(cast.rita)
    world = World(
        address=f"http://127.0.0.1:{port}", tokens=tokens, folder=folder,
        reviewer_token=caller(workspace, cast.rita, now=now).token,
        session=client.cookies[configured.SESSION_COOKIE_NAME].value,
    )  # fmt: skip
    with (
        broker(broker_port),
        running(web(port), environment=env | {"DATABASE_POOL": "20"}),
        running(WORKER, sweeper(1.0), environment=env),
    ):
        wait_until_up(world.address)
        yield world


def wait_until_up(address: str) -> None:
    """Return when the web server answers."""
    deadline = time.monotonic() + 30
    while True:
        try:
            httpx2.get(f"{address}/healthz", trust_env=False, timeout=2)
        except httpx2.HTTPError:
            assert time.monotonic() < deadline, "the web server did not start"
            time.sleep(0.1)
        else:
            return


def submit_all(world: World, seconds: float) -> None:
    """Offer proposals at a steady rate, whatever becomes of them; note each answer."""

    async def one(http: httpx2.AsyncClient, number: int, answers: list[dict]) -> None:
        action, params = price_change("5", variant=f"v{os.getpid()}_{number}")
        body = {"title": "t", "rationale": "r", "changes": [{"action": action, "params": params}]}
        key = str(uuid4())
        answer = await http.post(
            f"{world.address}/api/v1/proposals", json=body,
            headers={"Authorization": f"Bearer {world.tokens[number % KEYS]}",
                     "Idempotency-Key": key},
        )  # fmt: skip
        answers.append({
            "status": answer.status_code, "type": answer.headers["Content-Type"], "key": key,
            "token": world.tokens[number % KEYS], "body": body,
            "retry_after": answer.headers.get("Retry-After"),
            "id": answer.json().get("id"), "kind": answer.json().get("type"),
        })  # fmt: skip

    async def offer() -> list[dict]:
        answers: list[dict] = []
        began = time.monotonic()
        async with (
            httpx2.AsyncClient(trust_env=False, timeout=30, limits=LIMITS) as http,
            asyncio.TaskGroup() as group,
        ):
            for number in range(int(OFFERED * seconds)):
                await asyncio.sleep(max(began + number / OFFERED - time.monotonic(), 0))
                group.create_task(one(http, number, answers))
        return answers

    leave(world, "answers", asyncio.run(offer()))


def look_at_pages(world: World, seconds: float) -> None:
    """Open the inbox and one proposal again and again, as a reviewer does; note how long it took."""
    took: list[float] = []
    until = time.monotonic() + seconds
    waiting = json.loads((world.folder / "waiting").read_text())
    cookies = {configured.SESSION_COOKIE_NAME: world.session}
    with httpx2.Client(trust_env=False, timeout=30, cookies=cookies, limits=LIMITS) as http:
        while time.monotonic() < until:
            for path in ("/", f"/proposals/{random.choice(waiting)['id']}/"):
                began = time.monotonic()
                answer = http.get(world.address + path)
                took.append(time.monotonic() - began)
                assert answer.status_code == 200, answer.status_code
            time.sleep(0.1)
    leave(world, "pages", took)


def approve_all(world: World, seconds: float) -> None:
    """Approve what waits, one after the other; note each answer."""
    statuses = []
    waiting = json.loads((world.folder / "waiting").read_text())
    with httpx2.Client(trust_env=False, timeout=30, limits=LIMITS) as http:
        for one in waiting:
            answer = http.post(
                f"{world.address}/api/v1/proposals/{one['id']}/reviews",
                json={"verdict": "approve", "binding": one["binding"]},
                headers={"Authorization": f"Bearer {world.reviewer_token}"},
            )
            statuses.append(answer.status_code)
            time.sleep(seconds / len(waiting))
    leave(world, "approvals", statuses)


def count_queue(world: World, seconds: float) -> None:
    """Note how long the queue gets, and how long after the burst it is empty."""
    longest, began = 0, time.monotonic()
    while True:
        due = Execution.objects.exclude(state=State.DONE).count()
        longest = max(longest, due)
        after = time.monotonic() - began - seconds
        if after > 0 and (not due or after > 4 * seconds):
            leave(world, "queue", {"longest": longest, "drained": after, "left": due})
            return
        time.sleep(0.05)


def leave(world: World, name: str, content: object) -> None:
    """Leave figures for the test."""
    (world.folder / name).write_text(json.dumps(content))


def found(world: World, name: str) -> list:
    """The figures a process left."""
    return json.loads((world.folder / name).read_text())


def together(world: World, seconds: float, *work: Callable[[World, float], None]) -> None:
    """Each of these as a process of its own, at the same time."""
    close_connections()
    processes = [get_context("fork").Process(target=one, args=(world, seconds)) for one in work]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert not any(process.exitcode for process in processes)


def p95(seconds: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(seconds, n=20)[-1]


def lines(url: str) -> Counter[str]:
    """How often each key stands in the back end's own ledger."""
    with psycopg.connect(url) as ledger:
        return Counter(key for (key,) in ledger.execute("SELECT key FROM null_ledger"))


def most_in(seconds: float, url: str) -> int:
    """How many effects the back end saw within the busiest so many seconds."""
    with psycopg.connect(url) as ledger:
        times = [at.timestamp() for (at,) in ledger.execute("SELECT at FROM null_ledger")]
    return max(sum(began <= at < began + seconds for at in times) for began in times)


def repeat(world: World, answer: dict) -> int:
    """Send a request again that was turned away, with the same key, when it was told to; the
    status once it is not told to wait any more, or after five times."""
    headers = {"Authorization": f"Bearer {answer['token']}", "Idempotency-Key": answer["key"]}
    for _ in range(5):
        time.sleep(float(answer["retry_after"]))
        again = httpx2.post(f"{world.address}/api/v1/proposals", json=answer["body"],
                            headers=headers, trust_env=False, timeout=30)  # fmt: skip
        if again.status_code != 429:
            break
    return again.status_code


def wait_until_empty(seconds: float) -> None:
    """Return when nothing waits to be carried out or settled."""
    deadline = time.monotonic() + seconds
    while Proposal.objects.filter(state__in=["approved", "waiting"]).exists():
        assert time.monotonic() < deadline, "something was left undone"
        time.sleep(0.05)


@pytest.fixture
def limited(connector, policy, cast) -> User:
    """A back end with a rate."""
    connector.calls_per_second = CALLS_PER_SECOND
    connector.save()
    return cast.rita


def prepare_approvals(workspace, folder: Path, count: int) -> None:
    """Proposals that wait for a person."""
    made = [propose(workspace, "50", now=timezone.now()) for _ in range(count)]
    waiting = [{"id": str(one.pk), "binding": one.binding} for one in made]
    (folder / "waiting").write_text(json.dumps(waiting))


def test_ten_times_the_admitted_rate_is_turned_away_in_order(
    cast, limited, workspace, ledger_url, burst, tmp_path, say
):
    """Bounded queue, 429 with Retry-After, no page starves; what was admitted is done, and soon."""
    approvals = 8
    prepare_approvals(workspace, tmp_path, approvals)
    with product(LIMIT, tmp_path, workspace, cast) as world:
        together(world, 4.0, look_at_pages)
        idle = p95(found(world, "pages"))
        together(world, burst, submit_all, look_at_pages, approve_all, count_queue)
        answers, queue, pages = (
            found(world, "answers"),
            found(world, "queue"),
            found(world, "pages"),
        )
        refused = [answer for answer in answers if answer["status"] == 429]
        again = repeat(world, refused[0])
        wait_until_empty(10)
    statuses = Counter(answer["status"] for answer in answers)
    admitted = [answer["id"] for answer in answers if answer["status"] == 201]
    done = set(map(str, Proposal.objects.filter(state="done").values_list("pk", flat=True)))
    lost = [pk for pk in admitted if pk not in done]
    seen = lines(ledger_url)
    say(f"overload: {len(answers)} proposals in {burst:.0f} s against {ADMITTED:.0f} a second, "
        f"{statuses[201]} admitted, {statuses[429]} turned away (429), queue at most "
        f"{queue['longest']} (limit {LIMIT} + {approvals} approved), drained {queue['drained']:.1f} s "
        f"after the burst, {len(pages)} pages median {statistics.median(pages) * 1000:.0f} "
        f"and p95 {p95(pages) * 1000:.0f} ms (before the burst {idle * 1000:.0f} ms), {len(lost)} lost, "
        f"{sum(seen.values()) - len(seen)} duplicated")  # fmt: skip
    assert set(statuses) == {201, 429}
    assert statuses[429] > statuses[201]
    assert all(int(answer["retry_after"]) >= 1 for answer in refused)
    assert {answer["type"] for answer in refused} == {"application/problem+json"}
    assert {answer["kind"] for answer in refused} <= {
        "urn:aios:problem:overloaded", "urn:aios:problem:busy",
    }  # fmt: skip
    assert set(found(world, "approvals")) == {200}
    assert again == 201
    assert queue["longest"] <= LIMIT + approvals
    assert queue["drained"] <= 2 * burst
    assert max(pages) < STARVED_SECONDS
    # a call may come some tenths of a second after its turn, so a second alone would see more
    most = most_in(WINDOW_SECONDS, ledger_url)
    assert most <= WINDOW_SECONDS * CALLS_PER_SECOND / CALLS_EACH_EXECUTION + SLACK
    assert not lost
    assert set(seen.values()) == {1}
    assert len(seen) == len(admitted) + approvals + 1


def test_control_without_a_limit_the_queue_grows(cast, limited, workspace, burst, tmp_path, say):
    """Control: a limit out of reach lets the same burst pile up behind a back end that stands."""
    seconds = min(burst, 8.0)
    Connector.objects.update(calls_per_second=None)  # each proposal can be looked at
    ActionSetting.objects.create(workspace=workspace, action="set_price", hold_seconds=600)
    with product(1_000_000, tmp_path, workspace, cast) as world:
        together(world, seconds, submit_all)
        queue = Execution.objects.filter(state=State.DUE).count()
    statuses = Counter(answer["status"] for answer in found(world, "answers"))
    say(f"overload, control without a limit: {statuses[201]} admitted in {seconds:.0f} s, "
        f"{queue} of them wait at its end")  # fmt: skip
    assert queue > 2 * LIMIT
