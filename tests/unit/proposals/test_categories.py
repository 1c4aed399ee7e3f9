"""Caps on a category of products: each is counted in one, those in none as one of their own."""

import random
from collections import Counter
from datetime import datetime
from uuid import uuid4

import pytest

from apps.accounts.models import Workspace
from apps.gateway.models import Connector
from apps.policies import operations as policies
from apps.proposals import operations
from apps.proposals.models import State
from apps.proposals.operations import Origin
from tests.conftest import Cast
from tests.factories.price_shop import PriceShop
from tests.factories.proposals import draft

pytestmark = pytest.mark.django_db

CAP = 3
CATEGORIES = ("Shoes", "Packs", "")  # in none


def publish(workspace: Workspace, now: datetime, cap: str) -> None:
    """A policy that allows every price inside this cap."""
    rules = [
        {"name": "pass", "when": "true", "outcome": "allow", "reason": "Fine."},
        {"name": "cap", "when": cap, "outcome": "review", "reason": "A cap.",
         "actions": ["set_price"]},
    ]  # fmt: skip
    version = policies.draft(workspace=workspace, name="Caps", rules=rules, limits={}, by="test",
                             now=now)  # fmt: skip
    policies.publish(version=version, by="test", now=now)


@pytest.fixture
def shop(connector: Connector, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> PriceShop:
    """A shop whose prices are 40.00 at first."""
    return PriceShop().install(monkeypatch)


def submit(workspace: Workspace, variant: str, now: datetime, *, agent: str = "agent:a") -> str:
    """Propose another price for a variant; where that stands."""
    origin = Origin(by=agent, trigger="schedule", agent_id=uuid4(), playbook="repricing")
    drafts = [draft("41.00", variant=variant)]
    [made] = operations.submit(workspace=workspace, drafts=drafts, origin=origin, now=now)
    assert made is not None
    return made.state


@pytest.mark.parametrize("seed", range(4))
def test_random_moves_stop_at_the_cap_of_their_category(
    seed: int, shop: PriceShop, workspace: Workspace, now: datetime
) -> None:
    """Whichever agents move whichever prices in whatever order; none is left uncounted."""
    chance = random.Random(seed)
    publish(workspace, now, f"window('category', '24h').changes > {CAP}")
    passed = Counter[str]()
    for number in range(20):
        category = chance.choice(CATEGORIES)
        if category:
            shop.categories[str(number)] = category
        state = submit(workspace, str(number), now, agent=f"agent:{chance.choice('abc')}")
        assert state == (State.APPROVED if passed[category] < CAP else State.WAITING)
        passed[category] += state == State.APPROVED
    assert set(passed.values()) == {CAP}


def test_what_is_stopped_is_told_its_category_has_moved(
    shop: PriceShop, workspace: Workspace, now: datetime
) -> None:
    """In the words of the series."""
    publish(workspace, now, "window('category', '24h').alone > 1")
    shop.categories |= {"a": "Shoes", "b": "Shoes"}
    assert submit(workspace, "a", now) == State.APPROVED
    origin = Origin(by="agent:b", trigger="schedule", agent_id=uuid4(), playbook="repricing")
    [made] = operations.submit(workspace=workspace, drafts=[draft("41.00", variant="b")],
                               origin=origin, now=now)  # fmt: skip
    assert made is not None
    decision = made.changes.get().decision
    assert decision is not None
    assert decision.reason == "A cap. 2 changes in this category in 24 h, 2.00 EUR"
