"""Competitor prices, chosen so that a repricer which follows them has something of everything."""

import json
from datetime import timedelta

from aios.demo.seed.ground import Ground
from apps.gateway.connectors.medusa.fake.store import Row, as_money, stamp

SOURCES = ("bergwelt.example", "outdoor-hub.example", "campingkauf.example")
LOW_COST, FLOOR_COST = 0.35, 0.85  # of our price; the latter leaves 15 % margin and no room

# how many SKUs, how far the competitor's price lies from ours, and our cost (None: as it is)
MOVES: tuple[tuple[int, float, float, float | None], ...] = (
    (10, -0.038, -0.015, None),  # small moves, inside any safe range
    (5, 0.015, 0.038, None),
    (11, -0.17, -0.07, LOW_COST),  # moves a person should see
    (4, 0.07, 0.17, None),
    (3, -0.46, -0.36, LOW_COST),  # out of any range
    (2, 0.38, 0.55, None),
    (8, -0.20, -0.10, FLOOR_COST),  # below our margin floor: must not be followed
    (17, 0.0, 0.0, None),  # same price
)


def plant_competitor_prices(ground: Ground) -> None:
    """60 of the SKUs, at most one of a product, in EUR."""
    rows = ground.store.all(
        "SELECT v.id, v.sku, p.amount FROM variants v JOIN prices p "
        "ON p.variant_id = v.id AND p.currency_code = 'eur' GROUP BY v.product_id ORDER BY v.sku"
    )
    chosen = iter(ground.chance.sample(rows, sum(count for count, *_ in MOVES)))
    for count, least, most, cost in MOVES:
        for _ in range(count):
            variant = next(chosen)
            _plant_price(ground, variant, ground.chance.uniform(least, most))
            if cost is not None:
                _plant_cost(ground, variant, cost)


def _plant_price(ground: Ground, variant: Row, move: float) -> None:
    seen = ground.now - timedelta(minutes=ground.chance.uniform(5, 600))
    ground.store.insert(
        "competitor_prices", sku=variant["sku"], currency="EUR",
        amount=as_money(variant["amount"] * (1 + move)), source=ground.chance.choice(SOURCES),
        seen_at=stamp(seen),
    )  # fmt: skip


def _plant_cost(ground: Ground, variant: Row, share: float) -> None:
    noted = json.dumps({"cost_eur": as_money(variant["amount"] * share)})
    ground.store.run("UPDATE variants SET metadata = ? WHERE id = ?", noted, variant["id"])
