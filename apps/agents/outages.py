"""What is an outage, which passes, and what is a fault, which trying again will not mend."""

from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError
from pydantic import ValidationError

from apps.agents.playbooks.registry import UnknownPlaybook
from apps.gateway.errors import Away, Unreachable
from apps.gateway.queries import NoConnector

SOON = timedelta(seconds=1)
SHORTEST, LONGEST = timedelta(seconds=2), timedelta(minutes=5)
PATIENCE = timedelta(hours=24)  # an outage that lasts longer ends the run, and people are told
# SQLSTATE classes: the connection broke, too little of something, an operator intervened
PASSING = ("08", "53", "57P")
# Trying again cannot help before a person has changed something
HOPELESS = (NoConnector, UnknownPlaybook, ValidationError)


def reason(error: Exception) -> str:
    """What has to come back before the step can be done, in words; empty for any other error."""
    if isinstance(error, Away):
        return str(error)
    if isinstance(error, Unreachable):
        name = error.connector or "a back end"
        return f"Waiting for {name}: {error}"
    if isinstance(error, OperationalError | InterfaceError) and is_passing(error):
        return f"Waiting for the database: {' '.join(str(error).split())}"
    return ""


def is_passing(error: Exception) -> bool:
    """Whether the database was away, rather than unable to do what it was asked."""
    state = getattr(error.__cause__, "sqlstate", None)
    return state is None or str(state).startswith(PASSING)


def next_try(error: Exception, *, since: datetime, now: datetime) -> datetime:
    """When to try again: after as long as it has lasted already, between two seconds and five
    minutes; where the gateway says from when a back end may be called, then."""
    if isinstance(error, Away):
        return max(error.until, now + SOON)
    return now + min(max(now - since, SHORTEST), LONGEST)
