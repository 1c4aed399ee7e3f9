"""The events there are, by what they are about; `EVENTS` has them all by kind."""

from apps.audit.event import EVENTS
from apps.audit.events import (
    connectors,
    executions,
    guards,
    knowledge,
    people,
    policies,
    proposals,
    runs,
)

__all__ = [
    "EVENTS",
    "connectors",
    "executions",
    "guards",
    "knowledge",
    "people",
    "policies",
    "proposals",
    "runs",
]
