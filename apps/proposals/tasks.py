"""Carrying proposals on: each task looks for due work until none is left."""

import os
import platform
import time

from celery import shared_task
from django.utils import timezone

from apps.audit import bell
from apps.proposals import operations

BATCH = 50
# The fuller a batch, the longer more is gathered before the next: under load one transaction does
# the work of many, and a lone approval, which takes a worker's place, gives it back at once.
GATHER_SECONDS = 0.05
MANY = 10  # executions after which it waits as long as that
SWEEP_SECONDS = 5.0  # what may be called later than that the sweeper finds


def gather(taken: int) -> None:
    """Wait for more after a batch of so many."""
    time.sleep(GATHER_SECONDS * min(taken / MANY, 1))


def worker_name() -> str:
    """This process, as executions name who holds them."""
    return f"{platform.node()}:{os.getpid()}"


@shared_task(name="proposals.execute", ignore_result=True)
def execute(**_: object) -> None:
    """Execute what is due; a full batch wakes another worker to share the rest.

    What a rate or a breaker still holds back rings again when its turn has come.
    """
    bell.answered("proposals.execute")
    while taken := operations.execute(worker=worker_name(), clock=timezone.now, limit=BATCH):
        if taken == BATCH:
            bell.ring("proposals.execute")
        else:
            gather(taken)
    pause = operations.turn(now=timezone.now())
    if pause is not None and pause < SWEEP_SECONDS:
        bell.ring_in(pause, "proposals.execute")


@shared_task(name="proposals.settle", ignore_result=True)
def settle(**_: object) -> None:
    """Settle finished executions; give back what became void, set back what broke off."""
    bell.answered("proposals.settle")
    while settled := operations.settle(now=timezone.now()):
        gather(settled)
    operations.reconsider(now=timezone.now())
    operations.unwind(now=timezone.now())


@shared_task(name="proposals.expire", ignore_result=True)
def expire(**_: object) -> None:
    """Close what nobody decided in time."""
    while operations.expire(now=timezone.now()):
        pass


@shared_task(name="proposals.tend", ignore_result=True)
def tend(**_: object) -> None:
    """Keep the queue in order: free lapsed claims, escalate what is late, wake what is due.

    Waking comes last: it asks the shop, which may take its time.
    """
    now = timezone.now()
    operations.lapse(now=now)
    operations.escalate(now=now)
    operations.drop_skips()
    operations.wake_due(now=now)
