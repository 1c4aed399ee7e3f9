"""Receivers on this machine, and a workspace in which something waits."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from apps.accounts.models import User, Workspace
from apps.audit.operations import sequence
from apps.notifications import operations
from apps.notifications.models import Channel, Notice
from apps.notifications.operations import Wish
from tests.conftest import Cast
from tests.factories.receivers import Mailbox, Receiver, http_receiver, smtp_mailbox, use_mailbox


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    """A receiver on this machine, which the installation allows here."""
    settings.OUTBOUND_LOOPBACK = True
    with http_receiver() as started:
        yield started


@pytest.fixture
def mailbox(settings) -> Iterator[Mailbox]:
    """A real SMTP server, which Django's mail goes to."""
    with smtp_mailbox() as started:
        use_mailbox(settings, started)
        yield started


@pytest.fixture
def world(cast: Cast, connector, policy) -> Cast:
    """The cast with a connector and a policy: proposals between 10 and 1000 wait."""
    return cast


@pytest.fixture
def choose(workspace: Workspace, now: datetime) -> Callable[..., None]:
    """Have a person told like this; at once, unless something else is asked for."""

    def keep(user: User, *channels: Channel, **wish: Any) -> None:
        everything = {"kinds": ["waiting", "returned", "due", "claimed", "needs_person", "failed",
                                "stopped", "away"], "by_mail": True, "rhythm": "at_once",
                      "channel_ids": [channel.pk for channel in channels]}  # fmt: skip
        operations.set_preference(
            user=user, workspace=workspace, wish=Wish(**(everything | wish)), now=now
        )

    return keep


@pytest.fixture
def channel(workspace: Workspace, receiver: Receiver, now: datetime) -> Callable[..., Channel]:
    """Make a channel that leads to the receiver."""

    def make(kind: str = "webhook", **options: Any) -> Channel:
        secret = SECRET if kind == "webhook" else f"{receiver.url}/T0/B0/canary"
        given = {"name": kind, "address": receiver.url, "secret": secret, **options}
        return operations.configure_channel(
            workspace=workspace, kind=kind, by="test", now=now, **given
        )

    return make


SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def read(now: datetime) -> list[Notice]:
    """Number and read the log; the notices there are."""
    sequence()
    while operations.notify(now=now):
        pass
    return list(Notice.objects.order_by("pk"))


def deliver(now: datetime) -> int:
    """Send what is due then."""
    return operations.deliver(clock=lambda: now)


@pytest.fixture
def only_rita(world, choose):
    """Nobody but Rita is told of anything, by mail and at once."""
    for user in (world.olga, world.otto, world.jun):
        choose(user, by_mail=False)
    choose(world.rita)
    return world.rita


def states():
    """How many notices there are in each state."""
    found = list(Notice.objects.values_list("state", flat=True))
    return {state: found.count(state) for state in set(found)}


def waiting(now):
    """Read the log, and leave the reminders that are due later out of account."""
    read(now)
    Notice.objects.filter(kind="due").delete()
