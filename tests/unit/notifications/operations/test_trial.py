"""A test that a person asks for."""

from datetime import timedelta

import pytest
from django.core import mail

from apps.notifications import operations
from apps.notifications.models import Notice
from apps.notifications.operations import NoWay, TooSoon
from tests.unit.notifications.conftest import deliver

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_takes_the_way_every_notice_takes(cast, workspace, now):
    """By mail for somebody who has chosen nothing, quiet hours or not."""
    assert operations.send_test(user=cast.rita, workspace_id=workspace.pk, now=now) == 1
    deliver(now)
    [told] = mail.outbox
    assert told.subject.startswith("[AIOS] This is a test")
    assert told.to == [cast.rita.email]


def test_it_goes_to_every_place_that_was_chosen(cast, workspace, choose, channel, receiver, now):
    """Mail and a channel."""
    choose(cast.rita, channel())
    assert operations.send_test(user=cast.rita, workspace_id=workspace.pk, now=now) == 2
    deliver(now)
    assert (len(mail.outbox), len(receiver.requests)) == (1, 1)


def test_not_twice_in_a_moment(cast, workspace, now):
    """Nobody floods a mailbox with it."""
    operations.send_test(user=cast.rita, workspace_id=workspace.pk, now=now)
    with pytest.raises(TooSoon):
        operations.send_test(user=cast.rita, workspace_id=workspace.pk, now=now)
    later = now + timedelta(seconds=11)
    operations.send_test(user=cast.rita, workspace_id=workspace.pk, now=later)
    assert Notice.objects.count() == 2


def test_not_for_who_chose_no_way(cast, workspace, choose, now):
    """It says what to do."""
    choose(cast.rita, by_mail=False)
    with pytest.raises(NoWay, match="Choose mail or a channel"):
        operations.send_test(user=cast.rita, workspace_id=workspace.pk, now=now)
