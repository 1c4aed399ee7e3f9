"""Telling people: one task reads the log, another sends; each looks until nothing is left.

What takes longer than its patience goes on in a call of its own: the sweeper has more to do.
"""

import time

from celery import shared_task
from django.utils import timezone

from apps.audit import bell
from apps.notifications import operations

PATIENCE = 8.0  # seconds of reading in one call


@shared_task(name="notifications.notify", ignore_result=True)
def notify(**_: object) -> None:
    """Turn what is new in the log into notices, then wake whoever sends them."""
    bell.answered("notifications.notify")
    read, until = 0, time.monotonic() + PATIENCE
    while count := operations.notify(now=timezone.now()):
        read += count
        if time.monotonic() > until:
            bell.ring("notifications.notify")
            break
    if read:
        bell.ring("notifications.deliver")


@shared_task(name="notifications.deliver", ignore_result=True)
def deliver(**_: object) -> None:
    """Send what is due; a call that ran out of patience wakes another."""
    bell.answered("notifications.deliver")
    if operations.deliver(clock=timezone.now):
        bell.ring("notifications.deliver")
    operations.forget(now=timezone.now())
