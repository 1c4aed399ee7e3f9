"""Who works on a run: claims that lapse, so that a dead worker never keeps one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from apps.agents.models import Run, State
from apps.gateway.switches import stopping_agents

LEASE = timedelta(seconds=60)
THINKING = timedelta(seconds=300)  # at least, for a turn of a model


class LeaseLost(Exception):
    """The run was cancelled, or taken over after the lease had lapsed. What was done is dropped."""


@dataclass(frozen=True, kw_only=True)
class Lease:
    """A hold on a run; `attempt` tells this claim from any other."""

    run: Run
    worker: str
    attempt: int

    def held(self) -> Q:
        """The condition under which the run is still ours."""
        return Q(
            pk=self.run.pk,
            state=State.RUNNING,
            stage=self.run.stage,
            worker=self.worker,
            attempts=self.attempt,
            lease_until__isnull=False,
        )

    def keep(self, *, now: datetime, patience: timedelta) -> None:
        """Hold on for as long as a model may take. Raises `LeaseLost`."""
        until = now + max(THINKING, patience)
        # Conditional update: it moves the row only while nobody else has taken it
        if not Run.objects.filter(self.held()).update(lease_until=until):
            raise LeaseLost(LeaseLost.__doc__)

    def lock(self) -> Run:
        """The row, locked for the caller's transaction. Raises `LeaseLost`."""
        run = Run.objects.select_for_update(of=("self",)).filter(self.held()).first()
        if run is None:
            raise LeaseLost(LeaseLost.__doc__)
        return run


@transaction.atomic
def claim(*, worker: str, now: datetime) -> Lease | None:
    """Take the most urgent run that is due and that nobody holds; None when there is none.

    One at a time: a step may take long, and a second run in the same hands would lapse unworked.
    A lease that has lapsed means that its worker died: that is counted. What a kill switch stops
    is left alone.
    """
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    run = (
        Run.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(free, ~stopping_agents(), state=State.RUNNING, not_before__lte=now)
        .select_related("agent", "workspace")
        .order_by("-priority", "id")
        .first()
    )
    if run is None:
        return None
    run.deaths += run.lease_until is not None
    run.attempts, run.worker, run.lease_until = run.attempts + 1, worker, now + LEASE
    run.save(update_fields=["attempts", "deaths", "worker", "lease_until"])
    return Lease(run=run, worker=worker, attempt=run.attempts)


def give_back(
    lease: Lease, *, error: str, not_before: datetime, attempts: int | None = None
) -> None:
    """Let go of a run whose step was not done, to be tried again later; `attempts` are counted."""
    Run.objects.filter(lease.held()).update(
        lease_until=None, worker="", deaths=0, error=error, not_before=not_before,
        attempts=lease.attempt if attempts is None else attempts,
    )  # fmt: skip
