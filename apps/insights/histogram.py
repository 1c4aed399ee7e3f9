"""Percentiles from counts in buckets about 5 % wide, and how sure a share is. Pure.

Buckets can be added up, so a month is the sum of its days; a percentile is off by 2.5 % at most.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

GROWTH = 1.05  # a bucket reaches from GROWTH**b to GROWTH**(b + 1) milliseconds
NO_BUCKET = -1  # of what has no duration
ENOUGH = 20  # below, a share or a percentile says nothing
Z = 1.959963984540054  # of 95 %


@dataclass(frozen=True, kw_only=True)
class Share:
    """`part` of `n` with the 95 % interval of the share; all shares are 0 to 1."""

    part: int
    n: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share itself; 0 of nothing."""
        return self.part / self.n if self.n else 0.0

    @property
    def too_few(self) -> bool:
        """Whether the share would mislead."""
        return self.n < ENOUGH


@dataclass(frozen=True, kw_only=True)
class Percentile:
    """A percentile in milliseconds with its 95 % interval, of `n` values; None of none."""

    ms: float | None
    low: float | None
    high: float | None
    n: int

    @property
    def too_few(self) -> bool:
        """Whether it would mislead."""
        return self.n < ENOUGH


def share(part: int, n: int) -> Share:
    """A share with its interval (Wilson, 1927)."""
    if n == 0:
        return Share(part=0, n=0, low=0.0, high=1.0)
    p, square = part / n, Z * Z
    middle = p + square / (2 * n)
    spread = Z * math.sqrt(p * (1 - p) / n + square / (4 * n * n))
    scale = 1 + square / n
    low, high = (middle - spread) / scale, (middle + spread) / scale
    return Share(part=part, n=n, low=max(low, 0.0), high=min(high, 1.0))


def bucket_of(ms: float) -> int:
    """The bucket of a duration; what is shorter than a millisecond counts as one."""
    return math.floor(math.log(max(ms, 1.0)) / math.log(GROWTH))


def middle_of(bucket: int) -> float:
    """The duration in milliseconds a bucket stands for."""
    return float(GROWTH ** (bucket + 0.5))


def percentile(counts: Mapping[int, int], q: float) -> Percentile:
    """The nearest-rank percentile of bucketed values, `q` from 0 to 1.

    The interval is that of order statistics: ranks n·q ± z·√(n·q·(1−q)).
    """
    n = sum(counts.values())
    if n == 0:
        return Percentile(ms=None, low=None, high=None, n=0)
    spread = Z * math.sqrt(n * q * (1 - q))
    return Percentile(
        ms=at_rank(counts, math.ceil(n * q)),
        low=at_rank(counts, math.floor(n * q - spread)),
        high=at_rank(counts, math.ceil(n * q + spread) + 1),
        n=n,
    )


def at_rank(counts: Mapping[int, int], rank: int) -> float:
    """The value of this rank, from 1; ranks beyond the ends are the ends."""
    passed, value = 0, 0.0
    for bucket in sorted(counts):
        value = middle_of(bucket)
        passed += counts[bucket]
        if passed >= rank:
            break
    return value
