"""Products, variants, prices and stock of the demo shop."""

import json
from datetime import datetime, timedelta

from aios.demo.seed.ground import Ground
from aios.demo.seed.words import KINDS, LINES, SUBTITLES, Kind
from apps.gateway.connectors.medusa.fake.store import stamp

DOLLARS = 1.08  # USD for one EUR
ENDINGS = (0.0, 0.5, 0.9, 0.95)
STOCKS = (0, 3, 8, 15, 25, 40, 80)


def plant_catalogue(ground: Ground) -> None:
    """40 kinds in 5 lines: 200 products with one or two variants each, stocked in one place."""
    location = ground.id("sloc", ground.now - timedelta(days=400))
    ground.store.remember("location", location)
    for kind in KINDS:
        for code, name, share in LINES:
            made = ground.now - timedelta(days=ground.chance.uniform(60, 360))
            product = _plant_product(ground, kind, f"{name} {kind.name}", made)
            euros = price_between(ground, kind, share)
            cost = f"{euros * ground.chance.uniform(0.38, 0.58):.2f}"
            for option in _choose_options(ground, kind):
                sku = f"{kind.code}-{code}-{option[:2].upper()}"
                variant = ground.id("variant", made)
                at = stamp(made)
                ground.store.insert(
                    "variants", id=variant, product_id=product, sku=sku, title=option,
                    metadata=json.dumps({"cost_eur": cost}), created_at=at, updated_at=at,
                )  # fmt: skip
                _plant_prices(ground, variant, euros, made)
                _plant_stock(ground, variant, location, made)


def _plant_product(ground: Ground, kind: Kind, title: str, made: datetime) -> str:
    product, at = ground.id("prod", made), stamp(made)
    ground.store.insert(
        "products", id=product, title=title, subtitle=ground.chance.choice(SUBTITLES),
        description=f"{kind.about} The {title} comes with a two-year warranty.",
        status="published", handle=title.lower().replace(" ", "-"), created_at=at, updated_at=at,
    )  # fmt: skip
    return product


def _choose_options(ground: Ground, kind: Kind) -> list[str]:
    wanted = min(len(kind.options), ground.chance.choice((1, 2, 2)))
    return sorted(ground.chance.sample(kind.options, wanted), key=kind.options.index)


def price_between(ground: Ground, kind: Kind, share: float) -> float:
    """A price as shops write it, within the kind's span."""
    middle = kind.low + (kind.high - kind.low) * share
    return round(
        round(middle * ground.chance.uniform(0.95, 1.05)) + ground.chance.choice(ENDINGS), 2
    )


def _plant_prices(ground: Ground, variant: str, euros: float, made: datetime) -> None:
    at, dollars = stamp(made), round(round(euros * DOLLARS) - 0.05, 2)
    for currency, amount in (("eur", euros), ("usd", dollars)):
        ground.store.insert(
            "prices", id=ground.id("price", made), variant_id=variant, currency_code=currency,
            amount=amount, created_at=at, updated_at=at,
        )  # fmt: skip


def _plant_stock(ground: Ground, variant: str, location: str, made: datetime) -> None:
    at = stamp(made)
    ground.store.insert(
        "levels", id=ground.id("ilev", made), item_id=ground.id("iitem", made),
        variant_id=variant, location_id=location, stocked=float(ground.chance.choice(STOCKS)),
        reserved=0.0, created_at=at, updated_at=at,
    )  # fmt: skip
