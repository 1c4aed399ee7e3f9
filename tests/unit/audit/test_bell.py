"""The doorbell with a broker that takes connections and never answers."""

import socket
import time
from collections.abc import Iterator

import pytest

from apps.audit import bell

ANSWER_SECONDS = 0.5  # what one call may wait


@pytest.fixture
def _frozen_broker(settings, monkeypatch) -> Iterator[None]:
    """A broker that was stopped in the middle of its work."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.REDIS_URL = f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        monkeypatch.setattr(bell, "_client", None)
        monkeypatch.setattr(bell, "_quiet_until", 0.0)
        yield


@pytest.mark.usefixtures("_frozen_broker")
@pytest.mark.parametrize("first", [bell.ring, bell.answered, lambda: bell.announce(1)])
def test_only_the_first_waits_for_a_broker_that_does_not_answer(first):
    """Whoever finds it frozen waits once; ringing, answering and announcing then cost nothing."""
    began = time.monotonic()
    first()
    waited = time.monotonic() - began
    for _ in range(10):
        bell.ring()
        bell.answered()
        bell.announce(1)
    assert waited >= ANSWER_SECONDS
    assert time.monotonic() - began - waited < ANSWER_SECONDS


@pytest.mark.usefixtures("_frozen_broker")
def test_the_broker_is_tried_again(monkeypatch):
    """It is left alone for a few seconds only."""
    bell.answered()
    assert bell.is_quiet()
    monkeypatch.setattr(bell, "_quiet_until", bell._quiet_until - bell.LEAVE_ALONE_SECONDS)
    assert not bell.is_quiet()
