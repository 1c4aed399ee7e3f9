"""A demo shop for the tests of agents."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.agents.models import Agent
from tests.contract.shops import Shop, demo_shop
from tests.factories import agents as make


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A running demo shop; tests share it, so each works on records of its own."""
    with demo_shop(tmp_path_factory.mktemp("shop") / "ledger.sqlite") as started:
        yield started


@pytest.fixture
def moment() -> datetime:
    """The shop's messages and prices are recent in real time."""
    return timezone.now()


@pytest.fixture
def repricer(workspace: Workspace, shop: Shop, moment: datetime) -> Agent:
    """A repricer in a workspace with the demo shop."""
    make.connect(workspace, shop, moment)
    return make.agent(workspace, "repricing", moment, settings={"batch": 12})
