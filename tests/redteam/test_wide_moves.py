"""Many prices a little each, under the policies a shop starts with: a category, the whole catalogue.

Each move is one that the policy allows alone, of a price nobody has moved today.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from pathlib import Path

import pytest
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.gateway import queries as gateway
from apps.gateway.records import Variant
from apps.policies import operations as policies
from apps.policies.models import Version
from tests.conftest import Cast
from tests.contract.shops import Shop, demo_shop
from tests.factories import agents as make
from tests.factories.keys import Caller, caller

STEP, CENT = Decimal("1.02"), Decimal("0.01")
FOOTWEAR = ("TRS", "HKB", "SND")
IN_A_CATEGORY = 12  # may move alone in a day here

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A demo shop."""
    with demo_shop(Path(tmp_path_factory.mktemp("shop")) / "ledger.sqlite") as started:
        yield started


@pytest.fixture
def stocked(workspace: Workspace, shop: Shop) -> list[Variant]:
    """What the shop sells, and the policies a workspace starts with."""
    make.connect(workspace, shop, timezone.now())
    found = gateway.read(workspace.pk, "variants")
    return [one for one in found if isinstance(one, Variant)]


def turn(workspace: Workspace, *, without: str = "", now: datetime, **limits: float) -> None:
    """Publish the price policy with these limits; `without`: this rule of it is left out."""
    policy = Version.objects.get(policy__workspace=workspace, policy__name="Prices", stage="active")
    rules = [rule for rule in policy.rules if rule["name"] != without]
    assert len(rules) == len(policy.rules) - bool(without)
    version = policies.draft(workspace=workspace, name="Prices", rules=rules,
                             limits=policy.limits | limits, by="test", now=now)  # fmt: skip
    policies.publish(version=version, by="test", now=now)


def move(key: Caller, variant: Variant) -> str:
    """Propose two percent more by a key; where the proposal stands."""
    amount = (variant.prices["EUR"] * STEP).quantize(CENT, ROUND_DOWN)
    params = {"product_id": variant.product_id, "variant_id": variant.variant_id,
              "currency": "EUR", "amount": str(amount)}  # fmt: skip
    body = {"title": "Follow the market", "rationale": "Others have.",
            "changes": [{"action": "set_price", "params": params}]}  # fmt: skip
    answer = key.post("/proposals", body)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["state"])


@pytest.mark.parametrize("without", ["", "many prices of a category move"])
def test_two_owners_move_one_category_by_turns(
    without: str, workspace: Workspace, stocked: list[Variant], cast: Cast
) -> None:
    """Neither moves more than an outsider may; together no more than the category. Control: more."""
    now = timezone.now()
    turn(workspace, without=without, now=now, category_alone_a_day=IN_A_CATEGORY)
    keys = [caller(workspace, one, now=now, scopes=("proposals:submit",))
            for one in (cast.otto, cast.olga)]  # fmt: skip
    shoes = [one for one in stocked if one.sku.startswith(FOOTWEAR)][:16]
    states = [move(keys[place % 2], one) for place, one in enumerate(shoes)]
    passed = states.count("approved")
    assert passed == (len(shoes) if without else IN_A_CATEGORY)
    assert states.count("waiting") == len(shoes) - passed
    others = [one for one in stocked if one.sku.startswith("AID")][:2]  # in no category
    assert [move(keys[0], one) for one in others] == ["approved", "approved"]
