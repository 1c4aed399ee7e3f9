"""Channels: what can be one, and a secret that never comes out."""

import pytest

from apps.audit.models import Event, Payload
from apps.notifications import operations
from apps.notifications.models import Channel
from apps.notifications.operations import InvalidChannel
from apps.notifications.operations.channels import secrets_of
from tests.unit.notifications.conftest import SECRET

pytestmark = pytest.mark.django_db
ANOTHER = "whsec_YW5vdGhlciBzZWNyZXQgb2YgMzIgYnl0ZXMgaGVyZSE="


@pytest.fixture
def make(workspace, now):
    """Configure a webhook, with these changes."""

    def configure(**changes):
        given = {"name": "hook", "kind": "webhook", "secret": SECRET,
                 "address": "https://hooks.example.com/a", "kinds": ["waiting"]}  # fmt: skip
        return operations.configure_channel(
            workspace=workspace, by="user:1", now=now, **(given | changes)
        )

    return configure


def recorded():
    """The fields of the events about channels, in order."""
    events = Event.objects.filter(kind="channel.changed").order_by("id")
    return [Payload.objects.get(event_id=event.pk).fields for event in events]


def test_a_secret_is_kept_encrypted_and_in_no_event(make, now):
    """An empty one keeps what there is."""
    channel = make()
    make(secret="", minimum_risk="high")
    channel.refresh_from_db()
    assert SECRET.encode() not in bytes(channel.sealed)
    assert secrets_of(channel, now=now) == (SECRET,)
    first, second = recorded()
    assert SECRET not in str([first, second])
    assert (first["secret_replaced"], second["secret_replaced"]) == (True, False)
    assert (second["before"], second["after"]) == (
        {"minimum_risk": "low"},
        {"minimum_risk": "high"},
    )


def test_what_changes_nothing_is_not_recorded(make):
    """The same again."""
    make()
    make()
    assert len(recorded()) == 1


def test_a_chats_address_is_its_secret(make, now):
    """Only its host is kept in the clear."""
    url = "https://hooks.slack.com/services/T0/B0/canary"
    channel = make(kind="slack", address="", secret=url)
    assert channel.address == "https://hooks.slack.com/…"
    assert secrets_of(channel, now=now) == (url,)
    make(kind="slack", address="", secret="")
    channel.refresh_from_db()
    assert channel.address == "https://hooks.slack.com/…"
    assert "canary" not in str(recorded())


@pytest.mark.parametrize(("field", "changes"), [
    ("kind", {"kind": "fax"}),
    ("address", {"address": "https://10.0.0.1/"}),
    ("address", {"address": "http://hooks.example.com/"}),
    ("address", {"address": "https://user:pass@hooks.example.com/"}),
    ("address", {"kind": "mail", "address": "a@example.com, b@example.com"}),
    ("address", {"kind": "mail", "address": "a@example.com\nBcc: b@example.com"}),
    ("secret", {"secret": ""}),
    ("secret", {"secret": "whsec_c2hvcnQ="}),
    ("secret", {"kind": "slack", "secret": ""}),
    ("secret", {"kind": "slack", "secret": "https://169.254.169.254/"}),
    ("kinds", {"kinds": ["weather"]}),
    ("kinds", {"kinds": ["claimed"]}),
    ("minimum_risk", {"minimum_risk": "none"}),
])  # fmt: skip
def test_what_could_never_be_sent_to_is_refused(make, field, changes, settings):
    """With the field it is about, and nothing is kept."""
    settings.OUTBOUND_ALLOW = ()
    with pytest.raises(InvalidChannel) as caught:
        make(**changes)
    assert caught.value.field == field
    assert not Channel.objects.exists()
    assert recorded() == []


def test_a_channel_of_another_kind_needs_a_secret_of_its_own(make, now):
    """A chat's URL signs nothing, a signing secret leads nowhere: neither is kept, also not as
    the earlier one that signs for a day."""
    url = "https://hooks.slack.com/services/T0/B0/canary"
    make(kind="slack", address="", secret=url)
    with pytest.raises(InvalidChannel) as caught:
        make(secret="")
    assert caught.value.field == "secret"
    channel = make()
    assert secrets_of(channel, now=now) == (SECRET,)
    with pytest.raises(InvalidChannel):
        make(kind="slack", address="", secret="")
    make(kind="mail", address="ops@example.com", secret="")
    assert secrets_of(Channel.objects.get(), now=now) == ()
    assert "canary" not in str(recorded())


def test_another_host_needs_a_secret_of_its_own(make, now):
    """Who may configure does not learn what the shared secret signs; another path is no matter."""
    make()
    make(address="https://hooks.example.com/b", secret="")
    with pytest.raises(InvalidChannel) as caught:
        make(address="https://hooks.evil.test/a", secret="")
    assert caught.value.field == "secret"
    assert Channel.objects.get().address == "https://hooks.example.com/b"
    channel = make(address="https://hooks.evil.test/a", secret=ANOTHER)
    assert secrets_of(channel, now=now) == (ANOTHER,)
