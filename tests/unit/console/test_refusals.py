"""What a person meets when a decision is not taken: a page that says why, and what they typed."""

from datetime import timedelta
from urllib.parse import quote_plus

import pytest
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from apps.console.inputs import input_name
from apps.proposals import operations
from apps.proposals.models import Proposal, Review, State
from tests.conftest import PASSWORD
from tests.factories.proposals import at_risk, propose
from tests.factories.signing_in import sign_in

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "panel"}
TYPED = "The parcel was not crushed"
NUL = "crushed\x00parcel"


@pytest.fixture
def waiting(world, workspace) -> Proposal:
    """One proposal of 50 EUR that waits."""
    return propose(workspace, "50", now=timezone.now())


def url(name, proposal):
    return reverse(f"console:{name}", args=[proposal.pk])


def send(client, token, name, proposal, *, htmx=True, **data):
    given = {"binding": proposal.binding, "csrfmiddlewaretoken": token(client), **data}
    return client.post(url(name, proposal), given, **(HTMX if htmx else {}))


@pytest.mark.parametrize("htmx", [True, False])
def test_what_was_typed_outlives_a_decision_of_somebody_else(browse, token, world, waiting, htmx):
    """The form is gone with the decision; its text, its chips and its edits stand in the notice."""
    rita = browse(world.rita)
    key = input_name(waiting.changes.get().pk, "amount")
    operations.approve(proposal_id=waiting.pk, user=world.olga, binding=waiting.binding,
                       now=timezone.now())  # fmt: skip
    refused = send(rita, token, "reject", waiting, htmx=htmx, reason=TYPED, chip="Already handled")
    assert refused.status_code == 409
    page = refused.content.decode()
    assert ("<!DOCTYPE html>" in page) is not htmx
    assert "no longer open" in page
    assert TYPED in page
    assert "Already handled" in page
    edited = {key: "45", "form": "edit", "reason": TYPED}
    page = send(rita, token, "approve", waiting, htmx=htmx, **edited).content.decode()
    assert TYPED in page
    assert "<dt>Amount</dt><dd>45</dd>" in page
    assert Review.objects.count() == 1


@pytest.mark.parametrize("name", ["approve", "reject"])
def test_claimed_by_another(browse, token, world, waiting, name):
    """409 with who has it; the form stays as it was."""
    operations.claim(proposal_id=waiting.pk, user=world.olga, now=timezone.now())
    form = {"form": "edit"} if name == "approve" else {}
    answer = send(browse(world.rita), token, name, waiting, reason=TYPED, **form)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Olga" in page
    assert TYPED in page
    assert not Review.objects.exists()


def test_expired_while_typing(browse, token, world, waiting):
    """409, and nothing typed is lost."""
    Proposal.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    answer = send(browse(world.rita), token, "reject", waiting, reason=TYPED)
    assert answer.status_code == 409
    assert "has expired" in answer.content.decode()
    assert TYPED in answer.content.decode()


def test_a_wrong_amount_stays_to_be_mended(browse, token, world, waiting):
    """409, with the amount as it was typed."""
    at_risk(waiting, "high")
    answer = send(browse(world.rita), token, "approve", waiting, typed_amount="51.17")
    assert answer.status_code == 409
    assert 'value="51.17"' in answer.content.decode()


def test_high_risk_asks_who_it_is_once_more(browse, token, world, waiting, settings):
    """403 with the way to show it; a fresh sign-in, or another risk, is not asked."""
    at_risk(waiting, "high")
    client, typed = browse(world.rita), {"typed_amount": f"{waiting.amount}"}
    sign_in(client, world.rita, seconds_ago=settings.HIGH_RISK_SIGN_IN_SECONDS + 5)
    answer = send(client, token, "approve", waiting, **typed)
    confirm = f"/accounts/reauthenticate/?next={quote_plus(url('proposal', waiting))}"
    assert answer.status_code == 403
    assert f'href="{confirm}"' in answer.content.decode()
    assert client.get(confirm).status_code == 200
    assert not Review.objects.exists()
    again = {"password": PASSWORD, "csrfmiddlewaretoken": token(client)}
    assert client.post(confirm, again)["Location"] == url("proposal", waiting)
    assert send(client, token, "approve", waiting, **typed).status_code in (200, 302)
    assert Review.objects.get().reviewer == world.rita


def test_lower_risk_does_not_ask_who_it_is(browse, token, world, waiting, settings):
    """However long ago the person signed in."""
    client = sign_in(browse(world.rita), world.rita, seconds_ago=1e6)
    assert send(client, token, "approve", waiting).status_code in (200, 302)
    assert Review.objects.exists()


def test_an_answer_is_needed_to_say_what_happened(browse, token, world, waiting):
    """422 in place with what was seen, also from a key that sends the form without a button."""
    Proposal.objects.filter(pk=waiting.pk).update(state=State.NEEDS_PERSON)
    answer = send(browse(world.rita), token, "resolve", waiting, reason=TYPED)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Say whether it happened" in page
    assert TYPED in page
    assert 'data-state="needs_person"' in page


@pytest.mark.parametrize(
    ("told", "leads_to"),
    [
        ("http://testserver{page}?split=all", "{page}%3Fsplit%3Dall"),
        ("http://elsewhere.example{page}", "/"),
        ("", "/"),
    ],
)
def test_a_session_that_ended_leads_back_to_the_page(client, token, waiting, told, leads_to):
    """Not to the address of the decision, which nobody can open."""
    page = url("proposal", waiting)
    given = {"HTTP_REFERER": told.format(page=page)} if told else {}
    answer = client.post(url("reject", waiting), {"reason": TYPED}, **given)
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith(f"?next={leads_to.format(page=page)}")


def test_a_script_is_told_that_the_session_ended(client, waiting):
    """A hold is not taken; the page the person looks at is where they come back to."""
    page = url("proposal", waiting)
    asked = {"HTTP_HX_REQUEST": "true", "HTTP_REFERER": f"http://testserver{page}"}
    answer = client.post(url("claim", waiting), **asked)
    assert answer.headers["HX-Redirect"].endswith(f"?next={page}")
    assert answer.status_code == 401


@pytest.mark.parametrize("name", ["reject", "approve", "ask", "snooze", "undo"])
def test_signs_no_text_has_are_refused(browse, token, world, waiting, name):
    """400, not an error of the database."""
    fields = {"reason": NUL, "until": NUL, "binding": NUL}
    assert send(browse(world.rita), token, name, waiting, **fields).status_code == 400
    waiting.refresh_from_db()
    assert waiting.state == State.WAITING


@pytest.mark.parametrize("path", ["/history/", "/palette", "/trace/", "/bulk"])
def test_signs_no_text_has_find_nothing(browse, world, waiting, path):
    """400 from every search."""
    asked = {"q": NUL, "like": NUL, "agent": NUL, "state": NUL}
    assert browse(world.rita).get(path, asked).status_code == 400


def pages() -> list[str]:
    """The pages of the console whose address has no parameter."""
    found = next(one for one in get_resolver().url_patterns if getattr(one, "app_name", "") ==
                 "console").url_patterns  # fmt: skip
    return [f"/{one.pattern}" for one in found if "<" not in str(one.pattern)]


@pytest.mark.parametrize("path", pages())
def test_a_head_is_answered_like_a_get(browse, world, waiting, path):
    """The same status and no content: what looks whether a page is there finds it."""
    client: Client = browse(world.olga)
    asked = client.get(path)
    head = client.head(path)
    assert (head.status_code, head.content) == (asked.status_code, b"")
