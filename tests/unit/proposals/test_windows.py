"""What counts in windows: let through or queued, once each, and given back where it came to nothing."""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Workspace
from apps.gateway.models import Connector
from apps.policies import counting
from apps.policies import operations as policies
from apps.policies.models import Place, Tally
from apps.policies.windows import Sum
from apps.proposals import operations
from apps.proposals.models import Proposal, State
from apps.proposals.operations import Draft, Origin
from tests.conftest import Cast
from tests.factories.price_shop import PriceShop
from tests.factories.proposals import AGENT, draft, price_change, propose

pytestmark = pytest.mark.django_db(transaction=True)


def cap(when: str) -> dict[str, Any]:
    """A rule that has a person decide."""
    return {"name": "cap", "when": when, "outcome": "review", "reason": "A cap.",
            "actions": ["set_price"]}  # fmt: skip


def publish(workspace: Workspace, now: datetime, *caps: str) -> None:
    """A policy that allows every price inside these caps."""
    passes = {"name": "pass", "when": "true", "outcome": "allow", "reason": "Fine."}
    version = policies.draft(workspace=workspace, name="Caps", rules=[passes, *map(cap, caps)],
                             limits={}, by="test", now=now)  # fmt: skip
    policies.publish(version=version, by="test", now=now)


@pytest.fixture
def shop(connector: Connector, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> PriceShop:
    """A shop whose prices are 40.00 at first."""
    return PriceShop().install(monkeypatch)


def drive(now: datetime) -> None:
    """Carry out and settle all that is due."""
    while operations.execute(worker="w", clock=lambda: now) + operations.settle(now=now):
        pass


def states(found: Sequence[Proposal | None]) -> list[str]:
    """Where these stand."""
    return [one.state if one else "" for one in found]


TWICE = "window('target', '24h').changes > 2"


def test_a_series_stops_at_its_cap_and_goes_on_when_the_window_has_passed(
    shop: PriceShop, workspace: Workspace, now: datetime
) -> None:
    """Two moves a day pass; the third says in words what the first ones were."""
    publish(workspace, now, TWICE)
    for price, state in (("41.00", State.APPROVED), ("42.00", State.APPROVED),
                         ("43.00", State.WAITING)):  # fmt: skip
        third = propose(workspace, price, variant="a", now=now)
        assert third.state == state
        drive(now)
    change = third.changes.get()
    assert change.decision is not None
    assert change.decision.reason == "A cap. 3 moves of this in 24 h, 40.00 → 43.00 EUR, +7.5 %"
    assert propose(workspace, "41.00", variant="b", now=now).state == State.APPROVED
    operations.expire(now=third.expires_at + timedelta(seconds=1))
    later = now + timedelta(hours=25)
    assert propose(workspace, "43.00", variant="a", now=later).state == State.APPROVED


def test_the_second_draft_of_a_batch_sees_the_first(
    shop: PriceShop, workspace: Workspace, now: datetime
) -> None:
    """One that waits takes up nothing."""
    publish(workspace, now, "window('agent', '24h').alone_amount > 5")
    drafts = [draft(price, variant=v) for v, price in
              (("a", "43.00"), ("b", "43.00"), ("c", "42.00"), ("d", "40.01"))]  # fmt: skip
    found = operations.submit(workspace=workspace, drafts=drafts, origin=AGENT, now=now)
    assert states(found) == [State.APPROVED, State.WAITING, State.APPROVED, State.WAITING]


def test_changes_of_one_proposal_are_let_through_together_or_not_at_all(
    shop: PriceShop, workspace: Workspace, now: datetime
) -> None:
    """The second change sees the first; what then waits leaves the room to others."""
    publish(workspace, now, "window('agent', '24h').changes > 2")
    [pair, alone] = operations.submit(
        workspace=workspace, origin=AGENT, now=now,
        drafts=[draft("41", "41", "41"), draft("41")],
    )  # fmt: skip
    assert states([pair, alone]) == [State.WAITING, State.APPROVED]


def test_what_waits_counts_once_a_person_has_approved_it(
    shop: PriceShop, cast: Cast, workspace: Workspace, now: datetime
) -> None:
    """As a change, not as one that went through alone."""
    publish(workspace, now, "window('key', '24h').alone > 2", "window('key', '24h').changes > 2",
            "window('target', '24h').amount > 20")  # fmt: skip
    large = propose(workspace, "400.00", now=now)
    assert large.state == State.WAITING
    assert propose(workspace, "41", now=now).state == State.APPROVED
    operations.approve(proposal_id=large.pk, user=cast.rita, binding=large.binding, now=now)
    third = propose(workspace, "41", now=now)
    decision = third.changes.get().decision
    assert decision is not None
    reasons = [one["reason"] for one in decision.fired]
    assert reasons == ["A cap. 3 changes by this key in 24 h, 362.00 EUR", "Fine."]


def test_somebody_who_always_has_to_look_leaves_the_room_to_others(
    shop: PriceShop, workspace: Workspace, now: datetime
) -> None:
    """What waits for a person for reasons of its own takes up nothing."""
    publish(workspace, now, "window('workspace', '24h').changes > 1")
    asked = Origin(by="key:1", trigger="api", needs_person=True)
    assert propose(workspace, "41", now=now, origin=asked).state == State.WAITING
    assert propose(workspace, "41", now=now).state == State.APPROVED


@pytest.mark.parametrize("how", ["refused", "taken back", "voided"])
def test_what_came_to_nothing_is_given_back(
    how: str, shop: PriceShop, cast: Cast, workspace: Workspace, now: datetime
) -> None:
    """Once: after it exactly as much passes as before."""
    publish(workspace, now, TWICE)
    shop.refuses = how == "refused"
    first = propose(workspace, "41.00", variant="a", now=now)
    if how == "taken back":
        operations.take_back(proposal_id=first.pk, user=cast.rita, now=now)
        first.refresh_from_db()
        operations.reject(proposal_id=first.pk, user=cast.rita, binding=first.binding,
                          reason="No.", now=now)  # fmt: skip
    if how == "voided":
        publish(workspace, now, TWICE, "window('target', '24h').changes > 3")
        drive(now)
        operations.reconsider(now=now)
        first.refresh_from_db()
        assert first.state == State.WAITING
        operations.reject(proposal_id=first.pk, user=cast.rita, binding=first.binding,
                          reason="No.", now=now)  # fmt: skip
    drive(now)
    shop.refuses = False
    passed = []
    for price in ("41.00", "42.00", "43.00"):
        passed.append(propose(workspace, price, variant="a", now=now).state)
        drive(now)
    assert passed == [State.APPROVED, State.APPROVED, State.WAITING]


def test_a_move_and_its_undo_are_two_moves_and_no_money(
    shop: PriceShop, cast: Cast, workspace: Workspace, now: datetime
) -> None:
    """Else who may undo could repeat a small step for ever, uncounted."""
    publish(workspace, now, "window('target', '24h').changes > 4",
            "window('target', '24h').amount > 2")  # fmt: skip
    for _ in range(2):
        move = propose(workspace, "42.00", variant="a", now=now)
        assert move.state == State.APPROVED
        drive(now)
        operations.undo(proposal_id=move.pk, user=cast.rita, reason="Wrong.", now=now)
        drive(now)
        undo = Proposal.objects.filter(trigger="undo").order_by("-id")[0]
        if undo.state == State.WAITING:
            operations.approve(proposal_id=undo.pk, user=cast.olga, binding=undo.binding, now=now)
            drive(now)
        move.refresh_from_db()
        assert move.state == State.UNDONE
    third = propose(workspace, "42.00", variant="a", now=now)
    decision = third.changes.get().decision
    assert decision is not None
    assert third.state == State.WAITING
    assert decision.reason.startswith("A cap. 5 moves of this in 24 h, 40.00 → 42.00 EUR")
    assert len(decision.fired) == 2  # the count stops it; of the money only its own is left


def test_a_set_that_is_set_back_by_itself_counts(
    shop: PriceShop, workspace: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a set that always breaks off would move a price to and fro with no end."""
    publish(workspace, now, TWICE)
    perform = PriceShop.perform

    def breaks_off(self: PriceShop, action: str, params: dict[str, Any], **_: Any) -> Any:
        self.refuses = params["variant_id"] == "bad"
        return perform(self, action, params)

    monkeypatch.setattr(PriceShop, "perform", breaks_off)
    shop.install(monkeypatch)
    both = Draft(title="Both", rationale="r",
                 changes=[price_change("38.00", "a"), price_change("41.00", "bad")])  # fmt: skip
    [broken] = operations.submit(workspace=workspace, drafts=[both], origin=AGENT, now=now)
    drive(now)
    operations.unwind(now=now)
    drive(now)
    assert broken is not None
    broken.refresh_from_db()
    assert (broken.state, shop.prices["a"]) == (State.UNDONE, "40.00")
    assert propose(workspace, "38.00", variant="a", now=now).state == State.WAITING
    assert propose(workspace, "41.00", variant="bad", now=now).state == State.APPROVED


def test_the_last_approved_price_is_the_reference(
    shop: PriceShop, cast: Cast, workspace: Workspace, now: datetime
) -> None:
    """Once it is proven; undone, the one before is again."""
    publish(workspace, now, "!has_approved || approved_change_percent > 5")

    def decided(price: str) -> Proposal:
        found = propose(workspace, price, variant="a", now=now)
        if found.state == State.WAITING:
            operations.approve(proposal_id=found.pk, user=cast.rita, binding=found.binding,
                               now=now)  # fmt: skip
        drive(now)
        return found

    assert decided("50.00").state == State.WAITING
    assert decided("52.00").state == State.APPROVED
    assert decided("52.60").state == State.WAITING  # 5.2 % above 50
    last = decided("55.20")
    assert last.state == State.APPROVED
    second = Proposal.objects.get(title="Price to 52.60")
    assert second.state == State.DONE
    shop.prices["a"] = "52.60"
    operations.undo(proposal_id=second.pk, user=cast.rita, reason="Wrong.", now=now)
    undo = Proposal.objects.get(trigger="undo")
    if undo.state == State.WAITING:
        operations.approve(proposal_id=undo.pk, user=cast.rita, binding=undo.binding, now=now)
    drive(now)
    second.refresh_from_db()
    assert second.state == State.UNDONE
    tally = Tally.objects.get(scope="target")
    assert tally.approved["EUR"]["price"] == "50.00"


def test_fifty_at_once_never_pass_a_cap_together(
    shop: PriceShop, workspace: Workspace, now: datetime
) -> None:
    """Exactly as many as the cap lets through."""
    publish(workspace, now, "window('agent', '24h').changes > 7")
    barrier, found = threading.Barrier(50), []

    def work(number: int) -> None:
        barrier.wait()
        found.append(propose(workspace, "41", variant=f"v{number}", now=now).state)
        connections.close_all()

    threads = [threading.Thread(target=work, args=[number]) for number in range(50)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(found) == [State.APPROVED] * 7 + [State.WAITING] * 43
    assert Place.objects.filter(standing="held").count() == 7


def test_what_is_decided_anew_and_what_is_new_never_wait_for_each_other(
    shop: PriceShop, cast: Cast, workspace: Workspace, now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Though the policy asks for one more window since: both lock in one order."""
    publish(workspace, now, "window('workspace', '24h').changes > 9")
    first = propose(workspace, "41.00", now=now)
    publish(workspace, now, "window('workspace', '24h').changes > 9",
            "window('agent', '24h').changes > 9")  # fmt: skip
    lock, begun, errors = counting.lock, threading.Event(), []

    def slow(*args: Any) -> Any:
        found = lock(*args)
        if not begun.is_set():
            begun.set()
            time.sleep(0.5)
        return found

    def take_back() -> None:
        operations.take_back(proposal_id=first.pk, user=cast.rita, now=now)

    def submit() -> None:
        begun.wait()
        propose(workspace, "41.00", now=now)

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except OperationalError as error:
            errors.append(error)
        finally:
            connections.close_all()

    monkeypatch.setattr(counting, "lock", slow)
    threads = [threading.Thread(target=run, args=[work]) for work in (take_back, submit)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert errors == []
    assert Place.objects.filter(standing="held").count() == 1


def test_workspaces_are_settled_in_one_order(
    workspace: Workspace, elsewhere: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the order in which they ended."""
    homes = [workspace, elsewhere, *(
        Workspace.objects.create(name=slug, slug=slug) for slug in ("x", "y", "z", "u", "v")
    )]  # fmt: skip
    counted = {"action": "a", "sum": Sum(1).record(), "keys": {"workspace": "k"},
               "spans": {"workspace": ["24h"]}, "price": None, "currency": ""}  # fmt: skip
    places = [Place.objects.create(subject_id=uuid4(), workspace=home, standing="held",
                                   counted=counted, at=now) for home in homes]  # fmt: skip
    lock, locked = counting.lock, []

    def noted(workspace_id: UUID, slots: Any) -> Any:
        locked.append(workspace_id)
        return lock(workspace_id, slots)

    monkeypatch.setattr(counting, "lock", noted)
    with transaction.atomic():
        policies.conclude(void=[one.pk for one in places], now=now)
    assert locked == sorted(home.pk for home in homes)


def statements(workspace: Workspace, now: datetime, drafts: int) -> list[str]:
    """The SQL of one submission that is about windows."""
    with CaptureQueriesContext(connection) as asked:
        operations.submit(workspace=workspace, origin=AGENT, now=now,
                          drafts=[draft("41.00") for _ in range(drafts)])  # fmt: skip
    return [one["sql"] for one in asked if "policies_tally" in one["sql"]
            or "policies_place" in one["sql"]]  # fmt: skip


@pytest.mark.parametrize("drafts", [1, 30])
def test_two_statements_a_submission(
    drafts: int, shop: PriceShop, workspace: Workspace, now: datetime
) -> None:
    """However many drafts and windows; none where no rule asks for one."""
    publish(workspace, now)
    assert statements(workspace, now, drafts) == []
    publish(workspace, now, TWICE, "window('agent', '7d').amount > 1000",
            "window('workspace', '30d').changes > 1000", "window('key', '15m').alone > 1000")  # fmt: skip
    assert len(statements(workspace, now, drafts)) == 2
    assert len(statements(workspace, now + timedelta(hours=2), drafts)) == 2


def test_a_dry_run_shows_the_windows_and_reserves_nothing(
    shop: PriceShop, workspace: Workspace, now: datetime
) -> None:
    """With what would be let through before it in the same draft."""
    publish(workspace, now, TWICE)
    propose(workspace, "41.00", variant="a", now=now)
    drive(now)
    for _ in range(3):
        seen = operations.dry_run_draft(
            workspace=workspace, draft=draft("42.00", variant="a"), origin=AGENT, now=now
        )
        assert seen.proposal.state == State.APPROVED
        windows = seen.changes[0].decision.facts["windows"]
        assert windows["target"]["24h"]["set_price"]["changes"] == 2
    assert Place.objects.count() == 1
    [held] = Tally.objects.get().running.values()
    assert Decimal(held["sum"]["set_price"]["money"]["EUR"][1]) == 1
