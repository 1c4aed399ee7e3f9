"""A price that goes a little further every week, always inside what a month allows.

No month sees more than 15 %, so before there was a window over all time such a price doubled in
most of a year with no person.
"""

import tomllib
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from apps.accounts.models import Workspace
from apps.agents import playbooks
from apps.gateway.models import Connector
from apps.policies import operations as policies
from apps.proposals import operations
from apps.proposals.models import State
from tests.conftest import Cast
from tests.factories.price_shop import PriceShop
from tests.factories.proposals import propose

pytestmark = pytest.mark.django_db
CENT, STEP, WEEKS = Decimal("0.01"), Decimal("1.026"), 32
PRICES = Path(playbooks.__file__).parent / "repricing" / "policy.toml"
FOR_GOOD = "price drifts for good"


@pytest.fixture
def shop(connector: Connector, monkeypatch: pytest.MonkeyPatch) -> PriceShop:
    """A shop whose prices are 40.00 at first."""
    return PriceShop().install(monkeypatch)


def publish(workspace: Workspace, now: datetime, *, without: str = "") -> None:
    """The caps of the price policy a workspace starts with, all but one, and nothing else."""
    content = tomllib.loads(PRICES.read_text())
    caps = [one for one in content["rules"] if "window(" in one["when"] and one["name"] != without]
    passes = {"name": "pass", "when": "true", "outcome": "allow", "reason": "Fine."}
    version = policies.draft(workspace=workspace, name="Caps", rules=[passes, *caps],
                             limits=content["limits"], by="test", now=now)  # fmt: skip
    policies.publish(version=version, by="test", now=now)


def creep(workspace: Workspace, shop: PriceShop, now: datetime, *, up: bool) -> Decimal:
    """One step every eight days for most of a year; the price it leads to with no person."""
    for week in range(WEEKS):
        at, old = now + timedelta(days=8 * week), Decimal(shop.prices["a"])
        new = (old * STEP).quantize(CENT, ROUND_DOWN) if up else (old / STEP).quantize(
            CENT, ROUND_UP)  # fmt: skip
        if propose(workspace, new, variant="a", now=at).state == State.WAITING:
            break
        while operations.execute(worker="w", clock=lambda: at) + operations.settle(now=at):  # noqa: B023
            pass
    return Decimal(shop.prices["a"])


@pytest.mark.parametrize("up", [True, False])
def test_a_slow_ratchet_stops_where_it_has_led_too_far(
    up: bool, shop: PriceShop, workspace: Workspace, now: datetime
) -> None:
    """At 30 % from where the price was first, however long that took."""
    publish(workspace, now)
    reached = creep(workspace, shop, now, up=up)
    assert Decimal(28) <= reached <= Decimal(52)


def test_control_without_the_cap_it_more_than_doubles(
    shop: PriceShop, workspace: Workspace, now: datetime
) -> None:
    """The other caps see nothing."""
    publish(workspace, now, without=FOR_GOOD)
    assert creep(workspace, shop, now, up=True) > Decimal(80)


def test_what_a_person_approved_is_where_it_begins_anew(
    shop: PriceShop, cast: Cast, workspace: Workspace, now: datetime
) -> None:
    """Once somebody has looked at the price, small moves around it pass again, and not far."""
    publish(workspace, now)
    creep(workspace, shop, now, up=True)
    at = now + timedelta(days=400)

    def move(price: str, **to: Any) -> State:
        return State(propose(workspace, price, variant="a", now=at + timedelta(**to)).state)

    operations.expire(now=at)
    shown = propose(workspace, "53.00", variant="a", now=at)
    assert shown.state == State.WAITING
    operations.approve(proposal_id=shown.pk, user=cast.rita, binding=shown.binding, now=at)
    while operations.execute(worker="w", clock=lambda: at) + operations.settle(now=at):
        pass
    assert move("54.00", days=2) == State.APPROVED
