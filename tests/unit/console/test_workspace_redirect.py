"""Links that name their workspace: opened there, and only by who is a member of it."""

from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.accounts import operations as accounts
from apps.accounts.models import Role
from apps.audit.models import Event
from apps.notifications import links
from apps.notifications.models import Notice
from apps.proposals.models import Proposal
from tests.factories.proposals import propose

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(world, workspace) -> Proposal:
    """A proposal in the workspace of the cast."""
    return propose(workspace, "50", now=timezone.now())


@pytest.fixture
def link(waiting, workspace) -> str:
    """What a notice about it links to, without the host."""
    notice = Notice(kind="waiting", proposal_id=waiting.pk, workspace=workspace)
    return links.page_of(notice).removeprefix(links.public_url())


@pytest.fixture
def traveller(world, elsewhere, browse, token, now):
    """Rita's browser, who is a member of both workspaces and in the other one."""
    accounts.add_member(workspace=elsewhere, user=world.rita, role=Role.REVIEWER, by="t", now=now)
    client = browse(world.rita)
    chosen = {"workspace": str(elsewhere.pk), "csrfmiddlewaretoken": token(client)}
    assert client.post(reverse("console:switch"), chosen).status_code == 302
    return client


def page_of(proposal: Proposal) -> str:
    return reverse("console:proposal", args=[proposal.pk])


def test_who_is_there_is_led_straight_to_it(browse, world, waiting, link):
    """One hop, and nothing to click."""
    answer = browse(world.rita).get(link, follow=True)
    assert answer.redirect_chain == [(page_of(waiting), 302)]
    assert answer.status_code == 200


def test_who_is_elsewhere_goes_over_by_a_button(traveller, token, waiting, link, workspace):
    """The page says where it is and shows nothing of it; a GET stays where one is, a POST goes."""
    page = traveller.get(link)
    assert page.status_code == 200
    told = page.content.decode()
    assert "This is in Alpine Shop" in told
    assert "You are in <strong>Elsewhere</strong>" in told
    assert waiting.title not in told
    assert traveller.get(page_of(waiting)).status_code == 404
    answer = traveller.post(link, {"csrfmiddlewaretoken": token(traveller)}, follow=True)
    assert answer.redirect_chain == [(page_of(waiting), 302)]
    assert waiting.title in answer.content.decode()


def test_a_link_of_another_site_moves_nobody(traveller, waiting, link):
    """Without a token the POST is refused."""
    assert traveller.post(link).status_code == 403
    assert traveller.get(page_of(waiting)).status_code == 404


@pytest.mark.parametrize("method", ["get", "post"])
def test_to_a_stranger_the_workspace_is_not_there(browse, token, world, link, workspace, method):
    """The same 404 as for a workspace nobody has, whether the row is there or not."""
    client = browse(world.mallory)
    data = {"csrfmiddlewaretoken": token(client)} if method == "post" else {}
    nowhere = link.replace(str(workspace.pk), str(uuid4()))
    answers = [getattr(client, method)(path, data) for path in (link, nowhere)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    assert client.get("/history/").context["seat"].workspace.name == "Elsewhere"


def test_who_is_not_signed_in_comes_back_to_the_link(client, link):
    """After signing in the page asks to go over, if that is needed."""
    assert client.get(link).headers["Location"] == f"/accounts/login/?next={link}"


@pytest.mark.parametrize(
    "path",
    ["/evil.example/", "//evil.example", "https://evil.example/", "admin/", "accounts/logout/",
     "history/", "proposals/1/", "\\evil.example"],
)  # fmt: skip
def test_only_pages_a_notice_is_about_are_led_to(browse, token, world, workspace, path):
    """Nothing leads out of the console, or to what decides."""
    client = browse(world.rita)
    address = f"/in/{workspace.pk}/{path}"
    assert client.get(address).status_code == 404
    assert client.post(address, {"csrfmiddlewaretoken": token(client)}).status_code == 404


@pytest.mark.parametrize("verb", ["approve", "reject", "claim", "undo"])
def test_no_link_leads_to_a_decision(browse, token, world, waiting, workspace, verb):
    """Neither a GET nor a POST of it decides anything."""
    client = browse(world.rita)
    address = f"/in/{workspace.pk}/proposals/{waiting.pk}/{verb}"
    events = Event.objects.count()
    assert client.get(address).status_code == 404
    sent = {"csrfmiddlewaretoken": token(client), "binding": waiting.binding, "reason": "x"}
    assert client.post(address, sent).status_code == 404
    waiting.refresh_from_db()
    assert (waiting.state, waiting.claimed_by, Event.objects.count()) == ("waiting", None, events)
