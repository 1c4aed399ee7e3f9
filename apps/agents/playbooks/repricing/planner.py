"""New prices by rules. Pure: the same offers give the same plan.

Follow the competitor, nudged by stock, never below the margin floor, rounded as prices look in the
currency (`endings`), and never against what a reviewer said about the SKU.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_UP, Decimal
from typing import Any

from apps.agents.playbooks import base
from apps.agents.playbooks.base import Known, Planned
from apps.agents.playbooks.repricing.endings import rounded
from apps.agents.playbooks.repricing.evidence import evidence
from apps.agents.playbooks.repricing.figures import change_percent, exact_change
from apps.agents.playbooks.repricing.sense import Offer, Sensed
from apps.agents.playbooks.repricing.settings import Settings
from apps.money.currency import UnfitAmount, UnknownCurrency, fits, round_to, written
from apps.policies.facts import number
from apps.proposals.operations import Draft


@dataclass(frozen=True, kw_only=True)
class Limit:
    """What a reviewer's correction leaves of the range of prices on one side.

    An edited price is not passed; a rejected one is not even reached.
    """

    downwards: bool  # it stops prices from falling; else from rising
    price: Decimal
    rejected: bool
    correction: Known

    def stops(self, price: Decimal) -> bool:
        """Whether the price is on the far side."""
        if price == self.price:
            return self.rejected
        return (price < self.price) == self.downwards


@dataclass
class Aim:
    """The price to propose and how it came about, in words."""

    price: Decimal
    reasons: list[str] = field(default_factory=list)


def plan(sensed: Sensed, settings: Settings, *, now: datetime) -> list[Planned]:
    """A draft for each offer whose price should change, in the order of the SKUs."""
    drafts = [draft_for(offer, settings, now=now) for offer in sensed.offers]
    return [planned for planned in drafts if planned is not None]


def draft_for(offer: Offer, settings: Settings, *, now: datetime) -> Planned | None:
    """The draft for one offer; None when its price should stay, or is beyond all money."""
    heeded = base.corrections(offer.known, now=now, days=settings.correction_days)
    limits = limits_of(heeded, currency=offer.currency)
    try:
        aim = aim_at(offer, settings, limits)
    except (UnfitAmount, UnknownCurrency):
        return None
    if abs(exact_change(offer.price, aim.price)) < settings.min_change_percent:
        return None
    return planned(offer, aim.price, " ".join(aim.reasons), limits, now=now)


def aim_at(offer: Offer, settings: Settings, limits: Sequence[Limit]) -> Aim:
    """The price the rules lead to."""
    distance = (offer.competitor - offer.price) * settings.follow_percent / 100
    aim = Aim(offer.price + distance)
    aim.reasons.append(
        f"{offer.source} asks {written(offer.competitor, offer.currency)} {offer.currency}, "
        f"we ask {written(offer.price, offer.currency)}."
    )
    nudge(aim, offer, settings)
    floor = margin_floor(offer.cost, settings, currency=offer.currency)
    if floor is not None and aim.price < floor:
        aim.price = floor
        aim.reasons.append(
            f"The margin floor of {settings.margin_floor_percent} % stops at {floor}."
        )
    aim.price = rounded(aim.price, floor, offer.currency)
    for limit in limits:
        keep_limit(aim, limit, offer)
    keep_floor(aim, floor, offer)
    keep_direction(aim, offer)
    return aim


def nudge(aim: Aim, offer: Offer, settings: Settings) -> None:
    """Ask a little more for what is nearly gone, a little less for what lies in heaps.

    Equal prices are left alone: stock alone is no reason to change one.
    """
    if offer.stock is None or offer.competitor == offer.price:
        return
    if offer.stock <= settings.low_stock:
        aim.price *= 1 + settings.nudge_percent / 100
        aim.reasons.append(f"Only {offer.stock} left, so a little more.")
    elif offer.stock >= settings.high_stock:
        aim.price *= 1 - settings.nudge_percent / 100
        aim.reasons.append(f"{offer.stock} in stock, so a little less.")


def margin_floor(cost: Decimal | None, settings: Settings, *, currency: str = "") -> Decimal | None:
    """The lowest price of the currency that keeps the margin; None when the cost is not known.

    The cost is in the currency, which is the agent's own unless one is given.
    """
    if cost is None:
        return None
    exact = cost / (1 - settings.margin_floor_percent / 100)
    return round_to(exact, currency or settings.currency, ROUND_UP)


def keep_floor(aim: Aim, floor: Decimal | None, offer: Offer) -> None:
    """Leave the price alone rather than follow a reviewer's earlier price below the floor."""
    if floor is not None and aim.price < floor:
        aim.price = offer.price


def keep_direction(aim: Aim, offer: Offer) -> None:
    """Rounding and floor must not turn a cut into a raise, or the other way round."""
    if (aim.price - offer.price) * (offer.competitor - offer.price) < 0:
        aim.price = offer.price


def limits_of(corrections: Sequence[Known], *, currency: str = "") -> list[Limit]:
    """The limits reviewers set; in each direction only the newest correction counts.

    What was said of a price in another currency says nothing of this one.
    """
    limits: dict[bool, Limit] = {}
    for correction in corrections:
        limit = limit_of(correction)
        if limit is not None and (not currency or is_about(limit, currency)):
            limits.setdefault(limit.downwards, limit)
    return list(limits.values())


def is_about(limit: Limit, currency: str) -> bool:
    """Whether the limit is a price in this currency, as far as the correction says."""
    said_in = base.case_of(limit.correction).get("currency") or currency
    return said_in == currency and fits(limit.price, currency)


def limit_of(correction: Known) -> Limit | None:
    """The limit a correction sets; None when it was not about the price.

    Rejected from 20 to 15: above 15. Edited from 15 to 18: not below 18.
    """
    if base.rejected(correction):
        case = base.case_of(correction)
        start, end = number(case.get("from")), number(case.get("to"))
        downwards = start is not None and end is not None and end < start
    else:
        start, end = (number(amount) for amount in base.edited(correction, "amount") or ("", ""))
        downwards = start is not None and end is not None and end > start
    if start is None or end is None or start == end:
        return None
    return Limit(
        downwards=downwards, price=end, rejected=base.rejected(correction), correction=correction
    )


def keep_limit(aim: Aim, limit: Limit, offer: Offer) -> None:
    """Stop at an edited price; leave the price alone rather than repeat a rejected move."""
    if not limit.stops(aim.price):
        return
    aim.price = offer.price if limit.rejected else limit.price
    side = "not below" if limit.downwards else "not above"
    aim.reasons.append(
        f"A reviewer's correction says {side} {written(limit.price, offer.currency)}."
    )


def confidence(offer: Offer, price: Decimal) -> float:
    """How sure the rules are: less without a cost or a stock, less for a big step."""
    sure = 0.95 - (0.3 if offer.cost is None else 0) - (0.1 if offer.stock is None else 0)
    return round(sure - min(float(abs(change_percent(offer.price, price))) / 100, 0.3), 2)


def planned(
    offer: Offer, price: Decimal, rationale: str, limits: Sequence[Limit], *, now: datetime
) -> Planned:
    """The plan to set this price, with what it rests on."""
    change, currency = change_percent(offer.price, price), offer.currency
    before, after = written(offer.price, currency), written(price, currency)
    draft = Draft(
        title=f"{offer.title}: {before} to {after} {currency} ({change:+} %)",
        rationale=rationale,
        changes=[("set_price", parameters(offer, price))],
        evidence=evidence(offer, price, [limit.correction for limit in limits]),
        case={
            "sku": offer.sku,
            "currency": currency,
            "from": before,
            "to": after,
            "about": f"sku:{offer.sku}",
        },
        subject=f"sku:{offer.sku}",
        confidence=confidence(offer, price),
    )
    # The same step is proposed once a day at most, whatever became of it
    key = f"move:{offer.sku}:{currency}:{before}:{after}:{now.date()}"
    return Planned(key=key, draft=draft)


def parameters(offer: Offer, price: Decimal) -> dict[str, Any]:
    """The parameters of `set_price`."""
    return {
        "product_id": offer.product_id,
        "variant_id": offer.variant_id,
        "currency": offer.currency,
        "amount": written(price, offer.currency),
    }
