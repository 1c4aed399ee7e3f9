"""What the repricing playbook reads: prices, costs and stock, the competitor, corrections."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from apps.accounts.models import Workspace
from apps.agents import queries
from apps.agents.playbooks import base
from apps.agents.playbooks.base import Known
from apps.agents.playbooks.repricing import sales
from apps.agents.playbooks.repricing.sales import Sales
from apps.agents.playbooks.repricing.settings import Settings
from apps.gateway import queries as gateway
from apps.gateway.catalogue import spec
from apps.gateway.records import CompetitorPrice, Variant
from apps.memory import queries as memory
from apps.proposals import queries as proposals

NAMESPACE = "repricing"
KNOWLEDGE = ("correction", "fact", "preference")


class Offer(BaseModel):
    """One of our variants beside what the cheapest competitor asks for it."""

    model_config = ConfigDict(frozen=True)

    product_id: str
    variant_id: str
    sku: str
    title: str
    currency: str
    price: Decimal
    cost: Decimal | None
    stock: int | None
    competitor: Decimal
    source: str
    seen_at: datetime
    sold: Sales | None = None  # None: not known
    known: list[Known] = []

    def seen_key(self, *, now: datetime) -> str:
        """Under which this very situation counts as thought about, for the day."""
        return f"seen:{self.sku}:{self.currency}:{self.price}:{self.competitor}:{now.date()}"


class Sensed(base.Sensed):
    """Offers in the order of their SKUs."""

    offers: list[Offer]
    variants: int
    open: int  # variants left out because a price change of theirs is still open

    def count(self) -> int:
        """How many offers there are."""
        return len(self.offers)

    def describe(self) -> str:
        """What was read."""
        left_out = f", left out {self.open} with an open proposal" if self.open else ""
        return (
            f"Read {self.variants} variants and competitor prices for {len(self.offers)} of them"
            f"{left_out}. {' '.join(self.caveats)}".rstrip()
        )


def sense(
    workspace: Workspace, settings: Settings, *, now: datetime, shadow_agent: UUID | None = None
) -> Sensed:
    """Read the shop and the feed, and recall what is known about the SKUs."""
    ours = gateway.read_or_recall(workspace.pk, "variants")
    theirs = gateway.read_or_recall(workspace.pk, "competitor_prices")
    variants = cast(Sequence[Variant], ours.rows)
    prices = cast(Sequence[CompetitorPrice], theirs.rows)
    taken = proposals.taken_targets(workspace.pk, "set_price")
    cheapest = fresh_prices(prices, settings, now=now)
    matched = [offer for v in variants if (offer := beside(v, cheapest, settings)) is not None]
    free = [o for o in matched if spec("set_price").target(o.model_dump()) not in taken]
    seen_keys = [offer.seen_key(now=now) for offer in free]
    left_alone = queries.handled(workspace.pk, NAMESPACE, seen_keys, shadow_agent=shadow_agent)
    free = [offer for offer in free if offer.seen_key(now=now) not in left_alone]
    items = recall(workspace, [offer.sku for offer in free], now=now)
    sold = sales.read(workspace.pk, now=now) if free else None
    offers = [
        offer.model_copy(
            update={
                "known": [i for i in items if i.subject == f"sku:{offer.sku}"],
                "sold": sold.sales(offer.sku) if sold else None,
            }
        )
        for offer in sorted(free, key=lambda offer: offer.sku)
    ]
    still_open = len(matched) - len(free) - len(left_alone)
    caveats = [caveat for reading in (ours, theirs) if (caveat := reading.caveat())]
    return Sensed(offers=offers, variants=len(variants), open=still_open, caveats=caveats)


def fresh_prices(
    prices: Sequence[CompetitorPrice], settings: Settings, *, now: datetime
) -> dict[str, CompetitorPrice]:
    """The cheapest price of each SKU which is recent, in our currency and a price at all.

    An empty SKU identifies nothing.
    """
    since = now - timedelta(hours=settings.max_age_hours)
    usable = [
        p
        for p in prices
        if p.sku.strip() and p.currency == settings.currency and p.seen_at >= since and p.amount > 0
    ]
    return {p.sku: p for p in sorted(usable, key=lambda price: -price.amount)}


def beside(
    variant: Variant, cheapest: dict[str, CompetitorPrice], settings: Settings
) -> Offer | None:
    """The variant and the competitor; None if either has no price, or the variant no SKU."""
    if not variant.sku.strip():
        return None
    theirs, ours = cheapest.get(variant.sku), variant.prices.get(settings.currency)
    if theirs is None or not ours:
        return None
    return Offer(
        product_id=variant.product_id,
        variant_id=variant.variant_id,
        sku=variant.sku,
        title=f"{variant.product_title} / {variant.title}",
        currency=settings.currency,
        price=ours,
        cost=variant.cost if variant.cost_currency == settings.currency else None,
        stock=variant.stock,
        competitor=theirs.amount,
        source=theirs.source,
        seen_at=theirs.seen_at,
    )


def recall(workspace: Workspace, skus: Sequence[str], *, now: datetime) -> list[Known]:
    """What people have said about these SKUs."""
    subjects = [f"sku:{sku}" for sku in skus]
    found = memory.recall(
        workspace=workspace,
        namespaces=[NAMESPACE],
        subjects=subjects,
        types=KNOWLEDGE,
        limit=len(subjects),
        now=now,
    )
    return base.known(found)
