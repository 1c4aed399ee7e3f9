"""Deliveries counted on our own row: what workers die with is taken alone, then set aside."""

from collections.abc import Sequence
from itertools import takewhile

from apps.gateway.models import Execution

MAX_DELIVERIES = 3  # workers that may die with an execution before it is set aside


def together(rows: Sequence[Execution], *, usual: int = 0) -> list[Execution]:
    """Those that may be taken at once: the first alone if it was taken more often than usual.

    Whoever had it before has died with it, and must not take others along.
    """
    harmless = list(takewhile(lambda execution: execution.deliveries <= usual, rows))
    return harmless or list(rows[:1])
