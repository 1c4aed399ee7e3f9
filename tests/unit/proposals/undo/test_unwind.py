"""A change set that breaks off half-way is set back by itself, or stays an open case."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.accounts.models import Workspace
from apps.gateway import clients
from apps.gateway.errors import Refused
from apps.gateway.models import Connector
from apps.gateway.records import Variant
from apps.proposals import operations
from apps.proposals.models import Change, Proposal, State
from tests.conftest import Cast
from tests.contract.shops import Shop
from tests.factories.undoing import (
    ALLOW,
    Propose,
    price_now,
    priced,
    refusing,
    rule,
    states,
    told,
)

pytestmark = pytest.mark.django_db(transaction=True)

SAGAS = {"name": "sagas", "when": "trigger == 'saga'", "outcome": "deny", "reason": "Never."}


def test_a_change_set_that_breaks_off_is_set_back(
    workspace: Workspace, world: Cast, variants: list[Variant], do: Propose, now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """By itself, through policy: nothing of it stands, and every step is told."""
    good, bad = variants[10], variants[11]
    refusing(monkeypatch, workspace, bad)
    broken = do(priced(good), priced(bad))
    assert (broken.state, states(broken)) == (State.UNDONE, ["compensated", "refused"])
    assert price_now(workspace, good) == good.prices["EUR"]
    undo = Proposal.objects.exclude(pk=broken.pk).get()
    assert (undo.state, undo.trigger, undo.submitted_by) == (State.DONE, "saga", "gateway")
    assert [e["state"] for e in told(broken, "proposal.settled")] == ["needs_person", "undone"]
    assert not broken.unwinding


def test_a_change_set_whose_next_target_is_gone_is_set_back(
    workspace: Workspace, world: Cast, variants: list[Variant], do: Propose, now: datetime,
    monkeypatch: pytest.MonkeyPatch, drive: Callable[[], None],
) -> None:  # fmt: skip
    """It cannot go on either."""
    good, bad = variants[23], variants[24]
    client = clients.client_of(Connector.objects.get(workspace=workspace, kind="medusa"))
    snapshot, seen = client.snapshot, []

    def look(action: str, params: dict[str, Any]) -> dict[str, Any]:
        if params["variant_id"] == bad.variant_id:
            seen.append(action)
            if len(seen) > 1:  # the first look is the proposal's own
                raise Refused("There is no such variant.", code="not_found")
        return snapshot(action, params)

    monkeypatch.setattr(client, "snapshot", look)
    broken = do(priced(good), priced(bad))
    assert states(broken) == ["done", "stale"]
    operations.reconsider(now=now)
    broken.refresh_from_db()
    assert (broken.state, broken.unwinding) == (State.NEEDS_PERSON, True)
    drive()
    broken.refresh_from_db()
    assert (broken.state, states(broken)) == (State.UNDONE, ["compensated", "stale"])
    assert price_now(workspace, good) == good.prices["EUR"]


def test_control_without_unwinding_half_of_it_stands(
    workspace: Workspace, world: Cast, variants: list[Variant], do: Propose, now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The control arm: with the unwinding off the first price stays changed."""
    good, bad = variants[12], variants[13]
    refusing(monkeypatch, workspace, bad)
    monkeypatch.setattr(operations, "unwind", lambda **_: 0)
    broken = do(priced(good), priced(bad))
    assert (broken.state, states(broken)) == (State.NEEDS_PERSON, ["done", "refused"])
    assert price_now(workspace, good) != good.prices["EUR"]
    assert broken.unwinding


def test_what_breaks_off_waits_where_policy_says_so(
    workspace: Workspace, world: Cast, variants: list[Variant], do: Propose, now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A denied undo leaves the open case, and no second one is tried."""
    good, bad = variants[14], variants[15]
    rule(workspace, now, ALLOW, SAGAS)
    refusing(monkeypatch, workspace, bad)
    broken = do(priced(good), priced(bad))
    assert (broken.state, states(broken)) == (State.NEEDS_PERSON, ["done", "refused"])
    assert Proposal.objects.filter(state=State.DENIED, trigger="saga").count() == 1
    assert told(broken, "proposal.settled")[-1]["undo_state"] == "denied"


def test_what_breaks_off_after_something_final_is_for_a_person(
    workspace: Workspace, world: Cast, variants: list[Variant], do: Propose, now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A message is not corrected by a machine: the case says why, and stays open."""
    refusing(monkeypatch, workspace, variants[16])
    message = {"to": "bob@example.com", "subject": "Cheaper", "body": "Now cheaper."}
    broken = do(("send_message", message), priced(variants[16]))
    assert (broken.state, states(broken)) == (State.NEEDS_PERSON, ["done", "refused"])
    last = told(broken, "proposal.settled")[-1]
    assert (last["undo_state"], last["why"]) == (
        "impossible", "Write what the correction is to say."
    )  # fmt: skip
    assert not Change.objects.filter(compensates__isnull=False).exists()
    assert operations.unwind(now=now) == 0


def test_a_shop_that_is_away_is_asked_again(
    workspace: Workspace, world: Cast, variants: list[Variant], do: Propose, now: datetime,
    drive: Callable[[], None], monkeypatch: pytest.MonkeyPatch, shop: Shop,
) -> None:  # fmt: skip
    """What broke off is set back as soon as the target can be read."""
    good, bad = variants[17], variants[18]
    refusing(monkeypatch, workspace, bad)
    with monkeypatch.context() as away:
        away.setattr(operations, "unwind", lambda **_: 0)
        broken = do(priced(good), priced(bad))
    Connector.objects.filter(kind="medusa").update(address="http://127.0.0.1:9", changed_at=now)
    clients.forget_all()
    assert operations.unwind(now=now) == 1
    broken.refresh_from_db()
    assert (broken.state, broken.unwinding) == (State.NEEDS_PERSON, True)
    Connector.objects.filter(kind="medusa").update(
        address=shop.address, changed_at=now + timedelta(seconds=1)
    )
    drive()
    broken.refresh_from_db()
    assert broken.state == State.UNDONE


def test_a_case_that_was_closed_is_left_alone(
    workspace: Workspace, world: Cast, variants: list[Variant], do: Propose, now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Who decided that the half may stay is not overruled by the unwinding."""
    refusing(monkeypatch, workspace, variants[19])
    with monkeypatch.context() as off:
        off.setattr(operations, "unwind", lambda **_: 0)
        broken = do(priced(variants[20]), priced(variants[19]))
    operations.resolve(proposal_id=broken.pk, user=world.olga, happened=True, reason="Fine so.",
                       now=now)  # fmt: skip
    assert operations.unwind(now=now) == 0
    assert Proposal.objects.count() == 1
