"""Who works on a run: claims that lapse, so that a dead worker never keeps one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from apps.agents.models import Run, State
from apps.gateway.switches import stopping_agents

# Renewed by a heartbeat while its worker lives. With the sweep's five seconds, what a dead one
# held is taken up again within 30.
LEASE = timedelta(seconds=20)


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

    def renew(self, *, now: datetime) -> bool:
        """Hold on from now; False if the run is not ours any more."""
        # Conditional update: it moves the row only while nobody else has taken it
        return bool(Run.objects.filter(self.held()).update(lease_until=now + LEASE))

    def keep(self, *, now: datetime) -> None:
        """Hold on from now. Raises `LeaseLost`."""
        if not self.renew(now=now):
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
    lease: Lease,
    *,
    error: str,
    not_before: datetime,
    attempts: int | None = None,
    waiting_since: datetime | None = None,
) -> bool:
    """Let go of a run whose step was not done, to be tried again later; `attempts` are counted.

    `waiting_since` is since when it waits for something outside, if it does. False if the run was
    not ours any more.
    """
    return bool(
        Run.objects.filter(lease.held()).update(
            lease_until=None, worker="", deaths=0, error=error, not_before=not_before,
            attempts=lease.attempt if attempts is None else attempts, waiting_since=waiting_since,
        )
    )  # fmt: skip
