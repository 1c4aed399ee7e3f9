"""Taking back and undoing in the console: buttons, words, and only a POST with a token acts."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.audit.kinds import Kind
from apps.console.presenters.events import in_words
from apps.gateway import operations as gateway
from apps.gateway.configuration import configure_action
from apps.gateway.models import Execution
from apps.gateway.models import State as ExecutionState
from apps.proposals import operations
from apps.proposals.models import Change, Proposal, State
from tests.factories.proposals import propose

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "panel"}


def url(name, proposal):
    return reverse(f"console:{name}", args=[proposal.pk])


def post(client, token, name, proposal, **data):
    given = {"binding": proposal.binding, "csrfmiddlewaretoken": token(client), **data}
    return client.post(url(name, proposal), given, **HTMX)


@pytest.fixture
def waiting(world, workspace) -> Proposal:
    """A price of 50 that waits; approvals of prices are held for half a minute."""
    configure_action(workspace=workspace, action="set_price", hold_seconds=30, when_away="wait",
                     by="test", now=timezone.now())  # fmt: skip
    return propose(workspace, "50", now=timezone.now())


@pytest.fixture
def held(world, waiting) -> Proposal:
    """The same, approved by Rita."""
    return operations.approve(
        proposal_id=waiting.pk, user=world.rita, binding=waiting.binding, now=timezone.now()
    )


@pytest.fixture
def done(world, held) -> Proposal:
    """The same, done; before it the price was 9."""
    later = timezone.now() + timedelta(seconds=31)
    operations.execute(worker="w", clock=lambda: later)
    operations.settle(now=later)
    Change.objects.update(before={"amount": "50.00", "prices": {"EUR": "9.00"}})
    held.refresh_from_db()
    assert held.state == State.DONE
    return held


def test_an_approval_says_how_long_it_is_held(browse, token, world, waiting):
    """With a button and its key, in words that need no JavaScript."""
    page = post(browse(world.rita), token, "approve", waiting).content.decode()
    assert "Approved. Carried out in 30 s. 0 left." in page
    assert 'data-command="take-back"' in page
    assert 'data-hold="30"' in page
    assert "Carried out in 30 s</span>" in page


def test_taking_back(browse, token, world, held):
    """It waits again, says why, and can be approved anew."""
    page = post(browse(world.rita), token, "take-back", held).content.decode()
    assert "Taken back; it waits again. 1 left." in page
    assert "The approval was taken back: nothing was called." in page
    assert "taken back by Rita" in page
    assert 'data-state="waiting"' in page
    assert 'data-command="take-back"' not in page
    assert Execution.objects.get().state == ExecutionState.CANCELLED


def test_too_late(browse, token, world, held):
    """409 in place, and the button is gone."""
    client = browse(world.rita)
    Execution.objects.update(not_before=timezone.now())
    assert gateway.claim(worker="w", now=timezone.now(), limit=1)
    answer = post(client, token, "take-back", held)
    assert answer.status_code == 409
    assert b"Too late: it is being carried out." in answer.content
    assert b'data-command="take-back"' not in answer.content


def test_who_sees_the_button(browse, world, held):
    """Who could not approve it has none; the one who did has."""
    assert b'data-command="take-back"' in browse(world.rita).get(url("proposal", held)).content
    assert b'data-command="take-back"' in browse(world.olga).get(url("proposal", held)).content
    assert b'data-command="take-back"' not in browse(world.jun).get(url("proposal", held)).content


@pytest.mark.parametrize(("since", "shown"), [(0, False), (60, True)])
def test_what_is_about_to_be_called_shows_no_button(browse, world, held, since, shown):
    """Nothing flashes up for a moment; what is held up for longer can be taken back."""
    Execution.objects.update(not_before=timezone.now() - timedelta(seconds=since))
    page = browse(world.rita).get(url("proposal", held)).content.decode()
    assert ('data-command="take-back"' in page) == shown
    assert ("Not begun yet" in page) == shown


@pytest.mark.parametrize("name", ["take-back", "undo"])
def test_only_a_post_with_a_token_acts(browse, token, world, held, name):
    """Nor does a stranger find it."""
    client = browse(world.rita)
    assert client.get(url(name, held)).status_code == 405
    assert client.post(url(name, held)).status_code == 403
    assert post(browse(world.mallory), token, name, held, reason="x").status_code == 404
    held.refresh_from_db()
    assert held.state == State.APPROVED
    data = {"csrfmiddlewaretoken": token(client)}
    answer = client.post(url("take-back", held), data)
    assert (answer.status_code, answer.headers["Location"]) == (302, url("proposal", held))


def test_undoing(browse, token, world, done):
    """The undo is shown at an address of its own, linked both ways; a second one is not offered."""
    client = browse(world.rita)
    page = client.get(url("proposal", done)).content.decode()
    assert 'data-command="undo"' in page
    assert "An undo is a proposal of its own" in page
    empty = post(client, token, "undo", done, reason=" ")
    assert (empty.status_code, b"Say why it is to be undone." in empty.content) == (422, True)
    answer = post(client, token, "undo", done, reason="A slip.")
    undo = Proposal.objects.exclude(pk=done.pk).get()
    shown = answer.content.decode()
    assert f'data-address="{url("proposal", undo)}"' in shown
    assert "The undo is proposed" in shown
    assert f'href="{url("proposal", done)}" data-undoes' in shown
    original = client.get(url("proposal", done)).content.decode()
    assert url("proposal", undo) in original
    assert 'data-command="undo"' not in original
    again = post(client, token, "undo", done, reason="Again.")
    assert (again.status_code, b"being undone already" in again.content) == (409, True)


def test_what_cannot_be_undone_says_so(browse, world, done):
    """Instead of a button."""
    Change.objects.update(before={"amount": "50.00"})
    page = browse(world.rita).get(url("proposal", done)).content.decode()
    assert 'data-command="undo"' not in page
    assert "what was before cannot be set again" in page
    assert "There is no earlier value that could be set again." in page


def test_a_failed_undo_is_an_open_case(browse, token, world, done):
    """In the inbox, with what stands, another try, and the two answers; then it is closed."""
    client = browse(world.rita)
    post(client, token, "undo", done, reason="A slip.")
    undo = Proposal.objects.exclude(pk=done.pk).get()
    post(browse(world.olga), token, "reject", undo, reason="No.")
    inbox = client.get("/").content.decode()
    for words in ("Open case: a person has to look", "The undo of this did not go through",
                  "Done and proven", "It stands", "It has been undone", 'data-command="undo"',
                  "Rejected by a person"):  # fmt: skip
        assert words in inbox
    answer = post(client, token, "resolve", done, happened="no", reason="I did it by hand.")
    assert answer.status_code == 200
    done.refresh_from_db()
    assert done.state == State.UNDONE
    assert b"Undone" in client.get("/history/?state=undone").content


def test_the_words_of_the_log(happened):
    """Each end of an undo, and an approval that was taken back."""
    for fields, words in (
        ({"state": "undone", "undo_state": "done"}, "undone and proven: “T”"),
        ({"state": "needs_person", "undo_state": "needs_person"},
         "could not undo “T”; a person has to look: the undo ended needs person"),
        ({"state": "needs_person", "undo_state": "impossible", "why": "It is final."},
         "could not undo “T”; a person has to look: It is final."),
        ({"state": "undone", "reason": "By hand."}, "says that “T” has been undone: By hand."),
    ):  # fmt: skip
        assert in_words(happened(Kind.PROPOSAL_SETTLED, title="T", **fields), {}).text == words
    changed = [{"field": "approval", "before": "given", "after": "taken back"}]
    told = in_words(happened(Kind.PROPOSAL_RETURNED, title="T", changed=changed), {})
    assert told.text == "took the approval of “T” back; it waits again"
    cancelled = in_words(happened(Kind.EXECUTION_CANCELLED, action="set_price", reason="why"), {})
    assert cancelled.text == "took the price back: why"
