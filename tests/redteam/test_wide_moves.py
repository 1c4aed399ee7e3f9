"""Many prices a little each, under the policies a shop starts with: a category, the whole catalogue.

Each move is one that the policy allows alone, of a price nobody has moved today.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.gateway import queries as gateway
from apps.gateway.readers import Reader
from apps.gateway.records import Variant
from apps.policies import operations as policies
from apps.policies.models import Version
from apps.proposals import operations as proposals
from apps.proposals.operations import Draft, Origin
from tests.conftest import Cast
from tests.contract.shops import Shop, demo_shop
from tests.factories import agents as make
from tests.factories.keys import Caller, caller

STEP, CENT = Decimal("1.02"), Decimal("0.01")
FOOTWEAR = ("TRS", "HKB", "SND")
IN_A_CATEGORY = 12  # may move alone in a day here
SHARE, FEW = 10.0, 20  # percent of the catalogue; of a catalogue of any size

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


def dearer(variant: Variant) -> dict[str, Any]:
    """The parameters of two percent more."""
    amount = (variant.prices["EUR"] * STEP).quantize(CENT, ROUND_DOWN)
    return {"product_id": variant.product_id, "variant_id": variant.variant_id,
            "currency": "EUR", "amount": str(amount)}  # fmt: skip


def move(key: Caller, variant: Variant) -> str:
    """Propose two percent more by a key; where the proposal stands."""
    params = dearer(variant)
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


def move_all(workspace: Workspace, variants: list[Variant], agent: str, now: datetime) -> int:
    """Have an agent of our own propose them all at once; how many pass alone."""
    origin = Origin(by=f"agent:{agent}", trigger="schedule", agent_id=uuid4(), agent=agent,
                    playbook="repricing")  # fmt: skip
    drafts = [Draft(title="Follow the market", rationale="Others have.",
                    changes=[("set_price", dearer(one))]) for one in variants]  # fmt: skip
    made = proposals.submit(workspace=workspace, drafts=drafts, origin=origin, now=now)
    return [one.state for one in made if one is not None].count("approved")


@pytest.mark.parametrize("without", ["", "one agent moves much of the catalogue"])
def test_one_agent_moves_the_catalogue(
    without: str, workspace: Workspace, stocked: list[Variant]
) -> None:
    """No more of it than its share, however many it proposes at once. Control: all of them."""
    now = timezone.now()
    turn(workspace, without=without, now=now, catalogue_percent_a_day=SHARE)
    most = int(len(stocked) * SHARE / 100)
    wanted = stocked[: most + 8]
    passed = move_all(workspace, wanted, "Pricer", now)
    assert passed == (len(wanted) if without else most)
    assert most > FEW


def test_of_a_catalogue_of_unknown_size_only_few_move_alone(
    workspace: Workspace, stocked: list[Variant], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shop that does not tell how much it has is not taken for a large one."""
    monkeypatch.setattr(Reader, "catalogue_size", lambda _: None)
    assert move_all(workspace, stocked[: FEW + 4], "Pricer", timezone.now()) == FEW
