"""One event in full: who it was, and how far that is to be believed."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Workspace
from apps.audit import operations as audit
from apps.audit.models import Entry, Event
from apps.gateway.models import Connector
from apps.policies.models import Version
from tests.conftest import Cast
from tests.factories.proposals import propose
from tests.factories.signing_in import sign_in

pytestmark = pytest.mark.django_db(transaction=True)  # the sequencer numbers committed events


@pytest.fixture
def page(
    workspace: Workspace, cast: Cast, connector: Connector, policy: Version, client: Client, now
):
    """The page of an event of this actor and session, as Otto sees it."""
    propose(workspace, "50", now=now)
    audit.sequence()
    index = Entry.objects.filter(kind="proposal.submitted").latest("index").index
    sign_in(client, cast.otto)

    def show(actor: str, session: str | None) -> str:
        Event.objects.filter(kind="proposal.submitted").update(actor=actor, session=session)
        return client.get(reverse("console:event", args=[index])).content.decode()

    return show


def test_who_had_signed_in(page, cast: Cast) -> None:
    """By name, and nothing is called into doubt."""
    shown = page(cast.rita.actor, cast.rita.actor)
    assert "<dt>Signed in</dt><dd>Rita" in shown
    assert "Somebody" not in shown
    assert "problem" not in shown
    assert "Nobody, in a worker" in page("agent:repricing", "worker")


def test_what_nobody_was_asked_for(page, cast: Cast) -> None:
    """It says so, and is no forgery."""
    shown = page(cast.rita.actor, None)
    assert "before the database asked" in shown
    assert "Somebody" not in shown


@pytest.mark.parametrize(
    ("session", "words"),
    [
        ("", "without the key by which AIOS"),
        ("user:11111111-1111-1111-1111-111111111111", "had not signed in where"),
    ],
)
def test_a_name_that_was_taken(page, cast: Cast, session: str, words: str) -> None:
    """Somebody in the name of Rita, who is not known."""
    shown = page(cast.rita.actor, session)
    assert "Somebody in the name of Rita" in shown
    assert words in shown


def test_an_unknown_kind_breaks_no_page(page, cast: Cast, client: Client) -> None:
    """Written past AIOS: its own page, the trace and its filter of errors show it as what it is."""
    page(cast.rita.actor, "")
    Event.objects.filter(kind="proposal.submitted").update(kind="proposal.blessed")
    Entry.objects.filter(kind="proposal.submitted").update(kind="proposal.blessed")
    index = Entry.objects.filter(kind="proposal.blessed").latest("index").index
    trace = reverse("console:trace")
    for address in (reverse("console:event", args=[index]), trace, f"{trace}?kind=errors"):
        answer = client.get(address)
        assert answer.status_code == 200
        shown = answer.content.decode()
        assert "Somebody in the name of Rita" in shown
        assert "proposal.blessed (a kind of event that AIOS does not know)" in shown
