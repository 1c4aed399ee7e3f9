"""Turning new proposals away before anything is written."""

import pytest

from apps.audit.models import Event
from apps.gateway.models import Execution
from apps.proposals import operations
from apps.proposals.models import Proposal, State
from apps.proposals.operations import Overloaded, backpressure
from tests.factories.proposals import draft, propose

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _counted_anew(monkeypatch):
    """What is known of the room is forgotten between counts."""
    monkeypatch.setattr(backpressure, "COUNT_EVERY_SECONDS", -1.0)
    backpressure._known.clear()


@pytest.fixture
def world(cast, connector, policy):
    return cast


def test_a_full_queue_turns_new_work_away(world, workspace, now, settings):
    """Nothing is written; when it has drained the next is taken."""
    settings.GATEWAY_QUEUE_LIMIT = 2
    propose(workspace, "5", now=now)
    propose(workspace, "5", now=now)
    before = Event.objects.count()
    with pytest.raises(Overloaded) as turned_away:
        propose(workspace, "5", now=now)
    assert turned_away.value.retry_after == 5
    assert (Proposal.objects.count(), Event.objects.count()) == (2, before)
    operations.execute(worker="w", clock=lambda: now)
    propose(workspace, "5", now=now)


def test_too_much_that_waits_for_people_turns_new_work_away(world, workspace, now, settings):
    """Also what policy would allow: it is not known before it is decided."""
    settings.PROPOSALS_WAITING_LIMIT = 1
    waiting = propose(workspace, "50", now=now)
    with pytest.raises(Overloaded) as turned_away:
        propose(workspace, "5", now=now)
    assert turned_away.value.retry_after == 60
    operations.reject(proposal_id=waiting.pk, user=world.rita, binding=waiting.binding,
                      reason="no", now=now)  # fmt: skip
    propose(workspace, "5", now=now)


def test_an_approval_is_never_refused_for_load(world, workspace, now, settings):
    """People come first, however long the queue."""
    waiting = propose(workspace, "50", now=now)
    settings.GATEWAY_QUEUE_LIMIT = settings.PROPOSALS_WAITING_LIMIT = 0
    operations.approve(proposal_id=waiting.pk, user=world.rita, binding=waiting.binding, now=now)
    assert Execution.objects.count() == 1


def test_a_batch_counts_as_many(world, workspace, now, settings):
    """All or none; one larger than the limit passes when nothing waits."""
    settings.GATEWAY_QUEUE_LIMIT = 3
    two = [draft("5", variant=f"a{n}") for n in range(2)]
    operations.make_room(workspace=workspace, drafts=[*two, *two, *two])
    propose(workspace, "5", now=now)
    propose(workspace, "5", now=now)
    with pytest.raises(Overloaded):
        operations.make_room(workspace=workspace, drafts=two)


def test_between_counts_what_is_taken_on_is_counted_here(
    world, workspace, now, settings, monkeypatch
):
    """A burst within the second cannot slip past the limit, and asks the database once."""
    monkeypatch.setattr(backpressure, "COUNT_EVERY_SECONDS", 60.0)
    settings.GATEWAY_QUEUE_LIMIT = 3
    for _ in range(3):
        propose(workspace, "5", now=now)
    with pytest.raises(Overloaded):
        propose(workspace, "5", now=now)


@pytest.mark.parametrize(
    ("left", "wanted", "limit", "holds"),
    [
        (3, 3, 3, True), (2, 3, 3, False), (3, 9, 3, True), (2, 9, 3, False),
        (1, 1, 3, True), (0, 1, 3, False), (0, 0, 3, False), (1, 0, 3, True), (0, 5, 0, False),
    ],
)  # fmt: skip
def test_room_for_so_many(left, wanted, limit, holds):
    """A batch above the limit where nothing waits; nothing at all where no room is left."""
    assert backpressure.Room(left=left, until=0.0).holds(wanted, limit) is holds


def test_nothing_asks_for_no_room(workspace, settings):
    """However full it is."""
    settings.GATEWAY_QUEUE_LIMIT = settings.PROPOSALS_WAITING_LIMIT = 0
    backpressure.check_room(workspace=workspace, actions=[])


def test_each_kind_of_action_takes_its_own_room(world, workspace, settings, monkeypatch):
    """What is taken on is taken from both queues and from what waits for people."""
    monkeypatch.setattr(backpressure, "COUNT_EVERY_SECONDS", 60.0)
    settings.GATEWAY_QUEUE_LIMIT, settings.PROPOSALS_WAITING_LIMIT = 5, 9
    backpressure.check_room(workspace=workspace, actions=["set_price", "set_stock", "set_price"])
    assert {key[2]: room.left for key, room in backpressure._known.items()} == {
        "set_price": 3, "set_stock": 4, 9: 6,
    }  # fmt: skip
    with pytest.raises(Overloaded, match="5 changes wait") as full:
        backpressure.check_room(workspace=workspace, actions=["set_stock", *["set_price"] * 4])
    assert full.value.retry_after == backpressure.QUEUE_DRAINS_SECONDS
    assert {key[2]: room.left for key, room in backpressure._known.items()} == {
        "set_price": 3, "set_stock": 4, 9: 6,
    }  # fmt: skip
    with pytest.raises(Overloaded, match="9 proposals of this workspace") as people:
        backpressure.check_room(workspace=workspace, actions=["set_price"] * 7)
    assert people.value.retry_after == backpressure.PEOPLE_DECIDE_SECONDS


def test_an_action_nobody_carries_out_is_told_of_later(workspace, settings):
    """With no connector at all there is room: what is wrong is said of the draft."""
    settings.GATEWAY_QUEUE_LIMIT = 4
    assert backpressure.queue_room(workspace.pk, "set_price").left == 4


def test_what_is_known_is_counted_anew_in_its_time(monkeypatch):
    """Not before a second is over, and then anew."""
    times = iter([10.0, 11.0, 11.001])
    monkeypatch.setattr(backpressure, "COUNT_EVERY_SECONDS", 1.0)
    monkeypatch.setattr(backpressure.time, "monotonic", lambda: next(times))
    counts = iter([7, 8])
    found = [backpressure.room(("k",), lambda: next(counts)) for _ in range(3)]
    assert [(room.left, room.until) for room in found] == [(7, 11.0), (7, 11.0), (8, 12.001)]


def test_what_is_known_does_not_grow_for_ever(monkeypatch):
    """Of many workspaces the counts are dropped and counted anew."""
    monkeypatch.setattr(backpressure, "MOST_KNOWN", 2)
    for name in "abc":
        backpressure.room((name,), lambda: 1)
    assert len(backpressure._known) == 3
    backpressure.room(("d",), lambda: 1)
    assert set(backpressure._known) == {("d",)}


def test_another_workspace_is_not_affected(world, workspace, elsewhere, now, settings):
    """One tenant's backlog is not another's."""
    settings.PROPOSALS_WAITING_LIMIT = 1
    propose(workspace, "50", now=now)
    operations.make_room(workspace=elsewhere, drafts=[draft("5")])


def test_stale_evidence_has_a_person_look(world, workspace, now):
    """What the policy would allow waits, and the policy can see it too."""
    planned = draft("5")
    stale = operations.Draft(
        title="t", rationale="r", changes=planned.changes,
        evidence=[{"kind": "stale", "title": "Planned from an older answer", "detail": "x"}],
    )  # fmt: skip
    [proposal] = operations.submit(
        workspace=workspace, drafts=[stale],
        origin=operations.Origin(by="agent:x", trigger="schedule"), now=now,
    )  # fmt: skip
    assert proposal.state == State.WAITING
    assert proposal.reviewers == 1
    assert not Execution.objects.exists()
    operations.approve(proposal_id=proposal.pk, user=world.rita, binding=proposal.binding, now=now)
    assert Execution.objects.count() == 1
