"""Events of policies, and of the rates and the currency they are reckoned with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.audit.event import Event
from apps.audit.kinds import Kind


@dataclass(frozen=True, kw_only=True)
class OfPolicy(Event):
    """The policy's name and the number of the version."""

    policy: str
    version: int


@dataclass(frozen=True, kw_only=True)
class PolicyPublished(OfPolicy):
    """In force, with the digest of its content. `asked_by`: who wanted it, where that is somebody
    else; `exception`: why nobody else agreed."""

    kind = Kind.POLICY_PUBLISHED
    digest: str
    asked_by: str
    exception: str


@dataclass(frozen=True, kw_only=True)
class PolicyRetired(OfPolicy):
    """No longer in force."""

    kind = Kind.POLICY_RETIRED


@dataclass(frozen=True, kw_only=True)
class PolicyAsked(OfPolicy):
    """It lets something new through (`findings`) and waits for a second person; a sole owner may
    publish it alone from then (ISO 8601)."""

    kind = Kind.POLICY_ASKED
    findings: Sequence[str]
    alone_from: str


@dataclass(frozen=True, kw_only=True)
class PolicyTurnedDown(OfPolicy):
    """The second person said no."""

    kind = Kind.POLICY_TURNED_DOWN


@dataclass(frozen=True, kw_only=True)
class PublishingChanged(Event):
    """After how many hours a sole owner publishes alone."""

    kind = Kind.PUBLISHING_CHANGED
    before: int
    after: int


@dataclass(frozen=True, kw_only=True)
class OfRate(Event):
    """1 `base` = `rate` `quote` on the day `as_of` (ISO 8601), as `source` says."""

    base: str
    quote: str
    rate: str
    as_of: str
    source: str


@dataclass(frozen=True, kw_only=True)
class RateKept(OfRate):
    """Typed, pasted or read."""

    kind = Kind.RATE_KEPT


@dataclass(frozen=True, kw_only=True)
class RateConfirmed(OfRate):
    """Put in force after it was `asked_by` somebody; `exception`: why nobody else agreed."""

    kind = Kind.RATE_CONFIRMED
    asked_by: str
    exception: str


@dataclass(frozen=True, kw_only=True)
class RateRemoved(OfRate):
    """What needs it waits for a person."""

    kind = Kind.RATE_REMOVED


@dataclass(frozen=True, kw_only=True)
class RatesMoved(Event):
    """So many rates are new or have moved; the first of them in words."""

    kind = Kind.RATES_MOVED
    count: int
    rates: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class CurrencyChanged(Event):
    """What a workspace counts in: `currency` and `rates_max_age_days`."""

    kind = Kind.CURRENCY_CHANGED
    before: dict[str, Any]
    after: dict[str, Any]
