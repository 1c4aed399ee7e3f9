"""Operations: who sees and does what there, what the pages cost, and that only POST acts."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.audit.models import Event
from apps.audit.operations import sequence
from apps.gateway.configuration import rotate_credential
from apps.gateway.errors import Unreachable
from apps.gateway.models import Breaker, Circuit, Execution, Grant, KillSwitch, State
from apps.gateway.switches import engage, engaged, release
from apps.inference.models import Breaker as ModelBreaker
from apps.proposals import operations
from apps.proposals.models import Proposal
from apps.proposals.models import State as ProposalState
from tests.factories.proposals import draft, propose

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}
OPERATING = ("console:stuck", "console:connectors", "console:stop")
NOBODY = "00000000-0000-4000-8000-000000000000"  # no agent and no connector


def make(workspace, count, *, now=None):
    """So many allowed proposals, whose executions are due."""
    origin = operations.Origin(by="agent:x", trigger="schedule", agent="Repricer")
    drafts = [draft("5") for _ in range(count)]
    operations.submit(workspace=workspace, drafts=drafts, origin=origin, now=now or timezone.now())


@pytest.fixture
def due(world, workspace) -> Execution:
    """One execution that is due."""
    propose(workspace, "5", now=timezone.now())
    return Execution.objects.get()


@pytest.fixture
def done(due) -> Execution:
    """One that is done and proven."""
    operations.execute(worker="w-1", clock=timezone.now)
    sequence()
    due.refresh_from_db()
    assert due.state == State.DONE
    return due


@pytest.fixture
def parked(due) -> Execution:
    """One that was set aside; its proposal needs a person."""
    Execution.objects.update(state=State.PARKED, error="Set aside.", deliveries=3,
                             finished_at=timezone.now(), reported=True)  # fmt: skip
    Proposal.objects.update(state=ProposalState.NEEDS_PERSON)
    due.refresh_from_db()
    return due


@pytest.fixture
def halted(world, workspace) -> KillSwitch:
    """A switch that stops everything."""
    return engage(workspace=workspace, scope="workspace", target="", by=world.otto.actor,
                  reason="The shop sends odd prices.", now=timezone.now())  # fmt: skip


def url(name, row):
    return reverse(f"console:{name}", args=[row.pk])


def post(client, token, address, *, htmx=False, **data):
    form = {"csrfmiddlewaretoken": token(client), **data}
    return client.post(address, form, **(HTMX if htmx else {}))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["executions", "stuck", "connectors", "stop"])
def test_pages_cost_the_same_with_ten_and_with_two_hundred(
    browse, world, workspace, name, django_assert_max_num_queries
):
    """The number of queries does not grow with the rows."""
    client = browse(world.otto)
    long_ago = timezone.now() - timedelta(hours=1)
    make(workspace, 10, now=long_ago)
    Execution.objects.update(state=State.UNKNOWN)
    address = reverse(f"console:{name}")
    client.get(address)
    with django_assert_max_num_queries(24) as ten:
        assert client.get(address).status_code == 200
    make(workspace, 190, now=long_ago)
    Execution.objects.filter(state=State.DUE).update(state=State.UNKNOWN)
    with django_assert_max_num_queries(len(ten.captured_queries)):
        assert client.get(address).status_code == 200


class TestExecutions:
    def test_they_are_paged_and_narrowed(self, browse, world, workspace, connector):
        """Fifty a page behind a cursor that keeps the filters; unknown filters narrow nothing."""
        make(workspace, 55)
        client, address = browse(world.rita), reverse("console:executions")
        first = client.get(address, {"state": "due", "action": "set_price"})
        assert len(first.context["rows"]) == 50
        older = first.context["older"]
        assert f"state=due&amp;action=set_price&amp;before={older}" in first.content.decode()
        assert len(client.get(address, {"before": older}).context["rows"]) == 5
        Execution.objects.filter(pk=older).update(state=State.STALE)
        for wanted, count in (({"state": "stale"}, 1), ({"action": "send_message"}, 0),
                              ({"connector": connector.pk}, 50), ({"connector": uuid4()}, 0),
                              ({"state": "x", "action": "x", "connector": "x", "before": "x"}, 50)):  # fmt: skip
            assert len(client.get(address, wanted).context["rows"]) == count, wanted

    @pytest.mark.django_db(transaction=True)
    def test_one_tells_everything(self, browse, world, done, django_assert_max_num_queries):
        """Change, attempts with their digests, the used grant, the receipt, the log."""
        client = browse(world.rita)
        with django_assert_max_num_queries(24):
            page = client.get(url("execution", done)).content.decode()
        grant = Grant.objects.get()
        assert grant.action_hash not in page
        for words in ("Done and proven", done.reference, done.key, "w-1", 'data-attempt="1"',
                      'data-grant="used"', "Request (SHA-256)", "Answer (SHA-256)",
                      "carried out the price", "Price to 5", "5.00"):  # fmt: skip
            assert words in page, words

    def test_a_reviewer_reads_and_does_not_act(self, browse, token, world, due):
        """No button, and a request made by hand is refused and changes nothing."""
        rita = browse(world.rita)
        page = rita.get(url("execution", due)).content.decode()
        assert "Dry run" not in page
        assert reverse("console:stuck") not in page
        for name in OPERATING:
            assert rita.get(reverse(name)).status_code == 403
        for name in ("dry_run", "resubmit"):
            assert post(rita, token, url(name, due), reason="x").status_code == 403

    def test_nothing_is_seen_from_elsewhere(self, browse, token, world, due, halted):
        """Neither the row, nor the switch, nor by any verb."""
        client = browse(world.mallory)
        assert client.get(url("execution", due)).status_code == 404
        for name in ("dry_run", "resubmit"):
            assert post(client, token, url(name, due), reason="x").status_code == 404
        assert post(client, token, url("release", halted)).status_code == 404
        for name in ("executions", *(name.removeprefix("console:") for name in OPERATING)):
            page = client.get(reverse(f"console:{name}")).content.decode()
            assert str(due.pk) not in page
            assert str(due.connector_id) not in page
            assert "odd prices" not in page
        assert engaged(halted.workspace_id).get() == halted

    @pytest.mark.parametrize("name", ["executions", *(name[8:] for name in OPERATING)])
    def test_a_page_knows_what_it_has_seen(self, browse, world, due, name):
        """So that it follows the log from there, also on its later pages."""
        answer = browse(world.otto).get(reverse(f"console:{name}"), {"after": uuid4()})
        assert answer.context["after"] == 0
        assert b'data-after="0"' in answer.content

    @pytest.mark.parametrize("name", ["dry_run", "resubmit", "release", "reset"])
    def test_a_get_does_nothing(self, browse, world, due, name):
        """Only POST may."""
        assert browse(world.otto).get(url(name, due)).status_code == 405

    def test_htmx_gets_the_part(self, browse, world, done):
        """What is refreshed while it is open."""
        part = browse(world.rita).get(url("execution", done), **HTMX, HTTP_HX_TARGET="execution")
        assert part.content.lstrip().startswith(b"<article")


class TestDryRun:
    def test_it_tells_and_changes_nothing(self, browse, token, world, due):
        """In place with htmx, in a page without; no event, no state, no effect."""
        client = browse(world.otto)
        events, before = Event.objects.count(), Execution.objects.values().get()
        part = post(client, token, url("dry_run", due), htmx=True).content.decode()
        assert "It would be called now." in part
        assert "5.00" in part
        whole = post(client, token, url("dry_run", due)).content.decode()
        assert "<!DOCTYPE html>" in whole
        assert "It would be called now." in whole
        assert (Event.objects.count(), Execution.objects.values().get()) == (events, before)

    def test_it_tells_what_is_in_the_way(self, browse, token, world, due, halted):
        """A switch is named with its reason."""
        part = post(browse(world.otto), token, url("dry_run", due), htmx=True).content.decode()
        assert "It would not be called now." in part
        assert "Kill switch:" in part
        assert "odd prices" in part


class TestStuck:
    def test_each_reason_is_told(self, browse, world, workspace, connector):
        """Why, for everything that waits too long; nothing else is listed."""
        now = timezone.now()
        hour_ago = now - timedelta(hours=1)
        make(workspace, 9)
        ids = list(Execution.objects.order_by("id").values_list("pk", flat=True))
        for pk, fields in zip(ids, (
            {"state": State.CALLING, "lease_until": hour_ago},
            {"state": State.UNKNOWN},
            {"state": State.NEEDS_PERSON, "finished_at": now},
            {"state": State.PARKED, "finished_at": now},
            {"state": State.STALE, "finished_at": hour_ago},
            {"not_before": hour_ago},
            {"error": "The shop is away.", "not_before": now + timedelta(seconds=9)},
            {"state": State.CLAIMED, "lease_until": now + timedelta(minutes=1)},
            {"not_before": now + timedelta(seconds=9)},
        ), strict=True):  # fmt: skip
            Execution.objects.filter(pk=pk).update(**fields)
        client, address = browse(world.otto), reverse("console:stuck")
        found = {row["execution"].pk: row["why"] for row in client.get(address).context["rows"]}
        told = ["lapsed", "unknown", "needs_person", "parked", "stale", "late", "away"]
        assert [found.pop(pk) for pk in ids[:7]] == told
        assert found == {}
        Breaker.objects.create(connector=connector, workspace=workspace, circuit=Circuit.OPEN)
        kinds = {kind["why"]: kind["count"] for kind in client.get(address).context["kinds"]}
        assert kinds["breaker"] == 3
        engage(workspace=workspace, scope="action", target="set_price", by="t", reason="x", now=now)
        only = client.get(address, {"why": "stopped"}).context
        assert len(only["rows"]) == 3
        assert "late" not in [kind["why"] for kind in only["kinds"]]

    def test_what_a_person_has_settled_is_not_stuck(self, browse, world, parked):
        """Once its proposal has ended, or goes on with a newer execution, it is history."""
        client, address = browse(world.otto), reverse("console:stuck")
        assert len(client.get(address).context["rows"]) == 1
        Proposal.objects.update(state=ProposalState.FAILED)
        assert client.get(address).context["rows"] == []

    def test_pages_go_on_behind_a_cursor(self, browse, world, workspace):
        """Fifty a page, oldest first."""
        make(workspace, 55)
        Execution.objects.update(state=State.UNKNOWN)
        client, address = browse(world.otto), reverse("console:stuck")
        first = client.get(address).context
        assert (len(first["rows"]), first["total"]) == (50, 55)
        assert len(client.get(address, {"after": first["more"]}).context["rows"]) == 5


class TestRepair:
    def test_what_was_set_aside_goes_before_a_reviewer(self, browse, token, world, parked):
        """With a reason the proposal waits again; the operator is led to it."""
        client = browse(world.otto)
        assert (
            "Put before a reviewer again" in client.get(url("execution", parked)).content.decode()
        )
        answer = post(client, token, url("resubmit", parked), reason="The title was too long.")
        proposal = Proposal.objects.get()
        assert (answer.status_code, proposal.state) == (302, "waiting")
        assert answer.headers["Location"] == url("proposal", proposal)
        assert client.get(reverse("console:stuck")).context["rows"] == []

    def test_not_without_a_reason_and_not_twice(self, browse, token, world, parked):
        """422 and 409 in place, and nothing changes."""
        client = browse(world.otto)
        empty = post(client, token, url("resubmit", parked), reason=" ")
        assert (empty.status_code, b"Say what was done" in empty.content) == (422, True)
        post(client, token, url("resubmit", parked), reason="Mended.")
        again = post(client, token, url("resubmit", parked), reason="Mended.")
        assert (again.status_code, b"Nothing is stuck here" in again.content) == (409, True)

    def test_a_back_end_that_is_away_is_said(self, browse, token, world, parked, monkeypatch):
        """503 in place, whichever way it is away."""

        def away(**_: object) -> None:
            raise Unreachable("Nobody answers.")

        monkeypatch.setattr(operations, "resubmit", away)
        answer = post(browse(world.otto), token, url("resubmit", parked), reason="Mended.")
        assert (answer.status_code, b"Nobody answers." in answer.content) == (503, True)


class TestConnectors:
    def test_it_tells_how_each_stands(self, browse, world, connector, done, now):
        """Breaker, rate, what waits and what came last; the secret is nowhere."""
        rotate_credential(connector=connector, secret="open-sesame", by="t", now=now)
        propose(connector.workspace, "6", now=timezone.now())
        Breaker.objects.create(connector=connector, workspace_id=connector.workspace_id,
                               circuit=Circuit.OPEN, failures=7, error="Timed out.", opened_at=now,
                               probe_at=now)  # fmt: skip
        page = browse(world.otto).get(reverse("console:connectors")).content.decode()
        for words in ('data-circuit="open"', "7 failures in a row", "Timed out.", "no limit of ours",
                      "Close the breaker", url("execution", done)):  # fmt: skip
            assert words in page
        assert "open-sesame" not in page

    def test_models_left_alone_stand_there_too(self, browse, world, workspace, elsewhere, now):
        """Which, since when and why; one in order, and another workspace's, are not there."""
        for owner, name, circuit in ((workspace, "gpt-away", "open"), (workspace, "gpt-ok", "closed"),
                                     (elsewhere, "gpt-foreign", "open")):  # fmt: skip
            ModelBreaker.objects.create(
                workspace=owner, endpoint="https://models.example/v1", model=name, failures=5,
                circuit=circuit, opened_at=now, probe_at=now, error="HTTP 503",
            )  # fmt: skip
        page = browse(world.otto).get(reverse("console:connectors")).content.decode()
        for words in (
            "Models left alone",
            'data-model="gpt-away"',
            "5 failures in a row: HTTP 503",
        ):
            assert words in page
        assert "gpt-ok" not in page
        assert "gpt-foreign" not in page

    def test_a_breaker_is_closed_by_hand(self, browse, token, world, connector, now):
        """By an operator of its workspace, with an event in their name."""
        Breaker.objects.create(connector=connector, workspace_id=connector.workspace_id,
                               circuit=Circuit.OPEN, failures=7, opened_at=now, probe_at=now)  # fmt: skip
        address = url("reset", connector)
        for person, status in ((world.mallory, 404), (world.rita, 403), (world.otto, 302)):
            assert Breaker.objects.get().circuit == Circuit.OPEN
            assert post(browse(person), token, address).status_code == status
        assert Breaker.objects.get().circuit == Circuit.CLOSED
        assert Event.objects.get(kind="breaker.closed").actor == world.otto.actor


class TestStop:
    def test_everything_is_stopped_and_goes_on(self, browse, token, world, due, workspace):
        """Engaged by an operator, with an event; nothing is called until the release."""
        client, address = browse(world.otto), reverse("console:stop")
        answer = post(client, token, address, what="workspace:", reason="Odd prices.")
        assert answer.headers["Location"] == address
        switch = engaged(workspace.pk).get()
        assert (switch.scope, switch.reason, switch.engaged_by) == (
            "workspace", "Odd prices.", world.otto.actor)  # fmt: skip
        assert "1 execution waits because" in client.get(address).content.decode()
        operations.execute(worker="w", clock=timezone.now)
        due.refresh_from_db()
        assert due.state == State.DUE
        post(client, token, url("release", switch))
        operations.execute(worker="w", clock=timezone.now)
        due.refresh_from_db()
        assert due.state == State.DONE
        page = client.get(address).content.decode()
        assert "Odd prices." in page
        assert "data-stop=" not in page

    def test_one_of_each_kind(self, browse, token, world, workspace, connector):
        """What the form offers can be stopped; links preselect it."""
        client, address = browse(world.otto), reverse("console:stop")
        for what in (f"connector:{connector.pk}", "action:set_price"):
            scope, _, target = what.partition(":")
            page = client.get(address, {"scope": scope, "target": target}).content.decode()
            assert f'value="{what}" selected' in page
            assert post(client, token, address, what=what, reason="x").status_code == 302
            assert engaged(workspace.pk).filter(scope=scope, target=target).exists()

    @pytest.mark.parametrize(
        ("what", "reason"),
        [("workspace:", " "), ("workspace:x", "r"), ("action:nothing", "r"), ("", "r"),
         (f"agent:{NOBODY}", "r"), (f"connector:{NOBODY}", "r")],
    )  # fmt: skip
    def test_what_does_not_fit(self, browse, token, world, workspace, what, reason):
        """422 with the form as it was; nothing is stopped."""
        answer = post(browse(world.otto), token, reverse("console:stop"), what=what, reason=reason)
        assert answer.status_code == 422
        assert b'role="alert"' in answer.content
        assert not KillSwitch.objects.exists()

    def test_everybody_reads_it_and_operators_release(self, browse, token, world, halted):
        """On every page: what, who, why; a reviewer has no button and is refused."""
        rita, olga = browse(world.rita), browse(world.olga)
        for path in ("/", "/history/", "/runs/", "/trace/", "/operations/"):
            page = rita.get(path).content.decode()
            for words in ("Everything is stopped", "by Otto", "odd prices"):
                assert words in page, path
            assert url("release", halted) not in page
            assert url("release", halted) in olga.get(path).content.decode()
        assert post(rita, token, url("release", halted)).status_code == 403
        assert post(rita, token, reverse("console:stop"), what="workspace:").status_code == 403
        back = post(olga, token, url("release", halted), next="/trace/")
        assert back.headers["Location"] == "/trace/"
        halted.refresh_from_db()
        assert halted.released_by == world.olga.actor
        assert "stopped" not in rita.get("/").content.decode()

    def test_the_way_back_stays_here(self, browse, token, world, halted):
        """An address elsewhere is not followed."""
        answer = post(
            browse(world.otto), token, url("release", halted), next="https://evil.example/"
        )
        assert answer.headers["Location"] == reverse("console:stop")

    def test_an_open_page_follows(self, browse, token, world, halted):
        """Nothing is swapped while nothing has changed; a release is, and it is announced."""
        rita, address = browse(world.rita), reverse("console:stops")
        assert rita.get(address, {"shown": str(halted.pk)}, **HTMX).status_code == 204
        assert b"Everything is stopped: " in rita.get(address, {"shown": ""}, **HTMX).content
        part = post(browse(world.otto), token, url("release", halted), htmx=True)
        assert b"Nothing is stopped any more." in part.content
        assert b"data-stop=" not in rita.get(address, {"shown": str(halted.pk)}, **HTMX).content

    def test_a_page_of_operations_is_reloaded(self, browse, token, world, halted):
        """Its figures depend on the switch."""
        client = browse(world.otto)
        here = {"HTTP_HX_CURRENT_URL": "http://testserver/operations/stuck/"}
        form = {"csrfmiddlewaretoken": token(client)}
        answer = client.post(url("release", halted), form, **HTMX, **here)
        assert answer.headers["HX-Refresh"] == "true"
        assert release(switch=halted, by="x", now=timezone.now()) is False
