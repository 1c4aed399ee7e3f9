"""What the reliability suites share: a shop to act on, and figures to close with."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.conf import settings

from apps.gateway import operations as gateway
from apps.gateway.configuration import configure_connector
from apps.gateway.models import Connector
from apps.proposals import operations as proposals
from tests.contract.shops import Shop, demo_shop

FIGURES: list[str] = []


@pytest.fixture
def say() -> Callable[[str], None]:
    """Add a line of figures to the end of the run."""
    return FIGURES.append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures before the runner's own last line."""
    if FIGURES:
        terminalreporter.section("reliability figures")
        for line in FIGURES:
            terminalreporter.line(line)


@pytest.fixture
def shop(tmp_path) -> Iterator[Shop]:
    """A demo shop with a ledger of its own."""
    with demo_shop(tmp_path / "ledger.sqlite") as started:
        yield started


@pytest.fixture
def shop_connector(shop, workspace, now) -> Connector:
    """The workspace's connection to that shop."""
    return configure_connector(
        workspace=workspace, name="shop", kind="medusa", address=shop.address, settings={},
        secret=shop.secret, by="test", now=now,
    )  # fmt: skip


def sweep(now: datetime, rounds: int = 4) -> None:
    """What the sweeper does; each round on a clock that is past every lease of the one before."""
    for number in range(1, rounds + 1):
        at = now + number * timedelta(seconds=settings.GATEWAY_LEASE_SECONDS + 1)
        gateway.reconcile(clock=lambda at=at: at)
        while proposals.execute(worker="sweeper", clock=lambda at=at: at):
            pass
        while proposals.settle(now=at):
            pass
        proposals.reconsider(now=at)
