"""A series a cap has stopped: who takes part in it, and one verdict for all that waits."""

from datetime import datetime, timedelta

import pytest

from apps.accounts.models import Workspace
from apps.gateway.models import Connector
from apps.policies import operations as policies
from apps.proposals import operations
from apps.proposals.models import Change, Proposal, State
from apps.proposals.operations import InvalidDraft, NotInBulk
from apps.proposals.reading import series
from apps.proposals.reading.series import Series
from tests.conftest import Cast
from tests.factories.price_shop import PriceShop
from tests.factories.proposals import propose

pytestmark = pytest.mark.django_db(transaction=True)

BY_AGENT = "window('agent', '24h').changes > 2"


@pytest.fixture
def shop(connector: Connector, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> PriceShop:
    """A shop whose prices are 40.00 at first."""
    return PriceShop().install(monkeypatch)


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


def drive(now: datetime) -> None:
    """Carry out and settle all that is due."""
    while operations.execute(worker="w", clock=lambda: now) + operations.settle(now=now):
        pass


def moves(workspace: Workspace, now: datetime, *variants: str) -> list[Proposal]:
    """A move of each of these prices, a second apart."""
    return [
        propose(workspace, "41.00", variant=one, now=now + timedelta(seconds=place))
        for place, one in enumerate(variants)
    ]


def series_of(proposal: Proposal) -> Series | None:
    """The series it is a part of."""
    changes = Change.objects.filter(proposal=proposal).select_related("decision__version")
    return series.stopped([one.decision for one in changes if one.decision])


def test_a_stopped_change_shows_all_that_count_with_it(
    shop: PriceShop, workspace: Workspace, now: datetime
) -> None:
    """What has passed and what waits, oldest first; also what was asked for after it."""
    publish(workspace, now, BY_AGENT)
    made = moves(workspace, now, "a", "b", "c", "d")
    assert [one.state for one in made] == [State.APPROVED] * 2 + [State.WAITING] * 2
    found = series_of(made[2])
    assert found is not None
    assert (found.rule, found.scope, found.span) == ("cap", "agent", "24h")
    assert [one.proposal.pk for one in found.steps] == [one.pk for one in made]
    assert [one.pk for one in found.waiting] == [made[2].pk, made[3].pk]
    assert series_of(made[0]) is None


def test_what_is_rejected_or_too_old_takes_no_part(
    shop: PriceShop, cast: Cast, workspace: Workspace, now: datetime
) -> None:
    """Nor what another workspace's agent of the same name did."""
    publish(workspace, now, BY_AGENT)
    moves(workspace, now - timedelta(hours=26), "x")
    made = moves(workspace, now, "a", "b", "c", "d")
    operations.reject(proposal_id=made[2].pk, user=cast.rita, binding=made[2].binding,
                      reason="No.", now=now)  # fmt: skip
    found = series_of(made[3])
    assert found is not None
    assert [one.proposal.pk for one in found.steps] == [made[0].pk, made[1].pk, made[3].pk]


def test_one_step_is_no_series(shop: PriceShop, workspace: Workspace, now: datetime) -> None:
    """As where a customer's first refund waits because it is the first."""
    publish(workspace, now, "window('agent', 'ever').changes == 1")
    [first, *_] = moves(workspace, now, "a")
    assert first.state == State.WAITING
    assert series_of(first) is None


def test_there_and_back_are_steps_and_what_failed_is_none(
    shop: PriceShop, cast: Cast, workspace: Workspace, now: datetime
) -> None:
    """A move and its undo are what a price that goes to and fro is made of."""
    publish(workspace, now, "window('target', '24h').changes > 2")
    shop.refuses = True
    failed = propose(workspace, "41.00", variant="a", now=now)
    drive(now)
    shop.refuses = False
    moved = propose(workspace, "41.00", variant="a", now=now)
    drive(now)
    undo = operations.undo(proposal_id=moved.pk, user=cast.rita, reason="Wrong.", now=now)
    drive(now)
    third = propose(workspace, "41.00", variant="a", now=now)
    assert third.state == State.WAITING
    found = series_of(third)
    assert found is not None
    members = [one.proposal.pk for one in found.steps]
    assert sorted(members) == sorted([moved.pk, undo.pk, third.pk])
    assert failed.pk not in members


def test_a_long_series_is_cut_and_says_so(
    shop: PriceShop, workspace: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest stay."""
    monkeypatch.setattr("apps.policies.series.MOST", 2)
    publish(workspace, now, BY_AGENT)
    made = moves(workspace, now, "a", "b", "c")
    found = series_of(made[2])
    assert found is not None
    assert found.has_more
    assert [one.proposal.pk for one in found.steps] == [made[1].pk, made[2].pk]


def test_one_verdict_rejects_all_that_wait(
    shop: PriceShop, cast: Cast, workspace: Workspace, now: datetime
) -> None:
    """Each by its own binding: one that was decided meanwhile keeps no other."""
    publish(workspace, now, BY_AGENT)
    made = moves(workspace, now, "a", "b", "c", "d", "e")[2:]
    bindings = {one.pk: one.binding for one in made}
    operations.approve(proposal_id=made[1].pk, user=cast.rita, binding=made[1].binding, now=now)
    results = operations.reject_all(workspace_id=workspace.pk, user=cast.rita, bindings=bindings,
                                    reason="A ratchet.", now=now)  # fmt: skip
    assert {one.proposal_id: one.decided for one in results} == {
        made[0].pk: True, made[1].pk: False, made[2].pk: True,
    }  # fmt: skip
    states = {one.pk: one.state for one in Proposal.objects.filter(pk__in=bindings)}
    assert [states[one.pk] for one in made] == [State.REJECTED, State.APPROVED, State.REJECTED]


def test_a_verdict_needs_a_reason_proposals_and_their_own_workspace(
    shop: PriceShop, cast: Cast, workspace: Workspace, elsewhere: Workspace, now: datetime
) -> None:
    """Nothing is rejected otherwise."""
    publish(workspace, now, BY_AGENT)
    *_, waits = moves(workspace, now, "a", "b", "c")
    bindings = {waits.pk: waits.binding}
    with pytest.raises(InvalidDraft):
        operations.reject_all(workspace_id=workspace.pk, user=cast.rita, bindings=bindings,
                              reason=" ", now=now)  # fmt: skip
    with pytest.raises(NotInBulk):
        operations.reject_all(workspace_id=workspace.pk, user=cast.rita, bindings={},
                              reason="No.", now=now)  # fmt: skip
    assert not operations.reject_all(workspace_id=elsewhere.pk, user=cast.rita, bindings=bindings,
                                     reason="No.", now=now)  # fmt: skip
    waits.refresh_from_db()
    assert waits.state == State.WAITING
