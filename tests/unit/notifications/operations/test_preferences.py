"""What a member wants to be told: kept as a whole, or refused with every reason."""

from datetime import time
from uuid import uuid4

import pytest

from apps.notifications import operations, queries
from apps.notifications.models import Preference, all_kinds
from apps.notifications.operations import InvalidPreference, Wish

pytestmark = pytest.mark.django_db


def test_without_a_word_from_them_the_defaults_hold(cast, workspace):
    """All kinds by mail, together every few minutes; no row is written by looking."""
    found = queries.preference_of(cast.rita, workspace.pk)
    assert (found.kinds, found.by_mail, found.rhythm) == (all_kinds(), True, "minutes")
    assert not Preference.objects.exists()


def test_the_last_word_holds(cast, workspace, now):
    """One row each, changed in place."""
    for zone in ("Europe/Berlin", "Asia/Tokyo"):
        wish = Wish(kinds=["waiting"], by_mail=False, time_zone=zone)
        operations.set_preference(user=cast.rita, workspace=workspace, wish=wish, now=now)
    found = Preference.objects.get()
    assert (found.kinds, found.by_mail, found.time_zone) == (["waiting"], False, "Asia/Tokyo")


@pytest.mark.parametrize(("field", "wrong"), [
    ("kinds", {"kinds": ["weather"]}), ("kinds", {"kinds": ["test"]}),
    ("minimum_risk", {"minimum_risk": "none"}), ("rhythm", {"rhythm": "never"}),
    ("every_minutes", {"every_minutes": 0}), ("every_minutes", {"every_minutes": 1441}),
    ("quiet_until", {"quiet_from": time(22)}),
    ("quiet_until", {"quiet_from": time(22), "quiet_until": time(22)}),
    ("time_zone", {"time_zone": "Mars/Olympus"}), ("time_zone", {"time_zone": "../etc/passwd"}),
    ("channels", {"channel_ids": [uuid4()]}),
])  # fmt: skip
def test_what_makes_no_sense_is_refused(cast, workspace, now, field, wrong):
    """With the field and what to do; nothing is kept."""
    given = {"kinds": ["waiting"], "by_mail": True} | wrong
    with pytest.raises(InvalidPreference) as caught:
        operations.set_preference(user=cast.rita, workspace=workspace, wish=Wish(**given), now=now)
    assert [error["field"] for error in caught.value.errors] == [field]
    assert not Preference.objects.exists()


def test_another_workspaces_channel_cannot_be_chosen(cast, workspace, elsewhere, now):
    """As if it did not exist."""
    theirs = operations.configure_channel(
        workspace=elsewhere, name="theirs", kind="mail", address="m@example.com", secret="",
        by="test", now=now,
    )  # fmt: skip
    wish = Wish(kinds=[], by_mail=True, channel_ids=[theirs.pk])
    with pytest.raises(InvalidPreference):
        operations.set_preference(user=cast.rita, workspace=workspace, wish=wish, now=now)
