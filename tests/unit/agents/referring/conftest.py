"""A refund desk with one case."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from apps.accounts.models import Workspace
from apps.agents.models import Agent
from apps.agents.playbooks.refund_desk import sense as desk
from apps.agents.playbooks.refund_desk.sense import Case
from apps.agents.playbooks.refund_desk.settings import Settings
from tests.conftest import Cast
from tests.contract.shops import Shop, demo_shop
from tests.factories import agents as make
from tests.factories import cases


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A demo shop."""
    with demo_shop(tmp_path_factory.mktemp("shop") / "ledger.sqlite") as started:
        yield started


@pytest.fixture
def agent(workspace: Workspace, shop: Shop, cast: Cast, moment: datetime) -> Agent:
    """A refund desk in a workspace with the demo shop."""
    make.connect(workspace, shop, moment)
    return make.agent(workspace, "refund_desk", moment)


@pytest.fixture
def case(agent: Agent, moment: datetime) -> Case:
    """A broken article on a paid order: a refund is due. All other messages have ended."""
    sensed = desk.sense(agent.workspace, Settings(batch=100), now=moment)
    chosen = next(
        one for one in sensed.cases
        if "damaged" in one.message.subject.casefold() and one.order is not None
        and one.order.payment_status == "captured"
    )  # fmt: skip
    cases.leave(agent, [one.key for one in sensed.cases if one.key != chosen.key], moment)
    return chosen
