"""When somebody should have decided, and when it is too late. Pure."""

from datetime import datetime, timedelta

LIFETIME = timedelta(hours=72)  # of a proposal that waits; after it, the action is not done
SHARE = {"high": 4, "medium": 2, "low": 2}  # of the lifetime, by risk: a quarter, a half
DUE_SOON = timedelta(hours=12)


def due_at(risk: str, *, now: datetime) -> datetime:
    """When somebody should have decided what begins to wait now; sooner for high risk."""
    return now + LIFETIME / SHARE[risk]
