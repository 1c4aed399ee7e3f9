"""Resolving executions whose outcome is unknown."""

from celery import shared_task
from django.utils import timezone

from apps.audit import bell
from apps.gateway import operations


@shared_task(name="gateway.reconcile", ignore_result=True)
def reconcile(**_: object) -> None:
    """Read back until no lapsed execution is left."""
    bell.answered("gateway.reconcile")
    while operations.reconcile(clock=timezone.now):
        pass
