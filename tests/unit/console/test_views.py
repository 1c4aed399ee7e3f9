"""Pages: who sees what, what they cost, and that only a POST with a token decides."""

import json
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.accounts import operations as accounts
from apps.accounts.models import Role, User
from apps.audit import bell, heartbeat
from apps.audit.health import DEAF_AFTER, Part
from apps.audit.models import Pulse
from apps.audit.operations import sequence
from apps.gateway.models import Execution
from apps.gateway.models import State as ExecutionState
from apps.policies import operations as policies
from apps.proposals import operations
from apps.proposals.models import Proposal, Review, State
from apps.proposals.reading import queue
from tests.conftest import LIMITS, RULES
from tests.factories.proposals import draft, propose

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "panel"}
ROUND_TRIPS = 46  # queries of the fullest page, whatever it shows


def url(name, proposal):
    return reverse(f"console:{name}", args=[proposal.pk])


@pytest.fixture
def waiting(world, workspace) -> Proposal:
    """One proposal of 50 EUR that waits."""
    return propose(workspace, "50", now=timezone.now())


def _origin():
    return operations.Origin(by="agent:x", trigger="schedule", agent="Repricer")


@pytest.mark.django_db(transaction=True)
def test_the_inbox_costs_the_same_with_one_and_with_fifty(
    browse, world, waiting, workspace, django_assert_max_num_queries
):
    """The number of queries does not grow with what waits."""
    client = browse(world.rita)
    sequence()
    with django_assert_max_num_queries(ROUND_TRIPS) as one:
        assert client.get("/").status_code == 200
    operations.submit(workspace=workspace, drafts=[draft(str(a)) for a in range(20, 70)],
                      origin=_origin(), now=timezone.now())  # fmt: skip
    sequence()
    with django_assert_max_num_queries(len(one.captured_queries)):
        page = client.get("/").content.decode()
    assert page.count('class="row"') == 51


@pytest.mark.django_db(transaction=True)
def test_a_proposal_is_shown_in_full(browse, world, waiting, django_assert_max_num_queries):
    """Before and after, reasons, rule and version, effect, undo, and the form with its binding."""
    sequence()
    with django_assert_max_num_queries(ROUND_TRIPS):
        page = browse(world.rita).get(url("proposal", waiting)).content.decode()
    for words in ("50.00", "The competitor is cheaper.", "larger amounts wait", "version 1",
                  "The shop sells this variant at the new price", "Cannot be undone", "Medium risk",
                  "What has happened so far", "1 approval needed", waiting.binding):  # fmt: skip
        assert words in page


def test_htmx_gets_the_part_and_history_the_page(browse, world, waiting):
    """The same address answers with the panel alone, and with the page when going back."""
    client = browse(world.rita)
    part = client.get(url("proposal", waiting), **HTMX)
    assert part.content.lstrip().startswith(b"<article")
    assert part["Cache-Control"] == "no-store, private"
    back = client.get(url("proposal", waiting), **HTMX, HTTP_HX_HISTORY_RESTORE_REQUEST="true")
    assert b"<!DOCTYPE html>" in back.content


def test_strangers_are_sent_to_sign_in(client, waiting):
    """Without a session every page leads to the sign-in page, for htmx as a redirect it obeys."""
    assert client.get("/").headers["Location"].startswith("/accounts/login/?next=")
    part = client.get(url("proposal", waiting), **HTMX)
    assert part.headers["HX-Redirect"].startswith("/accounts/login/")


def test_another_workspace_sees_nothing(browse, world, waiting):
    """Not by address, not by decision, not in lists."""
    client = browse(world.mallory)
    assert client.get(url("proposal", waiting)).status_code == 404
    for name in ("approve", "reject"):
        client.get("/history/")
        token = client.cookies["csrftoken"].value
        data = {"binding": waiting.binding, "reason": "x", "csrfmiddlewaretoken": token}
        assert client.post(url(name, waiting), data).status_code == 404
    assert str(waiting.pk).encode() not in client.get("/").content
    assert client.get(reverse("console:run", args=[uuid4()])).status_code == 404


def test_a_person_without_a_workspace_is_told(browse, db):
    """A clear page, not an error."""
    answer = browse(User.objects.create_user("lone@example.com", "x")).get("/")
    assert answer.status_code == 403
    assert b"no workspace yet" in answer.content


@pytest.mark.parametrize("name", ["approve", "reject"])
def test_a_get_decides_nothing(browse, world, waiting, name):
    """Only POST may."""
    answer = browse(world.rita).get(url(name, waiting), {"binding": waiting.binding})
    assert answer.status_code == 405
    assert not Review.objects.exists()


def test_a_post_without_a_token_decides_nothing(browse, world, waiting):
    """Another site cannot decide in a reviewer's name."""
    answer = browse(world.rita).post(url("approve", waiting), {"binding": waiting.binding})
    assert answer.status_code == 403
    assert not Review.objects.exists()


def post(client, token, name, proposal, **data):
    given = {"binding": proposal.binding, "csrfmiddlewaretoken": token(client), **data}
    return client.post(url(name, proposal), given, **HTMX)


def test_approving_and_what_is_next(browse, token, world, waiting, workspace):
    """The page tells that it is approved, and leads to the next one."""
    other = propose(workspace, "60", now=timezone.now())
    answer = post(browse(world.rita), token, "approve", waiting)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'data-state="approved"' in page
    assert "data-edited" not in page
    assert "Approved. 1 left." in page
    assert url("proposal", other) in page


def test_without_javascript_a_decision_redirects(browse, token, world, waiting):
    """Reloading the page afterwards repeats nothing."""
    client = browse(world.rita)
    data = {"binding": waiting.binding, "csrfmiddlewaretoken": token(client)}
    answer = client.post(url("approve", waiting), data)
    assert (answer.status_code, answer.headers["Location"]) == (302, url("proposal", waiting))


def test_above_the_limit_it_is_forbidden(browse, token, world, waiting):
    """403 in place; the proposal still waits."""
    answer = post(browse(world.jun), token, "approve", waiting)
    assert answer.status_code == 403
    assert b"Your authority does not cover this" in answer.content
    waiting.refresh_from_db()
    assert waiting.state == State.WAITING


def test_the_page_says_beforehand_who_may_not(browse, world, waiting):
    """What the server would answer, instead of the button."""
    page = browse(world.jun).get(url("proposal", waiting)).content.decode()
    assert "Your authority does not cover this: set price of 50.00 EUR." in page
    assert "You can still reject it." in page
    assert "does not cover" not in browse(world.rita).get(url("proposal", waiting)).content.decode()


def test_the_second_decision_conflicts(browse, token, world, waiting):
    """409, and what was typed is still there in a page of the state now."""
    post(browse(world.rita), token, "approve", waiting)
    answer = post(browse(world.olga), token, "reject", waiting, reason="Too late, I know")
    assert answer.status_code == 409
    assert b"no longer open" in answer.content


def test_a_changed_policy_gives_it_back(browse, token, world, waiting, workspace):
    """409 with what has changed, the new binding in the form, and the typed edit kept."""
    version = policies.draft(workspace=workspace, name="Guardrails", rules=RULES,
                             limits=LIMITS | {"most": 900}, by="t", now=timezone.now())  # fmt: skip
    policies.publish(version=version, by="t", now=timezone.now())
    key = f"edit-{waiting.changes.get().pk}-amount"
    answer = post(browse(world.rita), token, "approve", waiting, form="edit", **{key: "55"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "This came back" in page
    assert 'value="55"' in page
    waiting.refresh_from_db()
    assert waiting.binding in page


def test_what_does_not_fit_is_said_at_its_field(browse, token, world, waiting):
    """422, the problem beside the input, and the input as it was typed."""
    key = f"edit-{waiting.changes.get().pk}-amount"
    answer = post(browse(world.rita), token, "approve", waiting, form="edit", **{key: "plenty"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in page
    assert 'value="plenty"' in page
    assert "Amount: “plenty” is not an amount in EUR. Write it like 1250.00 EUR." in page


def test_an_edited_proposal_says_so_beside_its_title(browse, token, world, waiting):
    """The title names the amount as it is now; what was edited stands below it."""
    key = f"edit-{waiting.changes.get().pk}-amount"
    answer = post(browse(world.rita), token, "approve", waiting, form="edit", **{key: "45,5"})
    page = answer.content.decode()
    assert "Edited by a reviewer: amount €45.50." in page
    assert '<h1 id="panel-title" tabindex="-1">Price to 45.50</h1>' in page


@pytest.fixture
def unproven(waiting, world) -> Proposal:
    """An approved proposal whose execution ended without proof."""
    approved = operations.approve(
        proposal_id=waiting.pk, user=world.rita, binding=waiting.binding, now=timezone.now()
    )
    Execution.objects.update(
        state=ExecutionState.NEEDS_PERSON, attempts=8, error="The shop never answered."
    )
    Proposal.objects.filter(pk=approved.pk).update(state=State.NEEDS_PERSON)
    approved.refresh_from_db()
    return approved


def test_what_is_unproven_waits_for_a_person(browse, world, unproven):
    """It is listed and counted in words, with what is known and both answers."""
    client = browse(world.rita)
    page = client.get("/").content.decode()
    execution = Execution.objects.get()
    for words in ("Open case: a person has to look", "The shop never answered.", "8 attempts",
                  execution.key, execution.target, "What did you see?", "It happened",
                  "It did not happen"):  # fmt: skip
        assert words in page
    assert client.get("/inbox/count").content.startswith(b"1")


@pytest.mark.parametrize(
    ("answer", "state", "said"),
    [("yes", State.DONE, "it happened."), ("no", State.FAILED, "it did not.")],
)
def test_a_person_says_what_happened(browse, token, world, unproven, answer, state, said):
    """Either answer ends it, and it leaves the inbox."""
    client = browse(world.rita)
    page = post(client, token, "resolve", unproven, happened=answer, reason="I looked in the shop.")
    assert page.status_code == 200
    assert f"Recorded: {said} 0 left." in page.content.decode()
    unproven.refresh_from_db()
    assert unproven.state == state
    assert queue.queue(unproven.workspace_id, world.rita, now=timezone.now()) == []
    again = post(client, token, "resolve", unproven, happened=answer, reason="Again")
    assert again.status_code == 409


def test_what_happened_is_only_told_in_full(browse, token, world, unproven):
    """Neither without an answer, nor without a reason, nor by somebody whose limit is lower."""
    rita, jun = browse(world.rita), browse(world.jun)
    unsaid = post(rita, token, "resolve", unproven, reason="I looked in the shop.")
    assert (unsaid.status_code, b"I looked in the shop." in unsaid.content) == (422, True)
    empty = post(rita, token, "resolve", unproven, happened="yes", reason=" ")
    assert (empty.status_code, b"Say what you saw." in empty.content) == (422, True)
    assert b"Somebody else has to say" in jun.get(url("proposal", unproven)).content
    assert post(jun, token, "resolve", unproven, happened="no", reason="x").status_code == 403
    stranger = browse(world.mallory)
    assert post(stranger, token, "resolve", unproven, happened="no", reason="x").status_code == 404
    unproven.refresh_from_db()
    assert unproven.state == State.NEEDS_PERSON


def test_without_javascript_a_refusal_is_a_whole_page(browse, token, world, waiting):
    """The list beside it, the day's numbers included, as on every other page."""
    client = browse(world.rita)
    data = {"binding": waiting.binding, "reason": "", "csrfmiddlewaretoken": token(client)}
    answer = client.post(url("reject", waiting), data)
    assert answer.status_code == 422
    assert b"<!DOCTYPE html>" in answer.content
    assert answer.context["decided_today"] == 0


def test_browsers_find_the_icon(client, db):
    """Also on pages that name none."""
    assert client.get("/favicon.ico").headers["Location"].endswith(".svg")


def test_a_denied_edit_changes_nothing(browse, token, world, waiting):
    """409 with the policy's reason, as through the API."""
    key = f"edit-{waiting.changes.get().pk}-amount"
    answer = post(browse(world.olga), token, "approve", waiting, form="edit", **{key: "5000"})
    assert answer.status_code == 409
    assert b"Beyond what is ever allowed." in answer.content


def test_rejecting_needs_a_reason(browse, token, world, waiting):
    """422 without, rejected with."""
    client = browse(world.rita)
    assert post(client, token, "reject", waiting, reason=" ").status_code == 422
    answer = post(client, token, "reject", waiting, chip="Already handled")
    assert answer.status_code == 200
    assert b'data-state="rejected"' in answer.content


def test_texts_of_others_are_only_text(browse, world, workspace):
    """A title with markup is shown, never run."""
    evil = draft("50")
    object.__setattr__(evil, "title", "<script>alert(1)</script>")
    object.__setattr__(evil, "rationale", "<img src=x onerror=alert(1)>")
    [made] = operations.submit(
        workspace=workspace, drafts=[evil], origin=_origin(), now=timezone.now()
    )
    page = browse(world.rita).get(url("proposal", made)).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_nothing_inline_is_on_a_page(browse, world, waiting):
    """The policy of the browser allows no inline script or style; the pages need none."""
    answer = browse(world.rita).get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    page = answer.content.decode()
    for forbidden in ("<style", " style=", "onclick=", "<script>"):
        assert forbidden not in page


def test_history_is_paged_and_narrowed(browse, world, workspace):
    """Fifty a page, older ones behind a cursor, one state when asked."""
    operations.submit(workspace=workspace, drafts=[draft("5") for _ in range(55)],
                      origin=_origin(), now=timezone.now())  # fmt: skip
    denied = propose(workspace, "5000", now=timezone.now())
    client = browse(world.rita)
    first = client.get("/history/")
    older = first.context["older"]
    assert len(first.context["rows"]) == 50
    assert len(client.get("/history/", {"before": older}).context["rows"]) == 6
    only = client.get("/history/", {"state": "denied"}).context["rows"]
    assert [row["proposal"] for row in only] == [denied]
    assert client.get("/history/", {"before": "nonsense"}).status_code == 200


@pytest.mark.parametrize("path", ["/runs/", "/trace/", "/history/", "/inbox/count"])
def test_every_page_opens(browse, world, waiting, path):
    """For a reviewer, with something in the log."""
    sequence()
    assert browse(world.rita).get(path).status_code == 200


def test_switching_the_workspace(browse, token, world, waiting, elsewhere, now):
    """Only to one's own; what is shown follows."""
    accounts.add_member(
        workspace=elsewhere, user=world.rita, role=Role.REVIEWER, by="test", now=now
    )
    client = browse(world.rita)
    data = {"workspace": str(elsewhere.pk), "csrfmiddlewaretoken": token(client)}
    assert client.post(reverse("console:switch"), data).status_code == 302
    assert client.get(url("proposal", waiting)).status_code == 404
    data["workspace"] = str(uuid4())
    assert client.post(reverse("console:switch"), data).status_code == 404
    data["workspace"] = "nonsense"
    assert client.post(reverse("console:switch"), data).status_code == 404


def test_single_keys_can_be_turned_off(browse, token, world, waiting):
    """For the person, everywhere, at once."""
    client = browse(world.rita)
    assert b"data-keys" in client.get("/").content
    client.post(reverse("console:shortcuts"), {"on": "0", "csrfmiddlewaretoken": token(client)})
    assert b"data-keys" not in client.get("/").content


def test_health_needs_no_session(client, db):
    """Alive, and ready with the lag and the broker told."""
    assert json.loads(client.get("/healthz").content) == {"status": "ok"}
    ready = json.loads(client.get("/readyz").content)
    assert (ready["database"], ready["broker"], ready["lag"]) == ("ok", "ok", 0)


def test_ready_tells_who_does_their_part(client, db):
    """A deaf worker degrades the whole, which still serves; nobody is told a host's name."""
    now = timezone.now()
    for part in (Part.BROKER, Part.SWEEPER):
        Pulse.objects.create(name=part, part=part, since=now, seen_at=now, busy_at=now)
    heartbeat.greet(worker="aios@host.example", now=now)
    heartbeat.record_canary(worker="aios@host.example", now=now)
    ready = json.loads(client.get("/readyz").content)
    assert ready["status"] == "ok"
    assert [worker["state"] for worker in ready["workers"]] == ["well"]
    assert ready["workers"][0]["seconds_since_heartbeat"] < 5
    Pulse.objects.filter(part=Part.WORKER).update(missed=DEAF_AFTER)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["status"]) == (200, "degraded")
    assert response.json()["workers"][0]["state"] == "deaf"
    assert b"host.example" not in response.content


def test_without_the_broker_it_is_still_ready(client, db, settings, monkeypatch):
    """The doorbell is reported, not required."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(bell, "_client", None)
    assert json.loads(client.get("/readyz").content)["broker"] == "unreachable"
    monkeypatch.setattr(bell, "_client", None)
