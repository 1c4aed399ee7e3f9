"""What all planting needs: the shop, the chance, the time."""

import random
from datetime import datetime
from typing import NamedTuple

from apps.gateway.connectors.medusa.fake.ids import new_id
from apps.gateway.connectors.medusa.fake.store import Store


class Ground(NamedTuple):
    """An empty shop to plant demo data in."""

    store: Store
    chance: random.Random
    now: datetime

    def id(self, prefix: str, at: datetime) -> str:
        """An identifier as made at that time."""
        return new_id(prefix, self.chance, at.timestamp())
