"""The queue's answers: what follows a decision, who holds, what is refused, and what it costs."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.audit.operations import sequence
from apps.proposals import operations
from apps.proposals.models import Proposal, Risk, State
from apps.proposals.operations import Origin
from tests.factories.outside_agents import register
from tests.factories.proposals import AGENT, propose

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "panel"}


def post(client, token, name, proposal, **data):
    given = {"binding": proposal.binding, "csrfmiddlewaretoken": token(client), **data}
    return client.post(reverse(f"console:{name}", args=[proposal.pk]), given, **HTMX)


@pytest.fixture
def pair(world, workspace) -> tuple[Proposal, Proposal]:
    """Two proposals that wait."""
    now = timezone.now()
    return propose(workspace, "50", now=now), propose(workspace, "60", now=now)


def test_in_a_split_the_next_follows_a_decision(browse, token, world, pair):
    """Outside of one the proposal itself is shown; the row is told what became of it."""
    rita = browse(world.rita)
    answer = post(rita, token, "approve", pair[0], split="all")
    page = answer.content.decode()
    assert f'data-proposal="{pair[1].pk}"' in page
    assert "Approved. 1 left." in page
    assert str(pair[0].pk) in answer["HX-Trigger"]
    last = post(rita, token, "reject", pair[1], split="all", reason="Too low.").content.decode()
    assert "All clear" in last


def test_what_the_browser_has_ready_is_not_sent_again(browse, token, world, pair):
    """Only while it is as it was: another binding, or an event since, and it is sent anew."""
    sequence()
    rita, ready = browse(world.rita), {"ready": str(pair[1].pk), "ready_seen": "999999"}
    stale = post(rita, token, "skip", pair[0], split="all", ready_binding="0" * 64, **ready)
    assert "HX-Trigger-After-Settle" not in stale
    ready["ready"] = str(pair[0].pk)
    fresh = post(rita, token, "skip", pair[1], split="all", ready_binding=pair[0].binding, **ready)
    assert fresh["HX-Reswap"] == "none"
    assert f"{pair[0].pk}/?split=all" in fresh["HX-Trigger-After-Settle"]
    assert '<article id="panel"' not in fresh.content.decode()


def test_who_opens_holds_it_and_the_other_reads(browse, token, world, pair):
    """A claim is a POST; another's is refused with words, and their buttons are disabled."""
    rita, olga = browse(world.rita), browse(world.olga)
    assert rita.get(reverse("console:claim", args=[pair[0].pk])).status_code == 405
    assert post(rita, token, "claim", pair[0]).status_code == 204
    refused = post(olga, token, "claim", pair[0])
    assert (refused.status_code, b"is deciding this until" in refused.content) == (409, True)
    page = olga.get(reverse("console:proposal", args=[pair[0].pk])).content.decode()
    assert 'data-state="other"' in page
    assert 'data-command="approve" disabled' in page
    assert post(olga, token, "approve", pair[0]).status_code == 409
    assert post(rita, token, "let-go", pair[0]).status_code == 204
    assert post(rita, token, "keep", pair[0]).status_code == 409
    assert post(olga, token, "approve", pair[0]).status_code == 200
    assert post(browse(world.mallory), token, "claim", pair[1]).status_code == 404


def test_snoozing_by_preset_by_time_and_wrongly(browse, token, world, pair):
    """Presets and a typed time in UTC; without one the form stays open and says so."""
    rita = browse(world.rita)
    assert post(rita, token, "snooze", pair[0], last="hour").status_code == 200
    pair[0].refresh_from_db()
    assert abs(pair[0].snoozed_until - timezone.now() - timedelta(hours=1)) < timedelta(minutes=1)
    wrong = post(rita, token, "snooze", pair[1], until="soon")
    assert (wrong.status_code, b"type a day and a time" in wrong.content) == (422, True)
    until = (timezone.now() + timedelta(hours=5)).replace(second=0, microsecond=0)
    assert post(rita, token, "snooze", pair[1], until=f"{until:%Y-%m-%dT%H:%M}").status_code == 200
    pair[1].refresh_from_db()
    assert pair[1].snoozed_until == until


def test_bulk_shows_first_and_the_server_refuses_what_is_not_low(browse, token, world, pair):
    """A preview changes nothing; bindings of medium risk sent by hand are all refused."""
    rita = browse(world.rita)
    shown = rita.get(reverse("console:bulk"), {"pick": [str(one.pk) for one in pair]})
    assert b"only low risk is approved together" in shown.content
    data = {f"binding-{one.pk}": one.binding for one in pair}
    answer = rita.post(reverse("console:bulk"), {**data, "csrfmiddlewaretoken": token(rita)})
    assert answer.status_code == 422
    assert Proposal.objects.filter(state=State.WAITING).count() == 2


def test_bulk_takes_a_look_at_those_that_were_drawn(browse, token, world, pair):
    """The page names them and opens them; who skips that is led back to it, nothing is approved."""
    Proposal.objects.update(risk=Risk.LOW)
    rita, address = browse(world.rita), reverse("console:bulk")
    picked = {"pick": [str(one.pk) for one in pair]}
    assert "Open 2 of these first" in rita.get(address, picked).content.decode()
    data = {f"binding-{one.pk}": one.binding for one in pair}
    led_back = rita.post(address, {**data, "csrfmiddlewaretoken": token(rita)}, follow=True)
    assert "Nothing was approved. Open 2 of these first" in led_back.content.decode()
    for one in pair:
        given = {**data, "binding": one.binding, "csrfmiddlewaretoken": token(rita)}
        shown = rita.post(reverse("console:open-section", args=[one.pk, "facts"]), given)
        assert shown["Location"].startswith(reverse("console:proposal", args=[one.pk]))
    page = rita.get(address, picked).content.decode()
    assert "of these first" not in page
    assert page.count("Drawn, and opened by you") == 2
    done = rita.post(address, {**data, "csrfmiddlewaretoken": token(rita)})
    assert "2 approved" in done.content.decode()


def test_bulk_says_what_speaks_against_all_and_leaves_out_what_is_decided(
    browse, token, world, workspace, pair
):
    """Also when it was posted by hand, however the ids are written."""
    rita, address = browse(world.rita), reverse("console:bulk")
    operations.reject(proposal_id=pair[0].pk, user=world.olga, binding=pair[0].binding,
                      reason="No.", now=timezone.now())  # fmt: skip
    page = rita.get(address, {"pick": [str(pair[0].pk)]}).content.decode()
    assert "It waits for no approval any more: rejected by a person" in page
    many = [propose(workspace, "12", now=timezone.now()) for _ in range(51)]
    Proposal.objects.update(risk=Risk.LOW)
    data = {f"binding-{one.pk}".upper().replace("BINDING", "binding"): one.binding for one in many}
    answer = rita.post(address, {**data, "csrfmiddlewaretoken": token(rita)})
    assert answer.status_code == 422
    assert "These are 51; at most 50 are possible at once" in answer.content.decode()


def test_history_by_me_and_by_words(browse, world, pair):
    """Only what the person decided; every word begins a word of the title."""
    operations.reject(proposal_id=pair[0].pk, user=world.rita, binding=pair[0].binding,
                      reason="No.", now=timezone.now())  # fmt: skip
    rita, olga = browse(world.rita), browse(world.olga)
    for client, address, found in (
        (rita, "/history/?by=me", 1), (olga, "/history/?by=me", 0),
        (olga, "/history/?q=pri+50", 1), (olga, "/history/?q=unheard", 0),
        (olga, "/history/?q=%27%3A%2A%26%29", 1),
    ):  # fmt: skip
        assert len(client.get(address).context["rows"]) == found


def test_the_history_of_one_agent(browse, world, workspace, now):
    """Of ours or from outside, by name; an agent that is not here narrows nothing."""
    agent = register(workspace, world.otto, name="ERP", now=now)
    for one in (Origin(by="key:1", trigger="api", agent_id=agent.pk, agent=str(agent)), AGENT):
        propose(workspace, "5", now=now, origin=one)
    page = browse(world.rita).get(f"/history/?agent={agent.pk}")
    assert [row["proposal"].agent for row in page.context["rows"]] == ["ERP (outside)"]
    assert f'value="{agent.pk}" selected>ERP (outside)<' in page.content.decode()
    for other in (world.rita.pk, "x"):
        assert len(browse(world.rita).get(f"/history/?agent={other}").context["rows"]) == 2
