"""What a receiver's answer means: sent, try again, come back then, or no for good."""

from datetime import timedelta

import pytest

from apps.gateway.errors import Away, Refused, Unreachable
from apps.gateway.outbound import Answer
from apps.gateway.retry_after import LONGEST
from apps.notifications.transports.base import MINUTE, judge


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_a_success_says_nothing(status, now):
    """Any 2xx."""
    judge(Answer(status=status, body=b""), now)


@pytest.mark.parametrize(("status", "error"), [
    (301, Unreachable), (307, Unreachable), (400, Refused), (413, Refused), (422, Refused),
    (410, Refused), (401, Unreachable), (403, Unreachable), (404, Unreachable), (408, Unreachable), (425, Unreachable), (429, Unreachable),
    (500, Unreachable), (502, Unreachable), (503, Unreachable),
])  # fmt: skip
def test_everything_else_is_told_apart(status, error, now):
    """What may be tried again is never given up at once, and the other way round."""
    with pytest.raises(error) as caught:
        judge(Answer(status=status, body=b"secret words"), now)
    assert isinstance(caught.value, Refused) == (error is Refused)
    assert "secret words" not in str(caught.value)


@pytest.mark.parametrize(("said", "pause"), [
    ("30", timedelta(seconds=30)), ("999999999999", LONGEST), ("0", timedelta(0)),
    ("", MINUTE), ("soon", MINUTE),
])  # fmt: skip
def test_who_asks_for_time_gets_it(said, pause, now):
    """Within reason; who is called too often and does not say for how long, gets a minute."""
    with pytest.raises(Away) as caught:
        judge(Answer(status=429, body=b"", retry_after=said), now)
    assert caught.value.until == now + pause
    with pytest.raises(Unreachable) as other:
        judge(Answer(status=503, body=b"", retry_after="soon"), now)
    assert not isinstance(other.value, Away)
