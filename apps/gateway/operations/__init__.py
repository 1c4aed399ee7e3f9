"""Carrying approved changes out: intent, call, proof, outcome, in this order.

    schedule (committed with the approval) -> claim -> re-read the target -> intent (committed)
    -> call with the derived key -> outcome (committed with its event)

A crash between call and outcome leaves `calling` with a lapsed lease: that is unknown, and is
read back (`reconcile`), never blindly repeated.
"""

from apps.gateway.health import GIVEN_BACK
from apps.gateway.health import reset as reset_breaker
from apps.gateway.operations.attempt import VOID, carry_out, claim
from apps.gateway.operations.breakers import turn
from apps.gateway.operations.cancel import cancel
from apps.gateway.operations.compensate import Amends, mark_compensated
from apps.gateway.operations.doubt import reconcile
from apps.gateway.operations.dry_run import (
    DryRun,
    Guard,
    Obstacle,
    ReadBack,
    dry_run_execution,
    hold_seconds,
    obstacles,
    sending_nothing,
)
from apps.gateway.operations.order import Order, schedule
from apps.gateway.operations.outcome import mark_reported, put_off, take_finished

__all__ = [
    "GIVEN_BACK",
    "VOID",
    "Amends",
    "DryRun",
    "Guard",
    "Obstacle",
    "Order",
    "ReadBack",
    "cancel",
    "carry_out",
    "claim",
    "dry_run_execution",
    "hold_seconds",
    "mark_compensated",
    "mark_reported",
    "obstacles",
    "put_off",
    "reconcile",
    "reset_breaker",
    "schedule",
    "sending_nothing",
    "take_finished",
    "turn",
]
