"""Counting, in the background, the days a page had no time for."""

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
