"""What windows cost a submission: with and without, in turn, over a short and a long past.

A submission is one price, looked at in a shop that answers at once, and judged by ten rules; with
windows five of them ask for what was let through by target, agent and workspace in an hour, a day
and a month. The floor is the same submission without. The past is what windows keep of it: a place
for each change, a tally for each target, and full ones for the agent and the workspace, whose every
bucket is taken. It is 1,000,000 changes long at the default `n`, and 5,000 a round below.

Submissions follow each other within a second. The dearest are those that find another bucket open
than that of their own time, since these add up all others anew: they are measured beside, each an
hour before or after the last one.
"""

import json
import statistics
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone
from rich.progress import Progress

from apps.accounts.models import Workspace
from apps.gateway.models import Connector
from apps.policies import operations as policies
from apps.policies.facts import Facts
from apps.policies.models import Tally as Row
from apps.policies.windows import SPANS, Money, Sum, Tally, key_of
from apps.proposals import operations as proposals
from apps.proposals.operations import Draft, Origin
from tests.factories.price_shop import PriceShop

DEFAULT_N = 200
SHORT, A_ROUND = 10_000, 5_000  # past changes
WARMING = 10  # submissions that are not counted
ORIGIN = Origin(by="agent:bench", trigger="schedule", agent="bench", playbook="bench")
STEP = "change_percent < 5.0 && change_percent > -5.0"
ASKED = (("target", "1h"), ("target", "24h"), ("target", "30d"), ("agent", "24h"),
         ("workspace", "30d"))  # fmt: skip
PLACES = """
    INSERT INTO policies_place (subject_id, workspace_id, standing, by_person, counted, at)
    SELECT gen_random_uuid(), %s, 'done', FALSE, counted.one::jsonb, %s
    FROM generate_series(1, %s::int), (SELECT %s::text AS one) AS counted
"""
TALLIES = """
    INSERT INTO policies_tally (workspace_id, scope, key, running, sums, approved)
    SELECT %s, 'target', md5(n::text), '{}', counted.one::jsonb, '{}'
    FROM generate_series(%s::int, %s::int) AS n, (SELECT %s::text AS one) AS counted
"""


def measure(*, n: int, progress: Progress) -> dict[str, Any]:
    """Milliseconds of a submission with and without windows, at each length of the past."""
    now = timezone.now()
    places = {"without": prepare("without", now), "with": prepare("with", now)}
    pasts = (SHORT, max(SHORT, min(n, DEFAULT_N) * A_ROUND))
    bar = progress.add_task("submissions", total=4 * (n + WARMING) * len(pasts))
    medians: list[dict[str, float]] = []
    hourly: list[dict[str, float]] = []
    past = 0
    with pytest.MonkeyPatch.context() as patch:
        PriceShop().install(patch)
        for size in pasts:
            remember(places["with"], now, size - past, first=past)
            past = size
            for found, clock in ((medians, each_second(now)), (hourly, to_and_fro(now))):
                taken: dict[str, list[float]] = {name: [] for name in places}
                for _, at in zip(range(n + WARMING), clock, strict=False):
                    for name, workspace in places.items():
                        taken[name].append(submit(workspace, now=at))
                        progress.advance(bar)
                found.append({name: statistics.median(own[WARMING:])
                              for name, own in taken.items()})  # fmt: skip
    ratios = [one["with"] / one["without"] for one in medians]
    long, short = medians[-1], medians[0]
    return {
        "name": "decide",
        "n": n,
        "past": pasts,
        "median_ms": [{name: round(one, 3) for name, one in own.items()} for own in medians],
        "ratios": [round(one, 3) for one in ratios],
        "ratios_at_another_hour": [round(one["with"] / one["without"], 3) for one in hourly],
        "growth": {name: round(long[name] / short[name], 3) for name in places},
        "growth_of_windows": round(ratios[-1] / ratios[0], 3),  # what else is slower left out
        "floor": round(long["without"], 3),
        "ratio": round(ratios[-1], 3),
    }


def each_second(now: datetime) -> Iterator[datetime]:
    """One second after the other."""
    return (now + timedelta(seconds=turn) for turn in count())


def to_and_fro(now: datetime) -> Iterator[datetime]:
    """An hour after the last one, or before it."""
    return (now + timedelta(hours=turn % 2) for turn in count())


def prepare(name: str, now: datetime) -> Workspace:
    """A workspace whose policy has ten rules, five of them `with` windows."""
    slug = f"{name}-{uuid4().hex[:8]}"
    workspace = Workspace.objects.create(name=slug, slug=slug)
    Connector.objects.create(
        workspace=workspace, name="null", kind="null", address="postgresql://127.0.0.1:1/none",
        changed_at=now,
    )  # fmt: skip
    caps = [f"window('{scope}', '{span}').changes > 1000000.0" for scope, span in ASKED]
    others = ["change_percent > 1000000.0"] * len(caps)
    whens = [STEP, *(caps if name == "with" else others), *others[1:]]
    rules = [{"name": f"r{place}", "when": when, "outcome": "review" if place else "allow",
              "reason": "r"} for place, when in enumerate(whens)]  # fmt: skip
    version = policies.draft(workspace=workspace, name="p", rules=rules, limits={}, by="b", now=now)
    policies.publish(version=version, by="b", now=now)
    return workspace


def submit(workspace: Workspace, *, now: datetime) -> float:
    """Submit one price on a target of its own; milliseconds."""
    params = {"product_id": "p", "variant_id": uuid4().hex, "currency": "EUR", "amount": "41.00"}
    draft = Draft(title="t", rationale="r", changes=[("set_price", params)])
    began = time.perf_counter()
    [made] = proposals.submit(workspace=workspace, drafts=[draft], origin=ORIGIN, now=now)
    taken = (time.perf_counter() - began) * 1000
    assert made is not None
    assert made.state == "approved"
    return taken


def remember(workspace: Workspace, now: datetime, more: int, *, first: int) -> None:
    """Add so many past changes, each of a target of its own."""
    own = Sum(1, 1, {"EUR": Money(Decimal("1.00"), Decimal("1.00"), Decimal("1.00"))})
    target = tally(own, now, [span for scope, span in ASKED if scope == "target"])
    counted = {"action": "set_price", "sum": own.record(), "keys": {}, "spans": {}, "price": None,
               "currency": "EUR"}  # fmt: skip
    with connection.cursor() as sql:
        sql.execute(PLACES, [workspace.pk, now, more, as_json(counted)])
        sql.execute(TALLIES, [workspace.pk, first + 1, first + more, as_json(target.record())])
        sql.execute("ANALYZE policies_place, policies_tally")
    for scope in ("agent", "workspace"):
        fill(workspace, scope, own, now)


def fill(workspace: Workspace, scope: str, own: Sum, now: datetime) -> None:
    """Have every bucket of the bench's own agent and workspace hold something."""
    facts = Facts(action="set_price", connector="null", risk="medium", reversibility="reversible",
                  scopes={"agent": ORIGIN.by})  # fmt: skip
    full = Tally()
    for span in [span for name, span in ASKED if name == scope]:
        for back in range(SPANS[span].seconds // SPANS[span].bucket):
            at = now - timedelta(seconds=back * SPANS[span].bucket)
            full.add(own.record(), action="set_price", at=at, spans=[span])
    Row.objects.update_or_create(workspace=workspace, scope=scope, key=key_of(facts, scope),
                                 defaults={"sums": full.record(), "running": {}})  # fmt: skip


def tally(own: Sum, now: datetime, spans: Sequence[str]) -> Tally:
    """A tally of one change."""
    found = Tally()
    found.add(own.record(), action="set_price", at=now, spans=spans)
    return found


def as_json(value: object) -> str:
    """A value as PostgreSQL is given it."""
    return json.dumps(value)
