"""Upkeep of the memory."""

from celery import shared_task
from django.utils import timezone

from apps.memory import operations


@shared_task(name="memory.embed", ignore_result=True)
def embed(**_: object) -> None:
    """Embed what is pending, until nothing is."""
    while operations.embed_pending(now=timezone.now()):
        pass


@shared_task(name="memory.retain", ignore_result=True)
def retain(**_: object) -> None:
    """Forget what has expired, until nothing has."""
    while operations.forget_expired(now=timezone.now()):
        pass
