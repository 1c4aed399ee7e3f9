"""The scheduler of beat: that of django-celery-beat, with crontabs that know of repeated hours."""

from typing import Any

from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry

from apps.agents.crontab import through_the_night


class Entry(ModelEntry):  # type: ignore[misc]
    """A schedule of the admin as beat keeps it."""

    def __init__(self, model: Any, app: Any = None) -> None:
        super().__init__(model, app=app)
        # There is none where its row has gone: the parent has switched it off then
        if (schedule := self.__dict__.get("schedule")) is not None:
            self.__dict__["schedule"] = through_the_night(schedule)


class Scheduler(DatabaseScheduler):  # type: ignore[misc]
    """Reads the schedules from the database."""

    Entry = Entry
