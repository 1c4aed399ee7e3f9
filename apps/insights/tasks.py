"""Counting, in the background, what a page had no time for or will soon be asked for."""

from celery import shared_task
from django.utils import timezone

from apps.audit import bell
from apps.insights import reading

PATIENCE = 20.0  # seconds a worker counts in one go; then others have their turn


@shared_task(name="insights.fill", ignore_result=True)
def fill(**_: object) -> None:
    """Count what is wanted; go on behind the others if it takes long."""
    bell.answered("insights.fill")
    if reading.fill(now=timezone.now(), patience=PATIENCE):
        bell.ring("insights.fill")


@shared_task(name="insights.tend", ignore_result=True)
def tend(**_: object) -> None:
    """Have the hour that is over counted before a page asks for it."""
    reading.look_ahead(now=timezone.now())
