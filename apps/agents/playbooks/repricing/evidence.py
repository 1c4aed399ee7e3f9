"""What a price rests on, in figures a page can draw. Pure; only what was really read."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from apps.agents.playbooks.base import Known
from apps.agents.playbooks.repricing.figures import margin_percent
from apps.agents.playbooks.repricing.sales import Pieces
from apps.agents.playbooks.repricing.sense import Offer
from apps.money.currency import written
from apps.proposals.evidence import QuotedPrice


def evidence(offer: Offer, price: Decimal, heeded: Sequence[Known]) -> list[dict[str, Any]]:
    """Competitor, cost, stock and sales, and what people said; `heeded` are the corrections."""
    entries = [competitor(offer), cost(offer, price), stock(offer)]
    if offer.sold is not None:
        entries.append(sold(offer))
    entries += [item.as_evidence("A reviewer's correction") for item in heeded]
    others = [item for item in offer.known if item.type != "correction"]
    return entries + [item.as_evidence(f"Known about {offer.sku}") for item in others]


def competitor(offer: Offer) -> dict[str, Any]:
    """What the competitor asks, and when that was seen."""
    asked = written(offer.competitor, offer.currency)
    price = QuotedPrice(source=offer.source, amount=asked, currency=offer.currency)
    return {
        "kind": "competitor",
        "title": f"{offer.source}: {asked} {offer.currency}",
        **price.as_field(),
        "detail": {
            "source": offer.source,
            "sku": offer.sku,
            "price": asked,
            "currency": offer.currency,
            "seen": f"{offer.seen_at:%Y-%m-%d %H:%M} UTC",
        },
    }


def cost(offer: Offer, price: Decimal) -> dict[str, Any]:
    """What it costs us, and the margin before and after."""
    if offer.cost is None:
        detail: Any = "The shop does not tell the cost, so no margin is known."
    else:
        detail = {
            "cost": written(offer.cost, offer.currency),
            "currency": offer.currency,
            "margin_percent_now": str(margin_percent(offer.price, offer.cost)),
            "margin_percent_proposed": str(margin_percent(price, offer.cost)),
        }
    return {"kind": "cost", "title": f"Cost and margin of {offer.sku}", "detail": detail}


def stock(offer: Offer) -> dict[str, Any]:
    """How many are there."""
    known = offer.stock is not None
    return {
        "kind": "stock",
        "title": f"{offer.stock} in stock" if known else "Stock unknown",
        "detail": {"sku": offer.sku, "stock": offer.stock} if known else "The shop does not say.",
    }


def sold(offer: Offer) -> dict[str, Any]:
    """How many went lately. `by_day` maps days on which any did to pieces."""
    sales = offer.sold
    if sales is None:
        raise ValueError("Nothing is known of sales.")
    pieces = "piece" if sales.pieces == 1 else "pieces"
    return {
        "kind": "sales",
        "title": f"{sales.pieces} {pieces} sold since {sales.since}",
        "detail": {
            "sku": offer.sku,
            "pieces": plain(sales.pieces),
            "orders": sales.orders,
            "since": sales.since.isoformat(),
            "by_day": {day.isoformat(): plain(count) for day, count in sales.by_day.items()},
        },
    }


def plain(pieces: Pieces) -> int | str:
    """A number of pieces as JSON: exact with decimals, too."""
    return pieces if isinstance(pieces, int) else f"{pieces:f}"
