"""What became of an attempt: when it is tried again, what is written, and what is told of it."""

import hashlib
import logging
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.conf import settings

from apps.audit.models import Event
from apps.gateway.connectors.base import Receipt
from apps.gateway.errors import Refused, Stopped, Throttled, Unreachable
from apps.gateway.models import Execution, Grant, State
from apps.gateway.operations import grants, outcome
from apps.gateway.operations.outcome import AWAY, MAX_ATTEMPTS, SOONEST, Outcome
from tests.factories.proposals import propose

NOW = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
SECOND = timedelta(seconds=1)
RECEIPT = Receipt(reference="R-1", after={"a": 2})
SLOW = Throttled("slow", pause=SECOND * 40)


def execution(**fields):
    return Execution(pk=uuid4(), worker="w", subject_id=uuid4(), workspace_id=uuid4(), **fields)


@pytest.mark.parametrize(
    ("error", "sent", "probing", "held"),
    [
        (Stopped("s"), True, False, True),
        (SLOW, True, False, True),
        (Unreachable("away"), False, False, True),
        (Unreachable("away"), True, True, True),
        (Unreachable("away"), True, False, False),
        (Refused("no"), False, True, False),
        (ValueError("odd"), False, True, False),
    ],
)
def test_what_is_held_back_is_no_attempt(error, sent, probing, held):
    """A switch, a rate, a breaker, or nobody there before anything was sent."""
    assert outcome.is_held(error, sent=sent, probing=probing) is held


@pytest.mark.parametrize(
    ("error", "probing", "until"),
    [
        (Stopped("s"), False, None),
        (Stopped("s"), True, None),
        (Unreachable("away"), True, None),
        (Unreachable("away"), False, NOW + AWAY),
        (SLOW, False, NOW + SECOND * 40),
        (SLOW, True, NOW + SECOND * 40),
        (Throttled("soon", pause=SECOND / 10), False, NOW + SOONEST),
    ],
)
def test_how_long_it_is_held_back(error, probing, until):
    """As long as the back end asks; a switch and a breaker have an end of their own."""
    assert outcome.held_until(error, probing=probing, now=NOW) == until


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(0, 2), (1, 2), (2, 4), (3, 8), (MAX_ATTEMPTS - 1, 16)]
)
def test_pauses_double(attempts, seconds):
    """From two seconds on, also for what was never counted."""
    found = outcome.later(execution(attempts=attempts), "no answer", now=NOW)
    assert (found.state, found.error) == (State.DUE, "no answer")
    assert found.retry_at == NOW + SECOND * seconds


@pytest.mark.parametrize("attempts", [MAX_ATTEMPTS, MAX_ATTEMPTS + 1])
def test_after_so_many_a_person_is_asked(attempts):
    """Nobody tries for ever."""
    found = outcome.later(execution(attempts=attempts), "no answer", now=NOW)
    assert (found.state, found.retry_at) == (State.NEEDS_PERSON, None)


def test_waiting_holding_back_and_doubting():
    """What each says of the next attempt, and of the count of attempts."""
    call = execution(attempts=2)
    waiting = outcome.wait(call, "away", now=NOW)
    assert (waiting.state, waiting.retry_at, waiting.uncounted) == (State.DUE, NOW + AWAY, 0)
    assert outcome.wait(call, "away", now=NOW, pause=SECOND).retry_at == NOW + SECOND
    held = outcome.hold_back(call, "stopped", until=NOW)
    assert (held.state, held.retry_at, held.uncounted) == (State.DUE, NOW, 1)
    assert outcome.hold_back(call, "stopped").retry_at is None
    doubted = outcome.doubt(call, "no word", now=NOW)
    assert doubted.state == State.UNKNOWN
    assert doubted.retry_at == NOW + SECOND * settings.GATEWAY_DOUBT_SECONDS


@pytest.mark.parametrize("state", list(State))
def test_only_an_end_has_a_time(state):
    """An attempt that goes on is not finished."""
    row = Outcome(execution=execution(), state=state).row(NOW)
    assert row["finished_at"] == (NOW.isoformat() if state in outcome.ENDS else None)
    assert (row["reference"], row["receipt"], row["retry_at"]) == ("", None, None)
    assert (row["deliveries"], row["uncounted"]) == (0, 0)


def test_a_row_has_what_the_database_takes():
    """No NUL in a text; the receipt as JSON; the time as text."""
    row = Outcome(
        execution=execution(), state=State.DONE, error="a\0b", receipt=RECEIPT, retry_at=NOW,
        deliveries=2, uncounted=1,
    ).row(NOW)  # fmt: skip
    assert (row["error"], row["reference"], row["retry_at"]) == ("a b", "R-1", NOW.isoformat())
    assert row["receipt"]["after"] == {"a": 2}
    assert (row["worker"], row["deliveries"], row["uncounted"]) == ("w", 2, 1)


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (State.DONE, "execution.finished"), (State.REFUSED, "execution.finished"),
        (State.NEEDS_PERSON, "execution.finished"), (State.PARKED, "execution.parked"),
        (State.STALE, "execution.stale"), (State.UNKNOWN, "execution.unknown"),
    ],
)  # fmt: skip
def test_each_end_has_its_event(state, kind):
    """With a long error cut, and the proof as its digest."""
    call = execution(attempts=3, action="set_price", key="k")
    event = outcome.attempted(
        Outcome(execution=call, state=state, error="e" * 301, receipt=RECEIPT)
    )
    assert event.kind == kind
    assert (event.outcome, event.attempt, event.reference) == (state, 3, "R-1")
    assert event.error == "e" * 300
    assert len(event.answer) == 64
    without = outcome.attempted(Outcome(execution=call, state=state))
    assert (without.reference, without.answer) == ("", "")


def test_the_digest_is_of_canonical_json():
    """Whatever the order of the fields."""
    assert outcome.digest({"b": 1, "a": 2}) == outcome.digest({"a": 2, "b": 1})
    assert outcome.digest({"a": 2}) == hashlib.sha256(b'{"a":2}').hexdigest()


@pytest.fixture
def calling(cast, policy, connector, workspace, now):
    """Executions a worker `w` is calling, their grants used."""

    def make(count: int) -> list[Execution]:
        for _ in range(count):
            propose(workspace, "5", now=now)
        found = list(Execution.objects.order_by("id"))
        grants.consume(found, now=now)
        Execution.objects.update(worker="w", state=State.CALLING, attempts=1)
        return list(Execution.objects.order_by("id"))

    return make


@pytest.mark.django_db
class TestWriting:
    """One statement, with the events of what took place."""

    def test_nothing_is_nothing(self, django_assert_num_queries, now):
        """Not even a statement."""
        with django_assert_num_queries(0):
            outcome.write([], now=now)

    def test_an_end_is_told_and_keeps_its_grant_used(self, calling, now):
        """Done: one event, no permission comes back."""
        [call] = calling(1)
        outcome.finish([Outcome(execution=call, state=State.DONE, receipt=RECEIPT)], now=now)
        call.refresh_from_db()
        assert (call.state, call.reference, call.finished_at) == (State.DONE, "R-1", now)
        assert Event.objects.filter(kind="execution.finished").count() == 1
        assert not Grant.objects.filter(consumed_at=None).exists()

    def test_what_is_due_again_is_not_told_and_gets_its_permission_back(self, calling, now):
        """A second grant for what was begun; none for what never was."""
        begun, fresh = calling(2)
        fresh.attempts = 0
        outcomes = [
            Outcome(execution=call, state=State.DUE, retry_at=now) for call in (begun, fresh)
        ]
        outcome.finish(outcomes, now=now)
        open_grants = Grant.objects.filter(consumed_at=None)
        assert [grant.execution_id for grant in open_grants] == [begun.pk]
        assert not Event.objects.filter(kind__startswith="execution.finished").exists()

    def test_an_attempt_that_does_not_count_is_taken_back(self, calling, now):
        """Never below none."""
        [call] = calling(1)
        outcome.finish([outcome.hold_back(call, "stopped")], now=now)
        call.refresh_from_db()
        assert (call.attempts, call.state) == (0, State.DUE)
        Execution.objects.update(worker="w", state=State.CALLING)
        call.refresh_from_db()
        outcome.finish([outcome.hold_back(call, "stopped")], now=now)
        call.refresh_from_db()
        assert call.attempts == 0

    @pytest.mark.parametrize("late", [{"worker": "other"}, {"state": State.REFUSED}])
    def test_what_comes_late_changes_nothing(self, calling, now, caplog, late):
        """Somebody else holds it: no row, no event, no permission, one line in the log."""
        mine, taken = calling(2)
        Execution.objects.filter(pk=taken.pk).update(**late)
        with caplog.at_level(logging.WARNING, logger=outcome.__name__):
            outcome.finish(
                [Outcome(execution=mine, state=State.REFUSED),
                 Outcome(execution=taken, state=State.DUE)], now=now,
            )  # fmt: skip
        taken.refresh_from_db()
        assert {name: getattr(taken, name) for name in late} == late
        assert [str(taken.pk) in line for line in caplog.messages] == [True]
        assert not Grant.objects.filter(execution=taken, consumed_at=None).exists()
        told = Event.objects.filter(kind="execution.finished").values_list("subject_id", flat=True)
        assert list(told) == [str(mine.pk)]


@pytest.mark.django_db
class TestReporting:
    """Each end is reported once."""

    def test_each_is_taken_once_oldest_first(self, calling):
        """At most so many, only in the states asked for."""
        first, second, third = calling(3)
        Execution.objects.filter(pk__in=[first.pk, third.pk]).update(state=State.REFUSED)
        assert outcome.take_finished(states=[State.REFUSED], limit=1) == [first]
        assert outcome.take_finished(states=[State.REFUSED], limit=5) == [third]
        assert outcome.take_finished(states=[State.REFUSED], limit=5) == []
        second.refresh_from_db()
        assert not second.reported

    def test_one_caller_reports(self, calling):
        """The second is told that it is done."""
        [call] = calling(1)
        assert [outcome.mark_reported(call) for _ in range(2)] == [True, False]

    def test_what_is_put_off_stands_behind_the_others(self, calling, now):
        """Only the one that was looked at."""
        mine, other = calling(2)
        before = other.not_before
        outcome.put_off(mine, now=now)
        for row in (mine, other):
            row.refresh_from_db()
        assert (mine.not_before, other.not_before) == (now + AWAY, before)
