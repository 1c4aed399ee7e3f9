"""Crontabs on the night the clocks go back: what runs every hour also runs in the repeated one.

Celery and django-celery-beat reckon in wall time, in which that hour is there once: an hourly
schedule stood still for two hours. What runs at a time of day still runs once that night.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from celery.utils.time import ffwd as forward
from django_celery_beat.tzcrontab import TzAwareCrontab

AHEAD = timedelta(hours=3)  # clocks go back by an hour or less
MINUTE = timedelta(minutes=1)


class Crontab(TzAwareCrontab):  # type: ignore[misc]
    """A crontab in a time zone; `remaining_estimate` is where Celery asks for the next run."""

    def remaining_estimate(self, last_run_at: datetime, ffwd: Any = forward) -> timedelta:
        """How long it is until the next run after the last one; negative when it is overdue."""
        last = last_run_at.astimezone(UTC)
        if not self.goes_back(last):
            return self.by_the_clock(last_run_at, ffwd)
        moment = self.next_after(last)
        if moment is not None:
            now: datetime = self.nowfunc()
            return moment - now.astimezone(UTC)
        return self.by_the_clock(self.behind_repeated(last).astimezone(self.tz), ffwd)

    def by_the_clock(self, last_run_at: datetime, ffwd: Any) -> timedelta:
        """What Celery says: right wherever a time of day comes once."""
        found: timedelta = super().remaining_estimate(last_run_at, ffwd=ffwd)
        return found

    def next_after(self, last: datetime) -> datetime | None:
        """The first run of the next hours, in UTC; None if there is none."""
        moment = last.replace(second=0, microsecond=0) + MINUTE
        while moment <= last + AHEAD:
            if self.runs_at(moment.astimezone(self.tz)):
                return moment
            moment += MINUTE
        return None

    def behind_repeated(self, moment: datetime) -> datetime:
        """The last minute of a repeated hour for a moment in it; any other as it is.

        Celery forgets which of the two hours it was, and would run again and again.
        """
        while (moment + MINUTE).astimezone(self.tz).fold:
            moment += MINUTE
        return moment

    def goes_back(self, last: datetime) -> bool:
        """Whether clocks go back soon after, or just went."""
        offsets = [(last + step).astimezone(self.tz).utcoffset() for step in (-AHEAD, AHEAD)]
        return offsets[0] != offsets[1]

    def runs_at(self, local: datetime) -> bool:
        """Whether it runs at this time; in a repeated hour only what runs before and after too."""
        around = {(local.hour + step) % 24 for step in (-1, 0, 1)} if local.fold else {local.hour}
        return (
            around <= set(self.hour)
            and local.minute in self.minute
            and local.day in self.day_of_month
            and local.month in self.month_of_year
            and local.isoweekday() % 7 in self.day_of_week
        )


def through_the_night(schedule: Any) -> Any:
    """The schedule of a row; a crontab as one that knows of repeated hours."""
    if not isinstance(schedule, TzAwareCrontab):
        return schedule
    _, arguments, _ = schedule.__reduce__()
    return Crontab(*arguments)
