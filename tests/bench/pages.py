"""How long each page takes with a long past behind it, beside the same page with a short one.

The product's own pages answer in this process, so that no network is measured: first with a
hundredth of the past, then with all of it; the waiting proposals are the same. Figures are medians.
The floor is `/healthz` in the same run.
"""

import os
import statistics
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from rich.progress import Progress

from apps.accounts import operations as accounts
from apps.accounts.models import Role, User, Workspace
from apps.agents.models import Agent, Run
from apps.gateway.models import Connector, Execution
from apps.policies import operations as policies
from apps.proposals import operations as proposals
from apps.proposals.models import Proposal, State
from apps.proposals.operations import Draft, Origin
from tests.factories import past

DEFAULT_N = 1_000_000
SHORT = 100  # the short past is that part of the long one
WAITING = 200
ROUNDS = 15
CHUNK = 50_000
RULE = {"name": "by amount", "when": "has_amount", "outcome": "review", "reason": "always asked"}


def measure(*, n: int, progress: Progress) -> dict[str, Any]:
    """Milliseconds and queries of every page with n / 100 and with n proposals, and their ratios."""
    world = prepare()
    bar = progress.add_task("proposals", total=n)
    short = max(n // SHORT, 1)
    fill(world, 0, short)
    before, floor = times(world), healthz()
    for start in range(short, n, CHUNK):
        fill(world, start, min(CHUNK, n - start))
        progress.update(bar, completed=start)
    with connection.cursor() as sql:
        sql.execute("VACUUM ANALYZE")
    after = times(world)
    pages = {
        path: {
            "short_ms": before[path][0],
            "long_ms": after[path][0],
            "ratio": round(after[path][0] / before[path][0], 2),
            "queries": after[path][1],
            "kilobytes": after[path][2],
        }
        for path in after
    }
    worst = max(pages, key=lambda path: float(pages[path]["ratio"]))
    return {
        "name": "pages",
        "n": n,
        "short": short,
        "waiting": WAITING,
        "pages": pages,
        "worst": worst,
        "worst_ratio": pages[worst]["ratio"],
        "floor": floor,
        "ratio": round(statistics.median(p["long_ms"] for p in pages.values()) / floor, 1),
        "cores": os.cpu_count(),
    }


def prepare() -> dict[str, Any]:
    """A workspace with people, a policy, an agent, and proposals that wait."""
    now = timezone.now()
    workspace = Workspace.objects.create(name="Bench", slug="bench")
    owner = User.objects.create_user("bench@example.com", None, name="Bench")
    accounts.add_member(workspace=workspace, user=owner, role=Role.OWNER, by="bench", now=now)
    accounts.authorise(workspace=workspace, user=owner, action="set_price", ceiling=Decimal(1000),
                       currency="EUR", by="bench", now=now)  # fmt: skip
    parts = connection.get_connection_params()
    names = ("host", "port", "user", "password", "dbname")
    ledger = " ".join(f"{name}='{parts[name]}'" for name in names if parts.get(name))
    connector = Connector.objects.create(
        workspace=workspace, name="ledger", kind="null", address=ledger, changed_at=now
    )
    version = policies.draft(
        workspace=workspace, name="bench", rules=[RULE], limits={}, by="bench", now=now
    )
    policies.publish(version=version, by="bench", now=now)
    agent = Agent.objects.create(
        workspace=workspace, name="Repricer", playbook="repricing", created_at=now
    )
    drafts = [
        Draft(title=f"Price of SKU-{number}", rationale="A competitor is cheaper.",
              subject=f"sku:SKU-{number}",
              changes=[("set_price", {"product_id": "p", "variant_id": f"v{number}",
                                      "currency": "EUR", "amount": f"{number + 1}.99"})])
        for number in range(WAITING)
    ]  # fmt: skip
    origin = Origin(by=agent.actor, trigger="schedule", agent_id=agent.pk, agent=agent.name,
                    playbook=agent.playbook)  # fmt: skip
    proposals.submit(workspace=workspace, drafts=drafts, origin=origin, now=now)
    return {"workspace": workspace, "reviewer": owner, "connector": connector,
            "version": version, "agent": agent}  # fmt: skip


def fill(world: dict[str, Any], start: int, count: int) -> None:
    """Add finished proposals, and let PostgreSQL know its tables."""
    with transaction.atomic():
        past.write(**world, start=start, count=count, now=timezone.now())
    with connection.cursor() as sql:
        sql.execute("ANALYZE")


def times(world: dict[str, Any]) -> dict[str, tuple[float, int, float]]:
    """Of every page: milliseconds (median), queries, kilobytes."""
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(world["reviewer"], backend="django.contrib.auth.backends.ModelBackend")
    found = {}
    for name, path in paths(world["workspace"]):
        for _ in range(2):  # warm: templates, statements, caches
            answer = client.get(path)
            assert answer.status_code == 200, f"{path}: {answer.status_code}"
        taken = [timed(client, path) for _ in range(ROUNDS)]
        with CaptureQueriesContext(connection) as queries:
            size = len(client.get(path).content)
        found[name] = (
            round(statistics.median(taken) * 1000, 2),
            len(queries.captured_queries),
            round(size / 1024, 1),
        )
    return found


def timed(client: Client, path: str) -> float:
    """Seconds one answer takes."""
    began = time.perf_counter()
    client.get(path)
    return time.perf_counter() - began


def healthz() -> float:
    """Milliseconds of the bare floor: a page that only says it is alive (median)."""
    client, path = Client(SERVER_NAME="127.0.0.1"), reverse("console:healthz")
    client.get(path)
    return round(statistics.median(timed(client, path) for _ in range(ROUNDS * 5)) * 1000, 2)


def paths(workspace: Workspace) -> Iterator[tuple[str, str]]:
    """The pages by name, each once, with things of this workspace in their address."""
    mine = Proposal.objects.filter(workspace=workspace)
    waiting = mine.filter(state=State.WAITING).order_by("id").first()
    settled = mine.filter(state=State.DONE).order_by("-id").first()
    assert waiting is not None
    assert settled is not None
    for name in PAGES:
        yield name, reverse(f"console:{name}")
    yield "proposal waiting", reverse("console:proposal", args=[waiting.pk])
    yield "proposal done", reverse("console:proposal", args=[settled.pk])
    for split in ("mine", "unclaimed", "high"):
        yield f"queue {split}", f"{reverse('console:inbox')}?split={split}"
    yield "history found", f"{reverse('console:history')}?q=Price"
    yield "history of one product", f"{reverse('console:history')}?q=SKU-4321"
    yield "palette of one product", f"{reverse('console:palette')}?q=SKU-4321"
    yield "insights 7 days", f"{reverse('console:insights')}?days=7"
    for state in ("done", "rejected", "failed"):
        yield f"history {state}", f"{reverse('console:history')}?state={state}"
    run = Run.objects.filter(workspace=workspace).order_by("-id").first()
    execution = Execution.objects.filter(workspace=workspace).order_by("-id").first()
    assert run is not None
    assert execution is not None
    yield "run", reverse("console:run", args=[run.pk])
    yield "execution", reverse("console:execution", args=[execution.pk])


PAGES = ("inbox", "history", "runs", "trace", "executions", "stuck", "connectors", "stop",
         "insights", "keys", "notifications", "appearance", "bulk")  # fmt: skip
