"""`Idempotency-Key`: repeats, races, crashes."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from apps.accounts import idempotency
from apps.accounts.models import IdempotentRequest, Workspace
from apps.api.routes import proposals as routes
from apps.gateway.connectors.null.client import NullClient
from apps.gateway.models import Execution
from apps.proposals.models import Proposal, Review
from tests.conftest import Cast
from tests.factories.keys import Caller, caller
from tests.unit.api.calls import body, problem, verdict

pytestmark = pytest.mark.usefixtures("connector", "policy")


def test_a_repeat_is_answered_alike(otto: Caller) -> None:
    """The same request again: the same bytes, marked as a replay, and no second effect."""
    draft = body()
    first = otto.post("/proposals", draft, once="k")
    second = otto.post("/proposals", dict(reversed(draft.items())), once="k")
    assert (second.status_code, second.content) == (201, first.content)
    assert second["Location"] == first["Location"]
    assert second["Content-Type"] == first["Content-Type"]
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"
    assert Proposal.objects.count() == 1


def test_a_refusal_is_an_answer_too(otto: Caller) -> None:
    """A refusal by the domain is replayed, byte for byte."""
    draft = body()
    otto.post("/proposals", draft)
    first = otto.post("/proposals", draft, once="k")
    second = otto.post("/proposals", draft, once="k")
    assert problem(second, 409)
    assert second.content == first.content
    assert second["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("key", [None, "x" * 256, "two words", "ü"])
def test_a_key_is_needed(otto: Caller, key: str | None) -> None:
    """Submitting without a fitting key is 400, naming the header."""
    found = problem(otto.post("/proposals", body(), once=key), 400)
    assert found["errors"][0]["field"] == "Idempotency-Key"
    assert not Proposal.objects.exists()


def test_another_payload(otto: Caller, workspace: Workspace, cast: Cast, now: datetime) -> None:
    """The key with another body, by another person or at another address is 422."""
    draft = body()
    seen = otto.post("/proposals", draft, once="k").json()
    kind = "idempotency-key-reused"
    other = problem(otto.post("/proposals", body(), once="k"), 422)
    assert other["type"].endswith(kind)
    olga = caller(workspace, cast.olga, now=now)
    assert problem(olga.post("/proposals", draft, once="k"), 422)["type"].endswith(kind)
    path = f"/proposals/{seen['id']}/reviews"
    assert problem(otto.post(path, verdict(seen), once="k"), 422)["type"].endswith(kind)


def test_a_rotated_key_may_repeat(
    otto: Caller, workspace: Workspace, cast: Cast, now: datetime
) -> None:
    """A new API key of the same person repeats what the old one began."""
    draft = body()
    first = otto.post("/proposals", draft, once="k")
    rotated = caller(workspace, cast.otto, now=now)
    assert rotated.post("/proposals", draft, once="k").content == first.content


def test_deciding_twice(otto: Caller, rita: Caller) -> None:
    """With the key a repeated verdict is replayed; it is one review."""
    seen = otto.post("/proposals", body()).json()
    path = f"/proposals/{seen['id']}/reviews"
    first = rita.post(path, verdict(seen), once="k")
    second = rita.post(path, verdict(seen), once="k")
    assert (second.status_code, second.content) == (200, first.content)
    assert Review.objects.count() == 1
    assert Execution.objects.count() == 1


def test_deciding_without_a_key(otto: Caller, rita: Caller) -> None:
    """The key is optional here: the binding already names one verdict."""
    seen = otto.post("/proposals", body()).json()
    response = rita.post(f"/proposals/{seen['id']}/reviews", verdict(seen), once=None)
    assert response.status_code == 200
    assert IdempotentRequest.objects.count() == 1  # of the submission


def test_a_failure_frees_the_key(otto: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a 5xx nothing is kept, neither effect nor answer; the repeat does it."""

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret detail")

    draft = body()
    with monkeypatch.context() as patched:
        patched.setattr(routes, "in_full", broken)  # after the proposal has been written
        found = problem(otto.post("/proposals", draft, once="k"), 500)
    assert "secret" not in str(found)
    assert not Proposal.objects.exists()
    assert not IdempotentRequest.objects.exists()
    assert otto.post("/proposals", draft, once="k").status_code == 201


def test_a_crash_before_the_commit(otto: Caller, workspace: Workspace) -> None:
    """A first attempt that died: 409 with Retry-After during its lease, then taken over."""
    draft = body()
    first = otto.post("/proposals", draft, once="k")
    row = IdempotentRequest.objects.get()
    Proposal.objects.all().delete()
    IdempotentRequest.objects.update(status=None, body=None)
    running = otto.post("/proposals", draft, once="k")
    assert problem(running, 409)["type"].endswith("still-running")
    assert running["Retry-After"] == "1"
    IdempotentRequest.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    again = otto.post("/proposals", draft, once="k")
    assert again.status_code == 201
    assert again.json()["id"] != first.json()["id"]
    assert IdempotentRequest.objects.get().attempt != row.attempt


@pytest.mark.django_db(transaction=True)
def test_many_at_once(otto: Caller) -> None:
    """Ten simultaneous repeats: one proposal; each is answered alike or told to wait."""
    draft, answers = body(), []
    start = threading.Barrier(10)

    def send() -> None:
        start.wait()
        answers.append(otto.post("/proposals", draft, once="k"))
        connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Proposal.objects.count() == 1
    made = [answer for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in made}) == 1
    assert len([answer for answer in made if "Idempotency-Replayed" not in answer]) == 1


@pytest.mark.django_db(transaction=True)
def test_overtaken(otto: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow attempt that was taken over is undone: 409, and one proposal in the end."""
    draft, looks, snapshot = body(), [], NullClient.snapshot

    def slow(self: NullClient, action: str, params: dict[str, Any]) -> dict[str, Any]:
        looks.append(action)
        if len(looks) == 1:
            thread = threading.Thread(target=overtake)
            thread.start()
            thread.join()
        return snapshot(self, action, params)

    def overtake() -> None:
        IdempotentRequest.objects.update(lease_until=timezone.now() - idempotency.LEASE)
        answers.append(otto.post("/proposals", draft, once="k"))
        connections.close_all()

    answers: list[Any] = []
    monkeypatch.setattr(NullClient, "snapshot", slow)
    late = otto.post("/proposals", draft, once="k")
    assert answers[0].status_code == 201
    assert late.status_code == 409
    assert Proposal.objects.count() == 1
    replayed = otto.post("/proposals", draft, once="k")
    assert replayed.content == answers[0].content
