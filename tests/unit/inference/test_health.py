"""A model that is away is left alone by all conversations together, tried now and then, and told of."""

import threading
from datetime import datetime, timedelta

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from apps.accounts.models import Workspace
from apps.audit.kinds import Kind
from apps.audit.models import Event
from apps.inference import health, operations
from apps.inference.models import Breaker, Call
from apps.inference.operations import ModelUnavailable
from apps.inference.providers import fake
from apps.inference.providers.base import (
    BrokenOff,
    Completion,
    Failed,
    Malformed,
    ProviderError,
    RateLimited,
    Refused,
    TimedOut,
    Unreachable,
)
from tests.factories import inference as make
from tests.unit.inference.test_operations import complete

SECOND = timedelta(seconds=1)
LONG = timedelta(seconds=31)


@pytest.fixture
def place(workspace: Workspace) -> health.Place:
    return health.Place(workspace=workspace, endpoint="https://models.example/v1", model="m")


def fail(
    place: health.Place, times: int, now: datetime, error: ProviderError | None = None
) -> None:
    for _ in range(times):
        health.enter(place, now=now)
        health.note(place, error or Failed("HTTP 503"), now=now)


@pytest.mark.django_db(transaction=True)
def test_five_turns_on_a_dead_endpoint_make_at_most_five_calls(
    workspace: Workspace, now: datetime, settings: Settings
) -> None:
    """They made fifteen. From the second turn on the answer is there at once, and says why."""
    settings.OPENAI_BASE_URL = f"http://127.0.0.1:{make.free_port()}/v1"
    settings.OPENAI_MODEL = "m"
    for _ in range(5):
        with pytest.raises(ModelUnavailable, match="no connection"):
            complete(workspace, now)
    assert Call.objects.count() == 5
    row = Breaker.objects.get()
    assert (row.circuit, row.failures, row.endpoint) == ("open", 5, settings.OPENAI_BASE_URL)


@pytest.mark.django_db(transaction=True)
def test_it_closes_by_itself_with_the_first_answer(workspace: Workspace, now: datetime) -> None:
    """One call tries after the interval; then everything passes again. Both are recorded once."""
    make.tier(workspace, provider="fake")
    fake.script(*[Failed("HTTP 503")] * 5, Completion(text="back"), Completion(text="again"))
    for _ in range(4):
        with pytest.raises(ModelUnavailable, match="HTTP 503"):
            complete(workspace, now)
    assert Call.objects.count() == 5
    assert complete(workspace, now + LONG).text == "back"
    assert complete(workspace, now + LONG).text == "again"
    kinds = (Kind.BREAKER_OPENED, Kind.BREAKER_CLOSED)
    events = list(Event.objects.filter(kind__in=kinds).order_by("id"))
    assert [(one.kind, one.subject_kind) for one in events] == [(kind, "model") for kind in kinds]
    assert not Breaker.objects.exclude(circuit="closed", failures=0, error="").exists()


@pytest.mark.django_db(transaction=True)
def test_while_one_is_left_alone_the_fallback_answers(workspace: Workspace, now: datetime) -> None:
    """Each model of an endpoint has a breaker of its own."""
    make.tier(workspace, "small", provider="fake")
    make.tier(workspace, "large", provider="fake", fallback=workspace.tiers.get(name="small"))
    first = health.Place(workspace=workspace, endpoint="fake", model="model-large")
    fail(first, 5, now)
    fake.script(Completion(text="from the small one"))
    assert complete(workspace, now, tier_need="large").text == "from the small one"
    assert [call.tier for call in Call.objects.all()] == ["small"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "error",
    [Failed("HTTP 500"), Unreachable("x"), TimedOut("x"), BrokenOff("x"), RateLimited("HTTP 429"),
     Malformed("x")],
)  # fmt: skip
def test_what_gives_no_answer_opens(
    place: health.Place, now: datetime, error: ProviderError
) -> None:
    """Down, slow, overloaded or talking nonsense; the fifth in a row, not the fourth."""
    fail(place, 4, now, error)
    health.enter(place, now=now)
    fail(place, 1, now, error)
    with pytest.raises(health.LeftAlone, match=r"not asked until .* UTC, it failed 5 times"):
        health.enter(place, now=now + SECOND)


@pytest.mark.django_db
@pytest.mark.parametrize("error", [Refused("HTTP 400"), None])
def test_what_is_about_the_question_does_not(
    place: health.Place, now: datetime, error: ProviderError | None
) -> None:
    """A refusal is an answer: the count begins anew."""
    for _ in range(3):
        fail(place, 4, now)
        health.note(place, error, now=now)
    health.enter(place, now=now)
    assert Breaker.objects.get().failures == 0


@pytest.mark.django_db
def test_one_try_for_each_interval_and_longer_ones_when_it_fails(
    place: health.Place, now: datetime
) -> None:
    """30, 60, 120 seconds."""
    fail(place, 5, now)
    at = now
    for seconds in (30, 60, 120):
        at += timedelta(seconds=seconds)
        with pytest.raises(health.LeftAlone):
            health.enter(place, now=at - SECOND)
        health.enter(place, now=at)
        with pytest.raises(health.LeftAlone):
            health.enter(place, now=at)
        health.note(place, Failed("HTTP 503"), now=at)


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_tries(place: health.Place, now: datetime) -> None:
    """All at the same moment, each with a connection of its own."""
    fail(place, 5, now)
    passed: list[bool] = []
    start = threading.Barrier(6)

    def work() -> None:
        start.wait()
        try:
            health.enter(place, now=now + LONG)
        except health.LeftAlone:
            passed.append(False)
        else:
            passed.append(True)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(passed) == [False] * 5 + [True]


@pytest.mark.django_db
def test_a_model_in_order_costs_one_read_before_and_one_after(
    place: health.Place, now: datetime, django_assert_num_queries
) -> None:
    """Nothing is locked or written."""
    with django_assert_num_queries(2):
        health.enter(place, now=now)
        health.note(place, None, now=now)
    assert not Breaker.objects.exists()


@pytest.mark.django_db
def test_another_workspace_is_not_held_to_it(
    place: health.Place, elsewhere: Workspace, now: datetime
) -> None:
    """Its own calls tell it."""
    fail(place, 5, now)
    health.enter(health.Place(workspace=elsewhere, endpoint=place.endpoint, model="m"), now=now)


@pytest.mark.django_db(transaction=True)
def test_embeddings_have_a_breaker_too(
    workspace: Workspace, now: datetime, settings: Settings
) -> None:
    """The memory falls back to words meanwhile."""
    settings.OPENAI_BASE_URL = f"http://user:secret@127.0.0.1:{make.free_port()}/v1"
    settings.OPENAI_EMBEDDING_MODEL = "e"
    for _ in range(5):
        with pytest.raises(ModelUnavailable):
            operations.embed(["a"], workspace=workspace, now=now)
    assert Call.objects.count() == 5
    assert "secret" not in Breaker.objects.get().endpoint
