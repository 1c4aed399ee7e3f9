"""A few submissions at once; others wait a little, or are told to come back."""

import threading
import time

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from apps.api.concurrency_limit import Door
from apps.api.problems import Problem

SUBMIT = RequestFactory().post("/api/v1/proposals")


def test_one_too_many_is_turned_away_with_retry_after() -> None:
    """When all places and chairs are taken, at once."""
    door = Door(at_once=1, waiting=1, patience=0.05)
    with door.passed(SUBMIT):
        began = time.monotonic()
        with pytest.raises(Problem) as turned_away, door.passed(SUBMIT):
            pass
        assert time.monotonic() - began < 1
    assert (turned_away.value.status, turned_away.value.headers) == (429, {"Retry-After": "1"})


def test_who_waits_gets_the_place_that_becomes_free() -> None:
    """In time."""
    door, done = Door(at_once=1, waiting=1, patience=5), []

    def submit() -> None:
        with door.passed(SUBMIT):
            done.append(True)

    with door.passed(SUBMIT):
        thread = threading.Thread(target=submit)
        thread.start()
        time.sleep(0.05)
        assert not done
    thread.join()
    assert done


def test_a_place_is_free_again_after_an_error() -> None:
    """Whatever happens inside."""
    door = Door(at_once=1, waiting=0, patience=0)
    with pytest.raises(ValueError), door.passed(SUBMIT):
        raise ValueError
    with door.passed(SUBMIT):
        pass


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/api/v1/proposals"),
        ("post", "/api/v1/proposals/x/reviews"),
        ("post", "/api/v1/runs"),
    ],
)
def test_reading_and_approving_never_wait(method: str, path: str) -> None:
    """Only submissions do."""
    door = Door(at_once=1, waiting=1, patience=0)
    with door.passed(SUBMIT), door.passed(getattr(RequestFactory(), method)(path)):
        pass


def test_who_was_told_to_come_back_is_not_listened_to_for_a_moment() -> None:
    """Somebody else is; and so is an answer about something other than load."""
    door = Door()
    mine, others = (
        RequestFactory().post("/api/v1/proposals", headers={"Authorization": f"Bearer {name}"})
        for name in ("mine", "others")
    )
    door.hear(mine, HttpResponse(b'{"type": "about:blank"}', status=429))
    with door.passed(mine):
        pass
    door.hear(mine, HttpResponse(b'{"type": "urn:aios:problem:overloaded"}', status=429))
    with pytest.raises(Problem), door.passed(mine):
        pass
    with door.passed(others):
        pass
