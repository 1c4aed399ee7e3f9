"""The shops under contract.

The demo shop always; a real Medusa too with `--medusa` or with AIOS_TEST_MEDUSA: "1", a folder
to keep it in, or a JSON file with the `address` and `secret` of one that runs already, freshly seeded by
`python -m tests.contract.medusa` (the tests use its orders up).
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from apps.gateway.connectors.medusa.client import MedusaClient
from apps.gateway.records import Order, Variant
from tests.contract.charged import EMAILS, plant_all
from tests.contract.medusa import CACHE, real_medusa
from tests.contract.shops import Shop, demo_shop
from tests.factories.gate import open_gate

ASKED = "AIOS_TEST_MEDUSA"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each contract test once per shop."""
    if "shop" in metafunc.fixturenames:
        asked = os.environ.get(ASKED) or metafunc.config.getoption("--medusa", default=False)
        unasked = pytest.mark.skipif(not asked, reason="needs Node 20 and npm: give --medusa")
        kinds = ["fake", pytest.param("medusa", marks=[pytest.mark.medusa, unasked])]
        metafunc.parametrize("shop", kinds, indirect=True, scope="session")


@pytest.fixture(scope="session")
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """A running shop of the kind the test is parametrised with."""
    where = Path(os.environ.get(ASKED, "1"))
    if request.param == "fake":
        ledger = tmp_path_factory.mktemp("shop") / "ledger.sqlite"
        with demo_shop(ledger) as started:
            plant_all(ledger)
            yield started
    elif where.is_file():
        known = json.loads(where.read_text())
        yield Shop("medusa", known["address"], known["secret"])
    else:
        with real_medusa(CACHE if str(where) == "1" else where) as started:
            yield started


@pytest.fixture
def client(shop: Shop) -> Iterator[MedusaClient]:
    """The connector under test."""
    client = MedusaClient(address=shop.address, secret=shop.secret, settings={})
    yield client
    client.close()


@pytest.fixture(scope="session")
def used() -> set[str]:
    """Ids of records a test has taken for itself."""
    return set()


@pytest.fixture
def take_variant(client: MedusaClient, used: set[str]) -> Callable[[], Variant]:
    """Hand out a variant with two prices and stock which no other test touches."""

    def take() -> Variant:
        for variant in client.read("variants"):
            assert isinstance(variant, Variant)
            if variant.product_id not in used and variant.stock:
                used.add(variant.product_id)
                return variant
        raise AssertionError("no untouched variant is left")

    return take


@pytest.fixture
def take_order(client: MedusaClient, used: set[str]) -> Callable[..., Order]:
    """Hand out an order in the given state which no other test touches.

    Of several states the one with the most orders left, so that the few stay for who needs them.
    """

    def take(
        fulfillment: frozenset[str] = frozenset({"not_fulfilled"}), payment: str = "captured"
    ) -> Order:
        untouched = [
            order for order in client.read("orders")
            if isinstance(order, Order) and order.order_id not in used
            and order.status == "pending" and order.email not in EMAILS
            and order.payment_status == payment
        ]  # fmt: skip
        left = Counter(order.fulfillment_status for order in untouched)
        fitting = [order for order in untouched if order.fulfillment_status in fulfillment]
        if not fitting:
            raise AssertionError(f"no untouched {payment} order is left that is {fulfillment}")
        taken = max(fitting, key=lambda order: left[order.fulfillment_status])
        used.add(taken.order_id)
        return taken

    return take


@pytest.fixture
def lend_order(take_order: Callable[..., Order], used: set[str]) -> Callable[..., Order]:
    """Hand out an order for a test that leaves it as it was."""

    def lend(*state: frozenset[str]) -> Order:
        order = take_order(*state)
        used.discard(order.order_id)
        return order

    return lend


@pytest.fixture(autouse=True)
def _gate() -> Iterator[None]:
    """The connectors act here without the gateway around them."""
    with open_gate():
        yield
