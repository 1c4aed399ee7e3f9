"""When a back end that fails is left alone, and how often one may be called. Pure.

The breaker's rules are `apps.breaker.circuit`, which model endpoints share; the token bucket is
the gateway's own.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from apps.breaker.circuit import MOMENT, Breaker, Circuit, Limits

__all__ = ["MOMENT", "Breaker", "Bucket", "Circuit", "Limits"]


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A token bucket: a call takes one token, `rate` tokens a second flow in.

    It holds what a fifth of a second brings, at least `LEAST`: after a rest there is no burst.
    """

    rate: float
    tokens: float = 0.0
    refilled_at: datetime | None = None

    LEAST = 2.0  # re-reading the target and the call of one execution belong together

    @property
    def size(self) -> float:
        """The most it holds."""
        return max(self.rate / 5, self.LEAST)

    def refill(self, *, now: datetime) -> "Bucket":
        """The bucket as it is now; one never filled is full. A clock set back adds nothing."""
        if self.refilled_at is None:
            return replace(self, tokens=self.size, refilled_at=now)
        seconds = max((now - self.refilled_at).total_seconds(), 0.0)
        tokens = min(self.tokens + seconds * self.rate, self.size)
        return replace(self, tokens=tokens, refilled_at=max(now, self.refilled_at))

    def holds(self, cost: float) -> int:
        """How many times `cost` tokens there are; a shortage by rounding is none."""
        return max(int((self.tokens + 1e-9) // cost), 0)

    def take(self, tokens: float) -> "Bucket":
        """The bucket without so many tokens; below zero it is a debt that flows in first."""
        return replace(self, tokens=self.tokens - tokens)

    def full_enough(self, tokens: float, *, now: datetime) -> datetime:
        """When there will be so many tokens."""
        return now + timedelta(seconds=max(tokens - self.tokens, 0.0) / self.rate)
