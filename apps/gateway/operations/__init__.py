"""Carrying approved changes out: intent, call, proof, outcome, in this order.

    schedule (committed with the approval) -> claim -> re-read the target -> intent (committed)
    -> call with the derived key -> outcome (committed with its event)

A crash between call and outcome leaves `calling` with a lapsed lease: that is unknown, and is
read back (`reconcile`), never blindly repeated.
"""

from apps.gateway.operations.attempt import carry_out, claim
from apps.gateway.operations.doubt import reconcile
from apps.gateway.operations.order import Order, schedule
from apps.gateway.operations.outcome import mark_reported, put_off, take_finished

__all__ = [
    "Order",
    "carry_out",
    "claim",
    "mark_reported",
    "put_off",
    "reconcile",
    "schedule",
    "take_finished",
]
