"""Requests that may be repeated: one effect, one answer."""

from datetime import datetime, timedelta

import pytest

from apps.accounts import idempotency
from apps.accounts.idempotency import Answer, Begun, KeyReused, Overtaken, StillRunning
from apps.accounts.models import IdempotentRequest, Workspace

ANSWER = Answer(status=201, body=b'{"a":1}', headers={"Location": "/x"})


def begin(workspace: Workspace, now: datetime, key: str = "k", fingerprint: str = "f") -> Begun:
    """A request with this key."""
    return idempotency.begin(workspace=workspace, key=key, fingerprint=fingerprint, now=now)


def test_the_answer_is_kept_byte_for_byte(workspace: Workspace, now: datetime) -> None:
    """A repeat gets the first answer."""
    idempotency.store_answer(begin(workspace, now), ANSWER)
    assert begin(workspace, now).answer == ANSWER


def test_while_it_runs(workspace: Workspace, now: datetime) -> None:
    """A repeat during the lease is refused."""
    begin(workspace, now)
    with pytest.raises(StillRunning):
        begin(workspace, now + idempotency.LEASE - timedelta(seconds=1))


def test_a_crashed_attempt_is_taken_over(workspace: Workspace, now: datetime) -> None:
    """After the lease a repeat carries on, and the overtaken attempt may not answer any more."""
    first = begin(workspace, now)
    second = begin(workspace, now + idempotency.LEASE)
    assert (second.request_id, second.answer) == (first.request_id, None)
    with pytest.raises(Overtaken):
        idempotency.store_answer(first, ANSWER)
    idempotency.store_answer(second, ANSWER)
    with pytest.raises(Overtaken):
        idempotency.store_answer(second, ANSWER)


def test_another_request_with_the_same_key(workspace: Workspace, now: datetime) -> None:
    """Refused, whether the first is running or answered."""
    first = begin(workspace, now)
    with pytest.raises(KeyReused):
        begin(workspace, now, fingerprint="other")
    idempotency.store_answer(first, ANSWER)
    with pytest.raises(KeyReused):
        begin(workspace, now, fingerprint="other")


def test_workspaces_do_not_share_keys(
    workspace: Workspace, elsewhere: Workspace, now: datetime
) -> None:
    """The same key elsewhere is another request."""
    idempotency.store_answer(begin(workspace, now), ANSWER)
    assert begin(elsewhere, now, fingerprint="other").answer is None


def test_released(workspace: Workspace, now: datetime) -> None:
    """A request without a lasting answer may be repeated at once; an answer is not forgotten."""
    first = begin(workspace, now)
    idempotency.release(first)
    second = begin(workspace, now)
    idempotency.release(first)
    assert second.answer is None
    idempotency.store_answer(second, ANSWER)
    idempotency.release(second)
    assert begin(workspace, now).answer == ANSWER


def test_kept_for_72_hours(workspace: Workspace, now: datetime) -> None:
    """Then the key is free again, and rows of other keys are cleared too."""
    idempotency.store_answer(begin(workspace, now), ANSWER)
    idempotency.store_answer(begin(workspace, now, key="other"), ANSWER)
    almost = now + idempotency.KEPT - timedelta(seconds=1)
    assert begin(workspace, almost).answer == ANSWER
    later = begin(workspace, now + idempotency.KEPT, fingerprint="new")
    assert later.answer is None
    assert IdempotentRequest.objects.get().pk == later.request_id
