"""The demo data: made once, from one number, so that every demo shop looks the same."""

import random
from datetime import UTC, datetime

from aios.demo.seed.catalogue import plant_catalogue
from aios.demo.seed.categories import plant_categories
from aios.demo.seed.competitors import plant_competitor_prices
from aios.demo.seed.ground import Ground
from aios.demo.seed.letters import plant_messages
from aios.demo.seed.sales import plant_orders
from aios.demo.seed.untidy import plant_untidy_titles
from apps.gateway.connectors.medusa.fake.store import Store, stamp

DONE = "seeded_at"


def plant(store: Store, number: int) -> None:
    """Fill an empty shop from `random.Random(number)`; a shop that has data is left alone."""
    if store.setting(DONE):
        return
    chance = random.Random(number)  # noqa: S311 - the same number must give the same shop
    ground = Ground(store, chance, datetime.now(UTC))
    with store.transaction():
        plant_catalogue(ground)
        plant_competitor_prices(ground)
        plant_orders(ground)
        plant_messages(ground)
        plant_untidy_titles(ground)
        plant_categories(ground)
        store.remember(DONE, stamp(ground.now))
