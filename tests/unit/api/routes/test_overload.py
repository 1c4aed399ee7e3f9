"""What a caller is told when too much waits, or the back end is left alone."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import IdempotentRequest
from apps.api import main
from apps.gateway import health
from apps.gateway.models import Breaker, Connector
from apps.policies.models import Version
from apps.proposals.models import Proposal
from apps.proposals.operations import backpressure
from tests.factories.keys import Caller
from tests.unit.api.calls import body, problem

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _counted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backpressure, "COUNT_EVERY_SECONDS", -1.0)


def test_too_much_that_waits_is_429_with_retry_after(
    otto: Caller, connector: Connector, policy: Version, settings
) -> None:
    """Nothing is written, and the same request with the same key passes later."""
    settings.GATEWAY_QUEUE_LIMIT = 0
    draft = body("5")
    answer = otto.post("/proposals", draft, once="same")
    told = problem(answer, 429)
    assert told["type"] == "urn:aios:problem:overloaded"
    assert answer["Retry-After"] == "5"
    assert answer["RateLimit"]
    assert not Proposal.objects.exists()
    assert not IdempotentRequest.objects.exists()
    settings.GATEWAY_QUEUE_LIMIT = 10
    assert otto.post("/proposals", draft, once="same").status_code == 429  # a moment too early
    main.door._deaf_until.clear()
    assert otto.post("/proposals", draft, once="same").status_code == 201


def test_a_rate_that_is_used_up_is_429(otto: Caller, connector: Connector, policy: Version) -> None:
    """Nobody waits in the web server for a turn at the back end."""
    Connector.objects.update(calls_per_second=0.5)
    first, second = (otto.post("/proposals", body("5")) for _ in range(2))
    assert first.status_code == 201
    assert problem(second, 429)["type"] == "urn:aios:problem:busy"
    assert 1 <= int(second["Retry-After"]) <= 4


def test_a_back_end_that_is_left_alone_is_503_until_then(
    otto: Caller, connector: Connector, policy: Version, now: datetime
) -> None:
    """With when to come back; the key is not used up."""
    for _ in range(5):
        health.note(connector, answered=False, error="away", now=timezone.now())
    Breaker.objects.update(probe_at=timezone.now() + timedelta(seconds=100))
    answer = otto.post("/proposals", body("5"), once="same")
    assert "its breaker is open" in problem(answer, 503)["detail"]
    assert 90 <= int(answer["Retry-After"]) <= 100
    Breaker.objects.all().delete()
    assert otto.post("/proposals", body("5"), once="same").status_code in (201, 422)
