"""What is kept and what is counted now are, together, what happened."""

import math
from collections import Counter, defaultdict
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Workspace
from apps.audit import bell
from apps.audit.kinds import Kind
from apps.audit.models import Event
from apps.insights import reading, store
from apps.insights.figures import narrow
from apps.insights.histogram import percentile
from apps.insights.spans import Period
from apps.insights.tally import Tally, merge
from apps.proposals.models import Proposal
from tests.unit.insights.conftest import Fact, Past

pytestmark = pytest.mark.django_db
DAYS = 9


def ninth(now: datetime) -> Period:
    """Nine days up to today."""
    return Period(first=now.date() - timedelta(days=DAYS - 1), last=now.date())


def write(past: Past, now: datetime, *, since: datetime, until: datetime, n: int = 60) -> None:
    """What happens between two moments, some of it to older proposals."""
    seconds = (until - since).total_seconds()
    for _ in range(n):
        past.live(since + timedelta(seconds=past.random.uniform(0, seconds)), until)
    for _ in range(n // 6):
        began = since + timedelta(seconds=past.random.uniform(0, seconds * 0.8))
        past.ask(began)
        past.doubt(began, timedelta(seconds=past.random.uniform(1, seconds * 0.2)))
    past.trip(since + timedelta(hours=1), timedelta(hours=1, minutes=11))
    past.stumble(since + timedelta(hours=2), timedelta(hours=3, minutes=7))


def expect(facts: list[Fact], period: Period) -> tuple[Counter, Counter, dict]:
    """Counts, sums and durations by fact and dimensions, from the facts alone."""
    n, totals, durations = Counter(), Counter(), defaultdict(list)
    for one in facts:
        if period.since <= one.at < period.until:
            key = one[1:7]
            n[key] += 1
            totals[key] += one.total
            if one.ms is not None:
                durations[key].append(one.ms)
    return n, +totals, durations


def check(tally: Tally, facts: list[Fact], period: Period) -> None:
    """The tally says what the facts amount to; percentiles up to half a bucket."""
    n, totals, durations = expect(facts, period)
    found, sums, buckets = Counter(), Counter(), defaultdict(Counter)
    for key, cell in tally.items():
        found[key[:6]] += cell.n
        sums[key[:6]] += cell.total
        if key.bucket >= 0:
            buckets[key[:6]][key.bucket] += cell.n
    assert found == n
    assert +sums == totals
    assert set(buckets) == set(durations)
    for key, values in durations.items():
        for q in (0.5, 0.95):
            exact = sorted(values)[math.ceil(len(values) * q) - 1]
            assert percentile(buckets[key], q).ms == pytest.approx(exact, rel=0.026)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_kept_and_live_are_what_happened(past, workspace, now, seed):
    """Days kept earlier stay right while old proposals are decided, settled and undone later."""
    world, start = past(seed), now - timedelta(days=8)
    write(world, now, since=start, until=now - timedelta(days=3))
    earlier = Period(first=start.date(), last=(now - timedelta(days=3)).date())
    check(reading.read(workspace.pk, earlier, now=now - timedelta(days=3)).whole, world.facts,
          earlier)  # fmt: skip
    write(world, now, since=now - timedelta(days=3), until=now)
    for forget in (False, True):
        if forget:  # the process's own copies; the broker has them
            store._known.clear()
        found = reading.read(workspace.pk, ninth(now), now=now)
        assert found.missing == 0
        check(found.whole, world.facts, ninth(now))
        alone = reading.read(workspace.pk, ninth(now), now=now, daily=False)
        assert alone.whole == found.whole == merge(found.days.values())


def test_days_add_up_to_the_period(past, workspace, now):
    """Each day has its own facts, and nothing of a neighbour's."""
    world = past(4)
    write(world, now, since=now - timedelta(days=4), until=now)
    for day, tally in reading.read(workspace.pk, ninth(now), now=now).days.items():
        check(tally, world.facts, Period(first=day, last=day))


def test_narrowed_figures_are_of_the_narrowed_facts(past, workspace, now):
    """One agent, or one policy version with one action."""
    world = past(5)
    write(world, now, since=now - timedelta(days=4), until=now)
    whole = reading.read(workspace.pk, ninth(now), now=now).whole
    agent, version = str(world.agents[0].pk), str(world.versions[1].pk)
    check(narrow(whole, agent=agent), [f for f in world.facts if f.agent == agent], ninth(now))
    both = [f for f in world.facts if (f.version, f.action) == (version, "set_price")]
    check(narrow(whole, version=version, action="set_price"), both, ninth(now))


def test_an_undo_counts_on_the_day_it_happens(past, workspace, now):
    """A day that is over keeps what was done on it, although the proposal is undone now."""
    world = past()
    long_ago = now - timedelta(days=5)
    case = world.submit(long_ago)
    world.settle(case, "done", long_ago)
    first = reading.read(workspace.pk, ninth(now), now=now - timedelta(days=1))
    assert first.whole.count("settled", "done") == 1
    world.settle(case, "undone", now - timedelta(minutes=1))
    days = reading.read(workspace.pk, ninth(now), now=now).days
    assert days[long_ago.date()].count("settled", "done") == 1
    assert days[now.date()].count("settled", "undone") == 1
    assert sum(day.count("settled") for day in days.values()) == 2


def test_what_is_over_is_counted_once(past, workspace, now):
    """Kept days are read without asking the database for them, however many there are."""
    world = past()
    for day in range(1, 9):
        world.submit(now - timedelta(days=day))
    whole = reading.read(workspace.pk, ninth(now), now=now).whole
    assert whole.count("submitted") == 8
    Proposal.objects.all().delete()
    store._known.clear()
    assert reading.read(workspace.pk, ninth(now), now=now).whole == whole


def test_a_look_costs_the_same_for_a_week_and_a_year(past, workspace, now):
    """The statements of a second look: one for the demo, and one a source for today."""
    past().submit(now - timedelta(days=3))
    year = Period(first=now.date() - timedelta(days=365), last=now.date())
    for period in (ninth(now), year):
        with CaptureQueriesContext(connection) as first:
            assert reading.read(workspace.pk, period, now=now).missing == 0
        assert len(first) < 150
        with CaptureQueriesContext(connection) as second:
            reading.read(workspace.pk, period, now=now)
        assert len(second) == 13


def test_today_is_counted_up_to_now(past, workspace, now):
    """What happened a moment ago is there, though the hours before it are kept."""
    world = past()
    world.submit(now - timedelta(hours=5))
    assert reading.read(workspace.pk, ninth(now), now=now).whole.count("submitted") == 1
    world.submit(now - timedelta(minutes=50))  # committed late: its hour is ending
    world.submit(now)
    later = now + timedelta(seconds=1)
    assert reading.read(workspace.pk, ninth(now), now=later).whole.count("submitted") == 3


def test_another_workspace_is_not_counted(past, elsewhere, now):
    """Nothing is seen from elsewhere."""
    world = past()
    write(world, now, since=now - timedelta(days=4), until=now, n=12)
    assert reading.read(elsewhere.pk, ninth(now), now=now).whole == Tally()


def test_what_a_page_has_no_time_for_a_worker_counts(past, workspace, now):
    """Without patience nothing old is counted and the page says so; the task goes on with it."""
    past().submit(now - timedelta(days=3))
    found = reading.read(workspace.pk, ninth(now), now=now, patience=0)
    assert found.missing > 0
    assert found.whole.count("submitted") == 0
    while reading.fill(now=now, patience=10):
        pass
    found = reading.read(workspace.pk, ninth(now), now=now, patience=0)
    assert (found.missing, found.whole.count("submitted")) == (0, 1)


def test_what_is_over_is_counted_before_anybody_asks(past, workspace, elsewhere, now):
    """Once an hour for every workspace: the first look at the page finds it all."""
    past().submit(now - timedelta(days=40))
    bell.client().delete(f"{store.AHEAD}:{now:%Y%m%d%H}")
    assert reading.look_ahead(now=now) == 2
    assert reading.look_ahead(now=now + timedelta(minutes=30)) == 0
    while reading.fill(now=now, patience=10):
        pass
    store._known.clear()
    earlier = Period(first=now.date() - timedelta(days=59), last=now.date() - timedelta(days=30))
    for period, n in ((ninth(now), 0), (earlier, 1)):
        found = reading.read(workspace.pk, period, now=now, patience=0)
        assert (found.missing, found.whole.count("submitted")) == (0, n)


def test_it_counts_without_the_broker(past, workspace, now, settings, monkeypatch):
    """A broker that is away costs counting again, nothing else."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(bell, "_client", None)
    monkeypatch.setattr(bell, "_quiet_until", 0.0)
    past().submit(now - timedelta(days=3))
    for _ in range(2):
        store._known.clear()
        assert reading.read(workspace.pk, ninth(now), now=now).whole.count("submitted") == 1
    assert reading.fill(now=now, patience=1) is False
    assert reading.look_ahead(now=now) == 0


def test_removing_the_demo_has_all_counted_anew(past, workspace: Workspace, now):
    """Kept days do not speak of rows that were taken away."""
    world = past()
    world.submit(now - timedelta(days=3))
    assert reading.read(workspace.pk, ninth(now), now=now).whole.count("submitted") == 1
    Proposal.objects.all().delete()
    world.tell(Kind.DEMO_REMOVED, now, ("workspace", workspace.pk), by="user:x")
    assert reading.read(workspace.pk, ninth(now), now=now).whole.count("submitted") == 0
    assert Event.objects.filter(kind=Kind.DEMO_REMOVED).exists()
