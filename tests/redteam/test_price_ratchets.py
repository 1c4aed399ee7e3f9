"""A key that may only submit moves one price by many small steps, under the policies a shop starts with.

Each step is one that the policy allows alone. Before there were windows a price went from 40.95 to
89.26 EUR in ten seconds like this, with no person.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.policies import operations as policies
from apps.policies.models import Decision, Version
from tests.conftest import Cast
from tests.contract.shops import Shop, demo_shop
from tests.factories import agents as make
from tests.factories.keys import Caller, caller

START, STEP = Decimal("40.95"), Decimal("1.049")
CENT = Decimal("0.01")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A demo shop."""
    with demo_shop(Path(tmp_path_factory.mktemp("shop")) / "ledger.sqlite") as started:
        yield started


@dataclass(frozen=True)
class Attacker:
    """Keys that may only submit, and what the shop shows of one variant."""

    keys: Sequence[Caller]
    shop: Shop
    product: str
    variant: str

    @property
    def url(self) -> str:
        """The variant in the shop."""
        return f"{self.shop.address}/admin/products/{self.product}/variants/{self.variant}"

    @property
    def price(self) -> Decimal:
        """What the shop sells it for now."""
        answer = httpx2.get(self.url, auth=(self.shop.secret, ""), trust_env=False).json()
        [price] = answer["variant"]["prices"]
        return Decimal(str(price["amount"])).quantize(CENT)

    def submit(self, amount: Decimal, turn: int) -> str:
        """Propose a price, let all that is due happen, and say where the proposal stands."""
        params = {"product_id": self.product, "variant_id": self.variant, "currency": "EUR",
                  "amount": str(amount)}  # fmt: skip
        body = {"title": "Follow the market", "rationale": "Others have.",
                "changes": [{"action": "set_price", "params": params}]}  # fmt: skip
        key = self.keys[turn % len(self.keys)]
        answer = key.post("/proposals", body)
        assert answer.status_code in (201, 409), answer.content
        make.drive()
        return str(answer.json().get("state", "open"))

    def climb(self, steps: Sequence[int]) -> list[Decimal]:
        """Go up (1) or down (-1) step by step, each from the price there is; the prices seen."""
        seen = [self.price]
        for turn, way in enumerate(steps):
            now = seen[-1]
            wanted = (now * STEP).quantize(CENT, ROUND_DOWN) if way > 0 else (
                now / STEP).quantize(CENT, ROUND_UP)  # fmt: skip
            self.submit(wanted, turn)
            seen.append(self.price)
        return seen


@pytest.fixture
def attacker(workspace: Workspace, shop: Shop, cast: Cast) -> Attacker:
    """Two keys, a variant of 40.95 EUR with plenty of margin, and the default policies."""
    now = timezone.now()
    make.connect(workspace, shop, now)
    listed = httpx2.get(f"{shop.address}/admin/product-variants?limit=1",
                        auth=(shop.secret, ""), trust_env=False).json()  # fmt: skip
    [variant] = listed["variants"]
    keys = [
        caller(workspace, one, now=now, scopes=("proposals:submit",))
        for one in (cast.otto, cast.olga)
    ]
    found = Attacker(keys, shop, variant["product_id"], variant["id"])
    body = {"prices": [{"currency_code": "eur", "amount": float(START)}],
            "metadata": {"cost_eur": "10.00"}}  # fmt: skip
    answer = httpx2.post(found.url, json=body, auth=(shop.secret, ""), trust_env=False)
    assert answer.status_code == 200, answer.text
    return found


def without_caps(workspace: Workspace, now: Any) -> None:
    """Publish the price policy without the rules that ask for windows: the control arm."""
    policy = Version.objects.get(policy__workspace=workspace, policy__name="Prices", stage="active")
    rules = [rule for rule in policy.rules if "window(" not in rule["when"]]
    version = policies.draft(workspace=workspace, name="Prices", rules=rules,
                             limits=policy.limits, by="test", now=now)  # fmt: skip
    policies.publish(version=version, by="test", now=now)


UP, DOWN = 1, -1
SERIES = {
    "up": [UP] * 17,
    "down": [DOWN] * 12,
    "down, then up": [DOWN] * 8 + [UP] * 8,
    "to and fro": [DOWN, UP] * 6,
}


@pytest.mark.parametrize("steps", SERIES.values(), ids=SERIES)
@pytest.mark.django_db(transaction=True)
def test_a_ratchet_stops_at_its_cap(attacker: Attacker, steps: Sequence[int]) -> None:
    """One step goes through, whoever's turn it is; the next waits for a person, told the series."""
    prices = attacker.climb(steps)
    assert all(START / STEP <= price <= START * STEP for price in prices), prices
    assert len(set(prices)) == 2
    stopped = Decision.objects.filter(outcome="review").order_by("id").first()
    assert stopped is not None
    assert stopped.rule == "price moves too often"
    assert "2 moves of this in 1 h, 40.95 → " in stopped.reason


@pytest.mark.django_db(transaction=True)
def test_control_without_caps_the_price_more_than_doubles(
    attacker: Attacker, workspace: Workspace
) -> None:
    """The same steps with the caps taken out of the policy."""
    without_caps(workspace, timezone.now())
    assert attacker.climb(SERIES["up"])[-1] > 2 * START
