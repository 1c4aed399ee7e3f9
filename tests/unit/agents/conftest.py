"""A demo shop for the tests of agents."""

from collections.abc import Iterator

import pytest

from tests.contract.shops import Shop, demo_shop


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A running demo shop; tests share it, so each works on records of its own."""
    with demo_shop(tmp_path_factory.mktemp("shop") / "ledger.sqlite") as started:
        yield started
