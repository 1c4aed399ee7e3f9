"""Upkeep of inference."""

from celery import shared_task
from django.utils import timezone

from apps.inference import operations

BATCH = 100


@shared_task(name="inference.release", ignore_result=True)
def release(**_: object) -> None:
    """Settle the calls of processes that died, until none is overdue."""
    while operations.release_lost(now=timezone.now(), limit=BATCH) == BATCH:
        pass
