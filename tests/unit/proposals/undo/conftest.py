"""A workspace with the demo shop, where policy allows everything."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from apps.accounts.models import Workspace
from apps.gateway import queries as gateway
from apps.gateway.records import Variant
from apps.policies import operations as policies
from apps.proposals import operations
from apps.proposals.models import Proposal
from apps.proposals.operations import Draft, Origin
from tests.conftest import Cast
from tests.contract.shops import Shop, demo_shop
from tests.factories.agents import connect
from tests.factories.undoing import ALLOW, Propose, rule

AGENT = Origin(by="agent:repricer", trigger="schedule", agent="Repricer")


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A demo shop for these tests; they share it, so each works on records of its own."""
    with demo_shop(tmp_path_factory.mktemp("shop") / "ledger.sqlite") as started:
        yield started


@pytest.fixture
def world(workspace: Workspace, cast: Cast, shop: Shop, now: datetime) -> Cast:
    """The cast in a workspace with the demo shop, where policy allows everything."""
    connect(workspace, shop, now)
    for policy in workspace.policies.all():
        policies.retire(policy=policy, by="test", now=now)
    rule(workspace, now, ALLOW)
    return cast


@pytest.fixture
def drive(now: datetime) -> Callable[[], None]:
    """Carries out and settles what is due."""

    def go(at: datetime = now) -> None:
        for _ in range(6):
            operations.execute(worker="w", clock=lambda: at)
            operations.settle(now=at)
            operations.unwind(now=at)

    return go


@pytest.fixture
def do(workspace: Workspace, world: Cast, now: datetime, drive: Callable[[], None]) -> Propose:
    """Propose changes and carry out what policy allows."""

    def done(*changes: tuple[str, dict[str, Any]]) -> Proposal:
        draft = Draft(title="Do it", rationale="Because.", changes=changes)
        [proposal] = operations.submit(workspace=workspace, drafts=[draft], origin=AGENT, now=now)
        assert proposal is not None
        drive()
        proposal.refresh_from_db()
        return proposal

    return done


@pytest.fixture
def variants(workspace: Workspace, world: Cast) -> list[Variant]:
    """Some variants of the shop, with stock."""
    found = [v for v in gateway.read(workspace.pk, "variants", limit=60) if isinstance(v, Variant)]
    return [v for v in found if v.inventory_item_id and v.location_id and "EUR" in v.prices]
