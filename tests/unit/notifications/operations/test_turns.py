"""Whose turn a message is: taken once, tried again, given up in sight, forgotten in the end."""

from datetime import time, timedelta

import pytest
from django.core import mail

from apps.audit.models import Event
from apps.notifications import operations
from apps.notifications.models import Channel, Notice
from apps.notifications.operations.deliver import LEASE, take
from apps.notifications.operations.outcome import MOST_ATTEMPTS, OLDEST, finish
from tests.factories.proposals import propose
from tests.unit.notifications.conftest import deliver, read, states, waiting

pytestmark = pytest.mark.django_db(transaction=True)


class TestTakingTurns:
    def test_a_message_is_taken_once_while_its_lease_holds(self, only_rita, workspace, now):
        """Who died with it holds it until the lease lapses; then it is the same message."""
        propose(workspace, "100", now=now)
        waiting(now)
        first = take(now=now)
        assert take(now=now) is None
        again = take(now=now + LEASE)
        assert again.head.pk == first.head.pk
        assert again.head.attempts == 2

    def test_a_late_end_of_a_lost_lease_changes_nothing(self, only_rita, workspace, now):
        """The one who has it now says what became of it."""
        propose(workspace, "100", now=now)
        waiting(now)
        late = take(now=now)
        take(now=now + LEASE)
        finish(late.head, late.notices, set(), now=now)
        assert states() == {"queued": 1}

    def test_what_never_works_is_given_up(self, world, workspace, channel, receiver, now):
        """After so many tries, with one event, and in sight."""
        made = channel(kinds=["waiting"])
        propose(workspace, "100", now=now)
        read(now)
        Notice.objects.exclude(channel=made).delete()
        receiver.status, at = 500, now
        for _ in range(MOST_ATTEMPTS):
            deliver(at)
            at = Channel.objects.get().retry_at
        assert at < now + OLDEST
        assert states() == {"failed": 1}
        assert Event.objects.filter(kind="notice.failed").count() == 1
        assert len({headers["webhook-id"] for headers, _ in receiver.requests}) == 1

    def test_what_a_receiver_puts_off_is_no_try(self, world, workspace, channel, receiver, now):
        """However often it is too busy, until the notice is too old; then it is given up."""
        made = channel(kinds=["waiting"])
        propose(workspace, "100", now=now)
        read(now)
        Notice.objects.exclude(channel=made).delete()
        receiver.status, receiver.headers, at = 429, {"Retry-After": "0"}, now
        for _ in range(2 * MOST_ATTEMPTS):
            assert deliver(at) == 1  # not again at once, whatever it asks
            at = Channel.objects.get().retry_at
        assert states() == {"queued": 1}
        assert Notice.objects.get().attempts == 0
        Notice.objects.update(created_at=now - OLDEST)
        deliver(at)
        assert states() == {"failed": 1}

    def test_one_that_cannot_be_made_holds_nobody_up(
        self, only_rita, world, workspace, choose, now
    ):
        """A broken row fails alone."""
        choose(world.jun)
        propose(workspace, "15", now=now)
        waiting(now)
        Notice.objects.filter(recipient=world.jun).update(kind="unheard-of")
        deliver(now)
        assert [told.to for told in mail.outbox] == [[only_rita.email]]

    def test_quiet_hours_that_began_since_are_kept(self, only_rita, workspace, choose, now):
        """It comes when they end."""
        propose(workspace, "100", now=now)
        waiting(now)
        choose(only_rita, quiet_from=time(9), quiet_until=time(10))
        deliver(now)
        assert mail.outbox == []
        deliver(now + timedelta(hours=1))
        assert len(mail.outbox) == 1


def test_what_ended_long_ago_is_forgotten(only_rita, workspace, now):
    """A month after it ended; what is queued stays."""
    propose(workspace, "100", now=now)
    waiting(now)
    deliver(now)
    propose(workspace, "100", now=now)
    waiting(now)
    assert operations.forget(now=now + timedelta(days=29)) == 0
    assert operations.forget(now=now + timedelta(days=31)) == 1
    assert states() == {"queued": 1}
