"""Notices survive kill -9 between being taken and being sent, and receivers that go away.

A webhook comes at least once and always under the same id, so a receiver that keeps ids sees each
once. Mail has no such thing: it comes at least once and may come twice, under one Message-ID.
The controls note a message as sent before it is, and make an id anew on each try: they have to
lose and to double, or the harness could see neither.
"""

import random
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from importlib import import_module
from itertools import cycle

import pytest

from apps.audit import bell, failpoints
from apps.audit.operations import sequence
from apps.gateway.errors import ConnectorError
from apps.notifications import operations
from apps.notifications.models import Channel, Notice, Preference
from apps.notifications.operations.deliver import LEASE
from apps.notifications.operations.outcome import finish
from tests.factories.proposals import propose
from tests.factories.receivers import Mailbox, Receiver, http_receiver, smtp_mailbox, use_mailbox
from tests.reliability.forks import Process, run_together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800)]

delivery = import_module("apps.notifications.operations.deliver")  # its name is a function's, too
POINTS = ["before_notices", "after_notice_taken", "after_notice_sent"]
CI_RUNS = 60
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def runs(request) -> int:
    """How many processes are killed."""
    return request.config.getoption("--runs") or CI_RUNS


@pytest.fixture(autouse=True)
def _silence(monkeypatch) -> None:
    """No message gets through, so that only the sweep helps."""
    monkeypatch.setattr(bell, "_quiet_until", float("inf"))


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    """A receiver of webhooks."""
    settings.OUTBOUND_LOOPBACK = True
    with http_receiver() as started:
        yield started


@pytest.fixture
def mailbox(settings) -> Iterator[Mailbox]:
    """A mailbox."""
    with smtp_mailbox() as started:
        use_mailbox(settings, started)
        yield started


@pytest.fixture
def hook(cast, workspace, connector, policy, receiver, now) -> Channel:
    """A webhook told of everything that waits; people are told nothing."""
    for user in (cast.olga, cast.otto, cast.rita, cast.jun):
        Preference.objects.create(workspace=workspace, user=user, by_mail=False)
    return operations.configure_channel(
        workspace=workspace, name="hook", kind="webhook", address=receiver.url, secret=SECRET,
        kinds=["waiting"], by="test", now=now,
    )  # fmt: skip


def work(at: datetime) -> None:
    """What one worker does: read the log, send what is due."""
    sequence()
    while operations.notify(now=at):
        pass
    operations.deliver(clock=lambda: at)


def live(
    workspace, runs: int, now: datetime, do: Callable[[datetime], None] = work
) -> tuple[int, datetime]:
    """A proposal each run, and two workers of which one is killed; then the sweep.

    How many were killed, and the time it has become.
    """
    died, at = 0, now
    for point, _ in zip(cycle(POINTS), range(runs), strict=False):
        propose(workspace, "100", now=at)
        killed = Process(do=lambda at=at: do(at), dies_at=point)
        died += sum(run_together(killed, Process(do=lambda at=at: do(at))))
        at += LEASE + timedelta(seconds=1)
        work(at)
    return died, at


def count_lost(seen: Counter[str], runs: int) -> int:
    """Messages that never came."""
    return runs - len(seen)


def test_a_webhook_is_never_lost_and_keeps_its_id(workspace, hook, receiver, runs, now, say):
    """Each proposal is told at least once, under one id however often it was tried."""
    died, _ = live(workspace, runs, now)
    seen = Counter(receiver.ids)
    lost, again = count_lost(seen, runs), seen.total() - len(seen)
    say(f"notices: {runs} runs, {died} killed, lost {lost}, {again} came again under the same id")
    assert died >= runs // 3
    assert (lost, len(seen)) == (0, runs)
    assert set(Notice.objects.values_list("state", flat=True)) == {"sent"}
    assert again >= 1  # after_notice_sent really was in between


def test_a_mail_is_never_lost_and_may_come_twice(
    cast, workspace, connector, policy, mailbox, runs, now, say
):
    """Honestly: the server took it, and the worker died before it could note that."""
    for user in (cast.olga, cast.otto, cast.jun):
        Preference.objects.create(workspace=workspace, user=user, by_mail=False)
    Preference.objects.create(
        workspace=workspace, user=cast.rita, rhythm="at_once", kinds=["waiting"]
    )
    died, _ = live(workspace, runs // 2, now)
    seen = Counter(str(told["Message-ID"]) for told in mailbox.mails)
    say(f"notices: {runs // 2} mails, {died} killed, lost {count_lost(seen, runs // 2)}, "
        f"{seen.total() - len(seen)} came twice")  # fmt: skip
    assert count_lost(seen, runs // 2) == 0


def test_a_receiver_that_goes_and_comes_back_misses_nothing(
    workspace, hook, receiver, runs, now, say
):
    """Errors, hang-ups and overload for hours, with new notices all the while."""
    chance, at = random.Random(4), now
    for _ in range(runs):
        receiver.status = chance.choice([204, 503, 500, 429, 0, 0])
        propose(workspace, "100", now=at)
        work(at)
        at += timedelta(minutes=chance.choice([0, 1, 5]))
    tries = len(receiver.ids)
    receiver.status = 204
    for _ in range(40):
        at += timedelta(minutes=10)
        work(at)
    seen = Counter(receiver.ids)
    say(f"notices: {runs} with a receiver that comes and goes ({tries} answers before it stayed), "
        f"lost {count_lost(seen, runs)}")  # fmt: skip
    assert count_lost(seen, runs) == 0
    assert set(Notice.objects.values_list("state", flat=True)) == {"sent"}


def note_first(at: datetime) -> None:
    """The control's worker: it notes a message as sent, and then sends it."""
    sequence()
    while operations.notify(now=at):
        pass
    while taken := delivery.take(now=at):
        finish(taken.head, taken.notices, set(), now=at)
        failpoints.reach("after_notice_taken")
        try:
            delivery.send(taken, now=at)
        except ConnectorError:
            """Noted already: nobody tries again."""
        failpoints.reach("after_notice_sent")


def test_noting_before_sending_loses(workspace, hook, receiver, runs, now, say):
    """The control arm: the harness sees what is lost."""
    live(workspace, runs, now, note_first)
    lost = count_lost(Counter(receiver.ids), runs)
    say(f"notices, control that notes before it sends: lost {lost} of {runs}")
    assert lost >= 1


def test_an_id_made_anew_doubles(workspace, hook, receiver, runs, now, monkeypatch, say):
    """The control arm: the harness sees what a receiver could not tell from something new."""
    compose = delivery.compose

    def anew(*args, **options):
        return replace(compose(*args, **options), id=f"notice_{uuid.uuid4().hex}")

    monkeypatch.setattr(delivery, "compose", anew)
    live(workspace, runs, now)
    doubled = len(set(receiver.ids)) - runs
    say(f"notices, control with a new id on each try: {doubled} of {runs} doubled")
    assert doubled >= 1
