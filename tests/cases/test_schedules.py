"""Schedules on the nights clocks change, as beat works them out from the admin's rows."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from celery import current_app
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from apps.agents.beat import Scheduler
from apps.agents.crontab import Crontab, through_the_night

NEW_YORK, BERLIN = "America/New_York", "Europe/Berlin"
LORD_HOWE, LONDON = "Australia/Lord_Howe", "Europe/London"


def runs(cron: str, zone: str, start: datetime, hours: float) -> list[str]:
    """When beat would start it, looking every half minute from `start` on: local times.

    `cron` is minute, hour, day of month, month, day of week, as in a crontab.
    """
    minute, hour, day_of_month, month_of_year, day_of_week = cron.split()
    row = CrontabSchedule.objects.create(
        minute=minute, hour=hour, day_of_month=day_of_month, month_of_year=month_of_year,
        day_of_week=day_of_week, timezone=zone,
    )  # fmt: skip
    task = PeriodicTask.objects.create(name=f"{cron} {zone}", task="t", crontab=row,
                                       last_run_at=start - timedelta(seconds=30))  # fmt: skip
    entry = Scheduler.Entry(task, app=current_app)
    begun, moment = [], start
    while moment < start + timedelta(hours=hours):
        with time_machine.travel(moment, tick=False):
            if entry.is_due()[0]:
                begun.append(f"{moment.astimezone(ZoneInfo(zone)):%H:%M%z}")
                entry = next(entry)
        moment += timedelta(seconds=30)
    return begun


def local(zone: str, *when: int) -> datetime:
    """A time of day somewhere, in UTC."""
    return datetime(*when, tzinfo=ZoneInfo(zone)).astimezone(UTC)  # type: ignore[arg-type, misc]


@pytest.mark.django_db
@pytest.mark.case("54-hourly-crontab-fall-back")
def test_every_hour_is_every_hour(case: dict[str, Any]) -> None:
    """Also in the one that comes twice."""
    assert case["given"]["crontab"] == f"0 * in {NEW_YORK}"
    found = runs("0 * * * *", NEW_YORK, local(NEW_YORK, 2026, 11, 1, 0, 0), 4)
    assert found == ["00:00-0400", "01:00-0400", "01:00-0500", "02:00-0500"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("cron", "zone", "start", "hours", "expected"),
    [
        ("*/30 * * * *", BERLIN, (2026, 10, 25, 1, 30), 3,
         ["01:30+0200", "02:00+0200", "02:30+0200", "02:00+0100", "02:30+0100", "03:00+0100"]),
        ("15 * * * *", LONDON, (2026, 10, 25, 0, 0), 4,
         ["00:15+0100", "01:15+0100", "01:15+0000", "02:15+0000"]),
        ("0 0-5 * * *", BERLIN, (2026, 10, 25, 1, 0), 4,
         ["01:00+0200", "02:00+0200", "02:00+0100", "03:00+0100"]),
        ("45 * * * *", LORD_HOWE, (2026, 4, 5, 0, 0), 3,
         ["00:45+1100", "01:45+1100", "01:45+1030"]),
        ("0 * * * 0", NEW_YORK, (2026, 11, 1, 0, 0), 4,
         ["00:00-0400", "01:00-0400", "01:00-0500", "02:00-0500"]),
        ("0 * * * 1", NEW_YORK, (2026, 11, 1, 0, 30), 4, []),
        ("0 * * * *", NEW_YORK, (2026, 3, 8, 0, 0), 4,
         ["00:00-0500", "01:00-0500", "03:00-0400", "04:00-0400"]),
    ],
)  # fmt: skip
def test_no_hour_passes_without_a_run(
    cron: str, zone: str, start: tuple[int, ...], hours: float, expected: list[str]
) -> None:
    """Elsewhere, more often, for a part of the night, by half an hour; and in spring."""
    assert runs(cron, zone, local(zone, *start), hours) == expected


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("cron", "zone", "start", "expected"),
    [
        ("30 1 * * *", NEW_YORK, (2026, 11, 1, 0, 0), ["01:30-0400"]),
        ("30 2 * * *", NEW_YORK, (2026, 11, 1, 0, 0), ["02:30-0500"]),
        ("30 2 * * *", BERLIN, (2026, 10, 25, 0, 0), ["02:30+0200"]),
        ("0 1,2 * * *", NEW_YORK, (2026, 11, 1, 0, 0), ["01:00-0400", "02:00-0500"]),
        ("45 1 * * *", NEW_YORK, (2026, 11, 1, 0, 50), ["01:45-0400"]),
        ("0 6 * * *", NEW_YORK, (2026, 11, 1, 0, 0), ["06:00-0500"]),
        ("30 2 * * *", NEW_YORK, (2026, 3, 8, 0, 0), ["03:30-0400"]),
    ],
)
def test_what_runs_at_a_time_of_day_runs_once_that_night(
    cron: str, zone: str, start: tuple[int, ...], expected: list[str]
) -> None:
    """The first time the clock shows it; in spring an hour late, where it is left out."""
    assert runs(cron, zone, local(zone, *start), 12) == expected


@pytest.mark.django_db
def test_what_was_made_in_the_repeated_hour_does_not_run_again_and_again() -> None:
    """Its time of day has passed already; Celery alone would start it at every look."""
    repeated = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)  # 01:30 for the second time
    assert runs("45 1 * * *", NEW_YORK, repeated, 30) == ["01:45-0500"]


def test_other_schedules_stay_as_they_are() -> None:
    """An interval knows of no clocks; and a crontab stays equal to itself."""
    marker = object()
    assert through_the_night(marker) is marker
    made = Crontab(minute="0", tz=ZoneInfo(NEW_YORK))
    again = through_the_night(made)
    assert (again, again.tz) == (made, made.tz)
