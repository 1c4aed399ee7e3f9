"""New prices by rules. Pure: the same offers give the same plan.

Follow the competitor, nudged by stock, never below the margin floor, rounded to .49 or .99, and
never against what a reviewer said about the SKU.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_FLOOR, ROUND_HALF_UP, ROUND_UP, Decimal
from typing import Any

from apps.agents.playbooks import base
from apps.agents.playbooks.base import Known, Planned
from apps.agents.playbooks.repricing.evidence import evidence
from apps.agents.playbooks.repricing.figures import change_percent
from apps.agents.playbooks.repricing.knobs import Knobs
from apps.agents.playbooks.repricing.sense import Offer, Sensed
from apps.policies.facts import number
from apps.proposals.operations import Draft

CENT = Decimal("0.01")
ENDINGS = (Decimal("0.49"), Decimal("0.99"))
PLAIN_BELOW = Decimal(5)  # cheaper articles are not rounded: half a unit is too much of a step


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


def plan(sensed: Sensed, knobs: Knobs, *, now: datetime) -> list[Planned]:
    """A draft for each offer whose price should change, in the order of the SKUs."""
    drafts = [draft_for(offer, knobs, now=now) for offer in sensed.offers]
    return [planned for planned in drafts if planned is not None]


def draft_for(offer: Offer, knobs: Knobs, *, now: datetime) -> Planned | None:
    """The draft for one offer; None when its price should stay."""
    limits = limits_of(base.corrections(offer.known, now=now, days=knobs.correction_days))
    aim = aim_at(offer, knobs, limits)
    if abs(change_percent(offer.price, aim.price)) < knobs.min_change_percent:
        return None
    return planned(offer, aim.price, " ".join(aim.reasons), limits, now=now)


def aim_at(offer: Offer, knobs: Knobs, limits: Sequence[Limit]) -> Aim:
    """The price the rules lead to."""
    distance = (offer.competitor - offer.price) * knobs.follow_percent / 100
    aim = Aim(offer.price + distance)
    aim.reasons.append(
        f"{offer.source} asks {offer.competitor} {offer.currency}, we ask {offer.price}."
    )
    nudge(aim, offer, knobs)
    floor = margin_floor(offer.cost, knobs)
    if floor is not None and aim.price < floor:
        aim.price = floor
        aim.reasons.append(f"The margin floor of {knobs.margin_floor_percent} % stops at {floor}.")
    aim.price = rounded(aim.price, floor)
    for limit in limits:
        keep_limit(aim, limit, offer)
    keep_direction(aim, offer)
    return aim


def nudge(aim: Aim, offer: Offer, knobs: Knobs) -> None:
    """Ask a little more for what is nearly gone, a little less for what lies in heaps.

    Equal prices are left alone: stock alone is no reason to change one.
    """
    if offer.stock is None or offer.competitor == offer.price:
        return
    if offer.stock <= knobs.low_stock:
        aim.price *= 1 + knobs.nudge_percent / 100
        aim.reasons.append(f"Only {offer.stock} left, so a little more.")
    elif offer.stock >= knobs.high_stock:
        aim.price *= 1 - knobs.nudge_percent / 100
        aim.reasons.append(f"{offer.stock} in stock, so a little less.")


def margin_floor(cost: Decimal | None, knobs: Knobs) -> Decimal | None:
    """The lowest price that keeps the margin; None when the cost is not known."""
    if cost is None:
        return None
    return (cost / (1 - knobs.margin_floor_percent / 100)).quantize(CENT, ROUND_UP)


def rounded(price: Decimal, floor: Decimal | None) -> Decimal:
    """The nearest price that ends in .49 or .99 and is not below the floor; ties go down."""
    exact = price.quantize(CENT, ROUND_HALF_UP)
    if exact < PLAIN_BELOW:
        return exact
    whole = exact.to_integral_value(ROUND_FLOOR)
    nearby = [whole + step + ending for step in (-1, 0, 1) for ending in ENDINGS]
    allowed = [one for one in nearby if floor is None or one >= floor]
    return min(allowed, key=lambda one: (abs(one - exact), one)) if allowed else exact


def keep_direction(aim: Aim, offer: Offer) -> None:
    """Rounding and floor must not turn a cut into a raise, or the other way round."""
    if (aim.price - offer.price) * (offer.competitor - offer.price) < 0:
        aim.price = offer.price


def limits_of(corrections: Sequence[Known]) -> list[Limit]:
    """The limits reviewers set; in each direction only the newest correction counts."""
    limits: dict[bool, Limit] = {}
    for correction in corrections:
        limit = limit_of(correction)
        if limit is not None:
            limits.setdefault(limit.downwards, limit)
    return list(limits.values())


def limit_of(correction: Known) -> Limit | None:
    """The limit a correction sets; None when it was not about the price.

    Rejected from 20 to 15: above 15. Edited from 15 to 18: not below 18.
    """
    if base.rejected(correction):
        case = base.case_of(correction)
        start, end = number(case.get("from")), number(case.get("to"))
        downwards = start is not None and end is not None and end < start
    else:
        start, end = (number(one) for one in base.edited(correction, "amount") or ("", ""))
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
    aim.reasons.append(f"A reviewer's correction says {side} {limit.price}.")


def confidence(offer: Offer, price: Decimal) -> float:
    """How sure the rules are: less without a cost or a stock, less for a big step."""
    sure = 0.95 - (0.3 if offer.cost is None else 0) - (0.1 if offer.stock is None else 0)
    return round(sure - min(float(abs(change_percent(offer.price, price))) / 100, 0.3), 2)


def planned(
    offer: Offer, price: Decimal, rationale: str, limits: Sequence[Limit], *, now: datetime
) -> Planned:
    """The plan to set this price, with what it rests on."""
    change = change_percent(offer.price, price)
    draft = Draft(
        title=f"{offer.title}: {offer.price} to {price} {offer.currency} ({change:+} %)",
        rationale=rationale,
        changes=[("set_price", parameters(offer, price))],
        evidence=evidence(offer, price, [limit.correction for limit in limits]),
        case={
            "sku": offer.sku,
            "currency": offer.currency,
            "from": str(offer.price),
            "to": str(price),
            "about": f"sku:{offer.sku}",
        },
        subject=f"sku:{offer.sku}",
        confidence=confidence(offer, price),
    )
    # The same step is proposed once a day at most, whatever became of it
    key = f"move:{offer.sku}:{offer.currency}:{offer.price}:{price}:{now.date()}"
    return Planned(key=key, draft=draft)


def parameters(offer: Offer, price: Decimal) -> dict[str, Any]:
    """The parameters of `set_price`."""
    return {
        "product_id": offer.product_id,
        "variant_id": offer.variant_id,
        "currency": offer.currency,
        "amount": str(price),
    }
