"""How many variants a catalogue has is asked for now and then, and kept; unknown is no size."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from apps.gateway import catalogue_size
from apps.gateway.errors import Unreachable
from apps.gateway.models import Connector
from apps.gateway.readers import Reader

pytestmark = pytest.mark.django_db(transaction=True)


class Counted:
    """Answers of a back end that is asked for the size of its catalogue."""

    def __init__(self, *answers: int | Exception) -> None:
        self.answers, self.asked = list(answers), 0

    def __call__(self) -> int:
        """The next answer."""
        self.asked += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """A clock that is set by hand: its only entry."""
    at = [timezone.now()]
    monkeypatch.setattr("apps.gateway.catalogue_size.timezone.now", lambda: at[0])
    return at


def answering(monkeypatch: pytest.MonkeyPatch, *answers: int | Exception) -> Counted:
    """Whatever is asked answers so, one after the other."""
    found = Counted(*answers)
    monkeypatch.setattr(Reader, "catalogue_size", lambda _: found())
    return found


def stored(connector: Connector) -> Connector:
    """The connector as everybody else sees it."""
    return Connector.objects.get(pk=connector.pk)


def test_it_is_asked_once_in_six_hours(
    connector: Connector, clock: list[datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes next finds it kept."""
    shop = answering(monkeypatch, 400, 500)
    for _ in range(3):
        catalogue_size.refresh(stored(connector))
    assert (shop.asked, catalogue_size.known(stored(connector), now=clock[0])) == (1, 400)
    clock[0] += catalogue_size.EVERY + timedelta(seconds=1)
    catalogue_size.refresh(stored(connector))
    assert (shop.asked, catalogue_size.known(stored(connector), now=clock[0])) == (2, 500)


@pytest.mark.parametrize("answer", [Unreachable("It is away."), 0])
def test_what_does_not_answer_leaves_it_until_it_is_too_old(
    answer: int | Exception, connector: Connector, clock: list[datetime],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """An empty catalogue is no size either: nothing is a share of nothing."""
    answering(monkeypatch, 400, answer)
    catalogue_size.refresh(connector)
    clock[0] += catalogue_size.OLDEST - timedelta(seconds=1)
    catalogue_size.refresh(connector)
    assert catalogue_size.known(stored(connector), now=clock[0]) == 400
    clock[0] += timedelta(seconds=1)
    assert catalogue_size.known(stored(connector), now=clock[0]) is None


def test_it_is_not_known_of_a_connector_that_was_changed(
    connector: Connector, clock: list[datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may lead to another shop now, which is counted at once."""
    answering(monkeypatch, 400, 7)
    catalogue_size.refresh(connector)
    clock[0] += timedelta(seconds=1)
    Connector.objects.update(changed_at=clock[0])
    assert catalogue_size.known(stored(connector), now=clock[0]) is None
    catalogue_size.refresh(stored(connector))
    assert catalogue_size.known(stored(connector), now=clock[0]) == 7


def test_nothing_is_written_in_somebodys_transaction(
    connector: Connector, clock: list[datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be one that must not write; the caller's own connector knows it."""
    answering(monkeypatch, 400)
    with transaction.atomic():
        catalogue_size.refresh(connector)
    assert catalogue_size.known(connector, now=clock[0]) == 400
    assert stored(connector).catalogue_size is None


def test_a_connector_without_a_catalogue_has_none(
    connector: Connector, clock: list[datetime]
) -> None:
    """Nobody asks it."""
    catalogue_size.refresh(connector)
    assert catalogue_size.known(stored(connector), now=clock[0]) is None
