"""Kill switches stop exactly their scope, once each, and let go again."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings

from apps.audit.kinds import Kind
from apps.audit.models import Event
from apps.gateway import switches
from apps.gateway.models import Execution, KillSwitch, State
from apps.gateway.operations import attempt, grants
from apps.gateway.operations.outcome import MAX_ATTEMPTS
from apps.gateway.switches import InvalidSwitch
from apps.proposals import operations as proposals
from apps.proposals.operations import effect
from tests.factories.proposals import propose

NOBODY = "00000000-0000-4000-8000-000000000000"  # no agent and no connector

pytestmark = pytest.mark.django_db


@pytest.fixture
def stop(workspace, now):
    """Engage a switch of the workspace."""

    def engage(scope: str, target: str = "", *, place=workspace) -> KillSwitch:
        return switches.engage(
            workspace=place, scope=scope, target=target, reason="test", by="user:x", now=now
        )

    return engage


@pytest.fixture
def due(cast, policy, connector, workspace, now):
    """One execution that waits for its turn."""
    propose(workspace, "5", now=now)
    return Execution.objects.get()


def run(now) -> str:
    """Let a worker look; where the only execution stands then."""
    proposals.execute(worker="w", clock=lambda: now)
    return Execution.objects.get().state


@pytest.mark.parametrize("scope", ["workspace", "action", "connector", "agent"])
def test_what_is_in_scope_is_not_called_until_released(due, stop, now, scope):
    """It stays due, its grant unused, and is called after the release."""
    agent_id = uuid4()
    Execution.objects.update(agent_id=agent_id)
    targets = {"action": due.action, "connector": str(due.connector_id), "agent": str(agent_id)}
    switch = stop(scope, targets.get(scope, ""))
    assert run(now) == State.DUE
    assert switches.is_stopped(due)
    assert switches.release(switch=switch, by="user:y", now=now)
    assert run(now) == State.DONE


@pytest.mark.parametrize(("scope", "target"), [("action", "refund_payment"), ("agent", NOBODY)])
def test_what_is_out_of_scope_goes_on(due, stop, now, scope, target):
    """Another action or agent is not stopped."""
    stop(scope, target)
    assert run(now) == State.DONE


def test_another_workspace_goes_on(due, stop, elsewhere, now):
    """A switch holds in its own workspace only."""
    stop("workspace", place=elsewhere)
    assert run(now) == State.DONE


def test_a_switch_engaged_after_the_claim_is_seen_with_the_intent(due, stop, now, monkeypatch):
    """Claimed already, not begun: it is due again, as if never taken."""
    claim = effect.gateway.claim

    def claim_then_stop(**options):
        claimed = claim(**options)
        stop("workspace")
        return claimed

    monkeypatch.setattr(effect.gateway, "claim", claim_then_stop)
    assert run(now) == State.DUE
    row = Execution.objects.get()
    assert (row.attempts, row.deliveries, row.worker) == (0, 0, "")
    assert row.grants.get().consumed_at is None


def test_a_switch_engaged_after_the_intent_is_seen_before_anything_is_sent(
    due, stop, now, monkeypatch
):
    """Surely not called: due again in its place, with its permission back, and no attempt."""
    stop_after_the_intent(stop, monkeypatch)
    assert run(now) == State.DUE
    row = Execution.objects.get()
    assert (row.attempts, row.error, row.not_before) == (0, attempt.STOPPED, due.not_before)
    assert row.grants.filter(consumed_at=None).count() == 1


def stop_after_the_intent(stop, monkeypatch):
    """Have every intent be followed by a switch before anything is sent."""
    begin = attempt.begin

    def begin_then_stop(*args, **options):
        begun = begin(*args, **options)
        stop("workspace")
        return begun

    monkeypatch.setattr(attempt, "begin", begin_then_stop)
    monkeypatch.setattr(attempt, "LOOK_AGAIN_SECONDS", 0)


def test_however_often_it_is_stopped_it_is_called_after_the_last_release(
    due, stop, now, monkeypatch, workspace
):
    """No limit of attempts counts what was no call; only the permission's own end is one."""
    stop_after_the_intent(stop, monkeypatch)
    for _ in range(2 * MAX_ATTEMPTS):
        assert run(now) == State.DUE
        switches.release(switch=switches.engaged(workspace.pk).get(), by="user:y", now=now)
    monkeypatch.undo()
    assert run(now) == State.DONE
    assert Execution.objects.get().attempts == 1


def test_what_was_stopped_keeps_its_place(due, stop, now, monkeypatch, workspace):
    """After the release it goes before what came after it."""
    stop_after_the_intent(stop, monkeypatch)
    run(now)
    monkeypatch.undo()
    propose(workspace, "6", now=now)
    switches.release(switch=switches.engaged(workspace.pk).get(), by="user:y", now=now)
    proposals.execute(worker="w", clock=lambda: now, limit=1)
    assert Execution.objects.get(state=State.DONE).pk == due.pk


def test_what_is_stopped_beyond_its_permission_goes_back_to_people(due, stop, now, workspace):
    """The grant's own deadline holds while a switch does, and is not lengthened by it."""
    switch = stop("workspace")
    after = now + timedelta(seconds=settings.GATEWAY_GRANT_SECONDS)
    assert run(after) == State.DUE
    switches.release(switch=switch, by="user:y", now=after)
    assert run(after) == State.STALE
    assert Execution.objects.get().error == grants.EXPIRED


@pytest.mark.parametrize(
    ("scope", "target", "words"),
    [
        ("workspace", "x", "no target"),
        ("action", "fly", "no action"),
        ("connector", NOBODY, "No connector"),
        ("connector", "shop", "not the id"),
        ("planet", "", "cannot be stopped"),
    ],
)
def test_a_switch_that_stops_nothing_is_refused(stop, scope, target, words):
    """A mistyped target would give false safety."""
    with pytest.raises(InvalidSwitch, match=words):
        stop(scope, target)
    assert not KillSwitch.objects.exists()


def test_a_reason_is_needed(workspace, now):
    """Whoever releases it wants to know."""
    with pytest.raises(InvalidSwitch, match="why"):
        switches.engage(
            workspace=workspace, scope="workspace", target="", reason=" ", by="x", now=now
        )


def test_engaging_and_releasing_twice_are_one_each(stop, workspace, now):
    """The second engages nothing new, the second release says so; one event each."""
    assert stop("workspace") == stop("workspace")
    switch = switches.engaged(workspace.pk).get()
    assert switches.release(switch=switch, by="user:y", now=now)
    assert not switches.release(switch=switch, by="user:y", now=now)
    kinds = list(Event.objects.filter(subject_kind="switch").values_list("kind", flat=True))
    assert sorted(kinds) == [Kind.SWITCH_ENGAGED, Kind.SWITCH_RELEASED]


@pytest.mark.parametrize(
    ("spans", "hours"),
    [
        ([], 0),
        ([("workspace", 2, 5)], 3),
        ([("workspace", -9, 5)], 5),  # engaged before
        ([("workspace", 2, None)], 8),  # engaged still
        ([("workspace", -9, -1), ("workspace", 11, 12)], 0),  # before and after
        ([("workspace", 1, 4), ("agent", 2, 6)], 5),  # overlapping
        ([("workspace", 1, 8), ("agent", 2, 3)], 7),  # one within the other
        ([("agent", 1, 2), ("workspace", 4, 6)], 3),  # apart
        ([("action", 1, 9), ("another agent", 1, 9), ("another workspace", 1, 9)], 0),
    ],
)
def test_how_long_an_agent_was_held(workspace, elsewhere, now, spans, hours):
    """By its own switch and those for everything, counted once, within the ten hours asked about."""
    agent = uuid4()
    kinds = {"workspace": ("workspace", ""), "agent": ("agent", str(agent)),
             "action": ("action", "set_price"), "another agent": ("agent", str(uuid4())),
             "another workspace": ("workspace", "")}  # fmt: skip
    for kind, begin, end in spans:
        scope, target = kinds[kind]
        KillSwitch.objects.create(
            workspace=elsewhere if kind == "another workspace" else workspace,
            scope=scope, target=target, reason="test", engaged_by="user:x",
            engaged_at=now + timedelta(hours=begin),
            released_by="" if end is None else "user:x",
            released_at=None if end is None else now + timedelta(hours=end),
        )  # fmt: skip
    held = switches.held(
        workspace_id=workspace.pk, agent_id=agent, since=now, now=now + timedelta(hours=10)
    )
    assert held == timedelta(hours=hours)
