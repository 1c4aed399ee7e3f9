"""What goes wrong with one case alone is kept apart, so that the others go on."""

import hashlib
import logging
import traceback
from collections.abc import Callable
from typing import TypeVar

from django.db import DataError, Error

from apps.agents.leases import LeaseLost
from apps.gateway.errors import BadAnswer, Refused, Unreachable
from apps.gateway.queries import NoConnector
from apps.inference.budgets import BudgetExhausted
from apps.inference.operations import ModelUnavailable, NoModelConfigured
from apps.proposals.operations import Overloaded

log = logging.getLogger(__name__)

T = TypeVar("T")
# Nothing a case could be blamed for: what is away, what holds a run up on purpose
ELSEWHERE = (
    Unreachable, NoConnector, OSError, Error, LeaseLost, Overloaded,
    BudgetExhausted, ModelUnavailable, NoModelConfigured,
)  # fmt: skip
SHUT_OUT = ("401", "unauthorized")  # codes of a refusal to everything we ask


def is_own(error: Exception) -> bool:
    """Whether trouble is that of the case in hand, so that it would befall no other.

    A back end that lets us in no more (a key that was revoked) would refuse every case.
    """
    if isinstance(error, Refused) and error.code in SHUT_OUT:
        return False
    return isinstance(error, DataError) or not isinstance(error, ELSEWHERE)


def attempt(key: str, do: Callable[[], T], *, instead: Callable[[str], T]) -> T:
    """What `do` gives for the case named `key`; what `instead` makes of the reason if it fails.

    Raises what is not the case's own: outages, and whatever holds up or ends a run on purpose.
    """
    return otherwise(do, instead=lambda error: instead(told(key, error)))


def otherwise(do: Callable[[], T], *, instead: Callable[[Exception], T]) -> T:
    """Like `attempt`, for what is met again elsewhere: nothing is logged."""
    try:
        return do()
    except Exception as error:
        if not is_own(error):
            raise
        return instead(error)


def told(key: str, error: Exception) -> str:
    """Why the case could not be worked on, in plain words; the log has where it happened.

    Neither the key nor what the error says is logged: both may quote a customer.
    """
    mark = hashlib.sha256(key.encode(errors="replace")).hexdigest()[:10]
    kind = type(error).__name__
    if isinstance(error, Refused | BadAnswer):
        log.warning("Case %s is put before a person: %s (%s)", mark, kind, code_of(error))
        return str(error)
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("Case %s is put before a person: %s\n%s", mark, kind, where)
    return f"The agent failed at it ({kind}); where is in its log under {mark}."


def code_of(error: Refused | BadAnswer) -> str:
    """The back end's own word for a refusal."""
    return (error.code if isinstance(error, Refused) else "") or "no code"
