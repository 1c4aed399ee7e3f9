"""A key proposes the kinds of action it was made for, and nothing else."""

from collections.abc import Callable, Sequence
from datetime import datetime

import pytest

from apps.accounts.models import Workspace
from apps.proposals import operations
from apps.proposals.models import Proposal
from tests.conftest import Cast
from tests.factories.keys import Caller, caller
from tests.factories.outside_agents import key_of, register
from tests.unit.api.calls import body, problem

pytestmark = pytest.mark.usefixtures("connector", "policy")
Make = Callable[[Sequence[str] | None], Caller]


@pytest.fixture
def make(workspace: Workspace, cast: Cast, now: datetime) -> Make:
    """A key of Otto's for these kinds of action."""
    return lambda actions: caller(workspace, cast.otto, now=now, actions=actions)


@pytest.mark.parametrize("actions", [["refund_payment", "send_message"], []])
def test_another_kind_is_refused(make: Make, actions: list[str]) -> None:
    """The answer names what it may not, and nothing is written."""
    refused = problem(make(actions).post("/proposals", body(5)), 403)
    assert refused["type"] == "urn:aios:problem:beyond-its-limits"
    assert "may not propose set_price" in refused["detail"]
    assert not Proposal.objects.exists()


@pytest.mark.parametrize("actions", [["set_price"], None])
def test_its_own_kinds_pass(make: Make, actions: list[str] | None) -> None:
    """A key from before kinds were named proposes every kind still."""
    assert make(actions).post("/proposals", body(5)).status_code == 201


def test_what_it_may_not_propose_is_not_looked_up(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor run dry: the shop is not asked about it."""
    for asking in ("prepare", "dry_run_draft"):
        monkeypatch.setattr(operations, asking, None)
    key = make(["set_stock"])
    problem(key.post("/proposals/dry-run", body(5)), 403)
    problem(key.post("/proposals", body(5)), 403)


def test_one_kind_of_many_is_refused_with_all(make: Make) -> None:
    """A proposal is one thing: none of it is proposed."""
    draft = body(5)
    draft["changes"].append({"action": "set_stock", "params": {
        "inventory_item_id": "item_1", "location_id": "loc_1", "quantity": 3}})  # fmt: skip
    assert "set_stock" in problem(make(["set_price"]).post("/proposals", draft), 403)["detail"]
    assert not Proposal.objects.exists()


def test_an_agents_key_is_narrowed_by_both(workspace: Workspace, cast: Cast, now: datetime) -> None:
    """What its agent may is too much for a key made for less, and the other way round."""
    agent = register(workspace, cast.otto, now=now, actions=["set_price", "set_stock"])
    for actions, status in ((["set_stock"], 403), (["set_price"], 201), (None, 201)):
        key = key_of(agent, now=now, actions=actions)
        assert key.post("/proposals", body(5 + status)).status_code == status
        Proposal.objects.all().delete()
    wide = key_of(agent, now=now, actions=["set_price"])
    type(agent).objects.update(actions=["set_stock"])
    assert "ERP (outside) may not" in problem(wide.post("/proposals", body(5)), 403)["detail"]


def test_who_made_it_may_make_another(make: Make) -> None:
    """The kinds are those of a key, not of its person."""
    problem(make(["set_stock"]).post("/proposals", body(5)), 403)
    assert make(["set_price"]).post("/proposals", body(5)).status_code == 201
