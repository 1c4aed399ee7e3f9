"""Carrying proposals on: each task looks for due work until none is left."""

import os
import socket
import time

from celery import shared_task
from django.utils import timezone

from apps.audit import bell
from apps.proposals import operations

BATCH = 50
# After a batch that was not full, more is gathered before the next: one transaction for several.
# The first batch never waits.
GATHER_SECONDS = 0.02


def worker_name() -> str:
    """This process, as executions name who holds them."""
    return f"{socket.gethostname()}:{os.getpid()}"


@shared_task(name="proposals.execute", ignore_result=True)
def execute(**_: object) -> None:
    """Execute what is due; a full batch wakes another worker to share the rest."""
    bell.answered("proposals.execute")
    while taken := operations.execute(worker=worker_name(), clock=timezone.now, limit=BATCH):
        if taken == BATCH:
            bell.ring("proposals.execute")
        else:
            time.sleep(GATHER_SECONDS)


@shared_task(name="proposals.settle", ignore_result=True)
def settle(**_: object) -> None:
    """Settle finished executions; give proposals back whose approval became void."""
    bell.answered("proposals.settle")
    while operations.settle(now=timezone.now()):
        time.sleep(GATHER_SECONDS)
    operations.reconsider(now=timezone.now())


@shared_task(name="proposals.expire", ignore_result=True)
def expire(**_: object) -> None:
    """Close what nobody decided in time."""
    while operations.expire(now=timezone.now()):
        pass
