"""Proposals through the API: read, submit, decide."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts import operations as accounts
from apps.accounts.models import Workspace
from apps.audit.models import Event
from apps.gateway.models import Connector, Execution
from apps.policies import operations as policies
from apps.policies.models import Version
from apps.proposals.models import Proposal, Review
from tests.conftest import Cast
from tests.factories.keys import Caller, caller
from tests.factories.proposals import letter, letters, price_change, propose
from tests.unit.api.calls import body, problem, verdict

pytestmark = pytest.mark.usefixtures("connector", "policy")


class TestReading:
    def test_pages_newest_first(self, otto: Caller, workspace: Workspace, now: datetime) -> None:
        """Pages follow each other without gap or overlap, newest first, in few queries."""
        made = [str(propose(workspace, 50 + n, now=now).pk) for n in range(7)]
        seen, cursor = [], None
        otto.get("/proposals")  # notes the key's use
        while True:
            with CaptureQueriesContext(connection) as used:
                page = otto.get("/proposals", limit=3, **({"cursor": cursor} if cursor else {}))
            assert len(used) <= 3  # key, membership, rows
            seen += [item["id"] for item in page.json()["items"]]
            cursor = page.json()["next_cursor"]
            if cursor is None:
                break
        assert seen == made[::-1]

    def test_filter_by_state(self, otto: Caller, workspace: Workspace, now: datetime) -> None:
        """Only proposals in the state are listed; an unknown state is 422."""
        waiting = propose(workspace, 50, now=now)
        propose(workspace, 5, now=now)
        found = otto.get("/proposals", state="waiting").json()["items"]
        assert [item["id"] for item in found] == [str(waiting.pk)]
        assert problem(otto.get("/proposals", state="odd"), 422)["errors"][0]["field"] == "state"

    @pytest.mark.parametrize(
        "query",
        [{"limit": 0}, {"limit": 201}, {"limit": "9" * 400}, {"limit": "1.5"}, {"cursor": "x"},
         {"cursor": "\0"}, {"cursor": ""}],
    )  # fmt: skip
    def test_bad_paging(self, otto: Caller, query: dict[str, Any]) -> None:
        """Sizes and cursors that do not fit are 422 with the parameter's name."""
        assert problem(otto.get("/proposals", **query), 422)["errors"][0]["field"] in query

    def test_in_full(self, otto: Caller, workspace: Workspace, now: datetime) -> None:
        """One proposal tells its change, the decision and the execution; decimals are strings."""
        proposal = propose(workspace, 5, now=now)
        with CaptureQueriesContext(connection) as used:
            found = otto.get(f"/proposals/{proposal.pk}").json()
        assert len(used) <= 9
        assert found["state"] == "approved"
        assert found["amount"] == "5.00"
        assert found["created_at"] == "2026-11-21T09:00:00Z"
        [change] = found["changes"]
        assert change["fields"] == [{"path": "amount", "before": "0.00", "after": "5.00"}]
        assert change["decision"]["outcome"] == "allow"
        assert change["decision"]["policy"] == "Guardrails"
        assert change["execution"]["state"] == "due"

    def test_more_changes_cost_no_more_queries(
        self, otto: Caller, workspace: Workspace, now: datetime
    ) -> None:
        """Reading is bounded, however many changes a proposal has."""
        counts = []
        otto.get("/proposals")
        for amounts in ([50], [50] * 12):
            proposal = propose(workspace, *amounts, now=now)
            with CaptureQueriesContext(connection) as used:
                assert len(otto.get(f"/proposals/{proposal.pk}").json()["changes"]) == len(amounts)
            counts.append(len(used))
        assert counts[0] == counts[1]

    def test_elsewhere(self, mallory: Caller, workspace: Workspace, now: datetime) -> None:
        """Another workspace's key finds nothing: not in lists, not by id."""
        proposal = propose(workspace, 50, now=now)
        assert mallory.get("/proposals").json()["items"] == []
        problem(mallory.get(f"/proposals/{proposal.pk}"), 404)
        problem(mallory.get(f"/proposals/{uuid4()}"), 404)

    def test_an_id_that_is_none(self, otto: Caller) -> None:
        """What is not a UUID is 422 with the parameter's name."""
        assert problem(otto.get("/proposals/x"), 422)["errors"][0]["field"] == "proposal_id"


class TestSubmitting:
    def test_a_draft_is_decided_at_once(self, otto: Caller, cast: Cast) -> None:
        """201 with the proposal, its address, and who proposed on whose behalf."""
        response = otto.post("/proposals", body())
        assert response.status_code == 201
        found = response.json()
        assert response["Location"] == f"/api/v1/proposals/{found['id']}"
        assert found["state"] == "waiting"
        assert found["submitted_by"].startswith("key:")
        assert found["on_behalf_of"] == cast.otto.actor
        assert otto.get(f"/proposals/{found['id']}").json() == found

    def test_the_sources_of_a_text(
        self, otto: Caller, rita: Caller, workspace: Workspace, now: datetime
    ) -> None:
        """A list for each paragraph, of a draft and of the text an answer puts in its place."""
        letters(workspace, now=now)
        action, params = letter("Hello,\n\nyour order 1001 is on its way.")
        change = {"action": action, "params": params, "sources": [[], [0]]}
        draft = body(changes=[change], evidence=[{"kind": "shop", "title": "Order #1001"}])
        made = otto.post("/proposals", draft).json()
        assert made["changes"][0]["sources"] == [[], [0]]
        address = f"/proposals/{made['id']}"
        asked = rita.post(f"{address}/questions", {"text": "Why?"}).json()
        pk = made["changes"][0]["id"]
        reply = {"question_id": asked["questions"][0]["id"], "text": "So.",
                 "changes": {pk: {"body": "Order 1001."}}, "sources": {pk: [[0]]}}  # fmt: skip
        wrong = {**reply, "sources": {str(uuid4()): [[0]]}}
        refused = problem(otto.post(f"{address}/answers", wrong), 422)
        assert refused["errors"][0]["pointer"].startswith("#/sources/")
        answered = otto.post(f"{address}/answers", reply).json()
        assert answered["changes"][0]["sources"] == [[0]]

    def test_a_price_that_somebody_asks(self, otto: Caller, workspace: Workspace) -> None:
        """In fields of its own, in its currency's digits; else 422 says where, nothing is kept."""
        entry = {"kind": "competitor_price", "title": "Seen today",
                 "price": {"source": "rival.example", "currency": "EUR", "amount": "18.5"}}  # fmt: skip
        made = otto.post("/proposals", body(evidence=[entry])).json()
        [kept] = made["evidence"]
        assert kept["price"] == {"source": "rival.example", "currency": "EUR", "amount": "18.50"}
        for odd in ({"amount": "18.555"}, {"currency": "EURO"}, {"source": ""}, {"more": 1}):
            wrong = entry | {"price": entry["price"] | odd}
            refused = problem(otto.post("/proposals", body(evidence=[wrong])), 422)
            assert refused["errors"][0]["pointer"].startswith("#/evidence/0/price")
        assert Proposal.objects.count() == 1

    @pytest.mark.parametrize(
        ("sources", "where"),
        [
            ([[0]], "sources"), ([[], [1]], "sources"), ([[], []] * 400, "#/changes/0/sources"),
            ([[], [-1]], "#/changes/0/sources/1/0"), ([[], [True]], "#/changes/0/sources/1/0"),
            ([[], ["0"]], "#/changes/0/sources/1/0"), ("00", "#/changes/0/sources"),
        ],
    )  # fmt: skip
    def test_sources_that_do_not_fit(
        self, otto: Caller, workspace: Workspace, now: datetime, sources: object, where: str
    ) -> None:
        """422 that says which; nothing is written, nor run dry."""
        letters(workspace, now=now)
        action, params = letter("Hello,\n\nyour order 1001 is on its way.")
        change = {"action": action, "params": params, "sources": sources}
        draft = body(changes=[change], evidence=[{"kind": "shop", "title": "Order #1001"}])
        for path in ("/proposals", "/proposals/dry-run"):
            [error, *_] = problem(otto.post(path, draft), 422)["errors"]
            assert where in (error.get("pointer"), error.get("field"))
        assert not Proposal.objects.exists()

    def test_small_ones_pass(self, otto: Caller) -> None:
        """What the policy allows is approved and queued without a person."""
        assert otto.post("/proposals", body(5)).json()["state"] == "approved"
        assert Execution.objects.count() == 1

    def test_denied_ones_say_the_rule(self, otto: Caller) -> None:
        """What the policy denies is still recorded, with its rule."""
        found = otto.post("/proposals", body(5000)).json()
        assert found["state"] == "denied"
        assert found["changes"][0]["decision"]["rule"] == "too much"

    def test_a_taken_target(self, otto: Caller) -> None:
        """A second open change on the same target is 409."""
        draft = body()
        otto.post("/proposals", draft)
        assert problem(otto.post("/proposals", draft), 409)["type"].endswith("target-taken")

    @pytest.mark.parametrize(
        ("change", "where"),
        [
            ({"title": ""}, "#/title"),
            ({"title": "   "}, "#/title"),
            ({"title": "x" * 301}, "#/title"),
            ({"changes": []}, "#/changes"),
            ({"changes": [{"action": "set_price"}]}, "#/changes/0/params"),
            ({"changes": [{**body()["changes"][0], "target": "t"}]}, "#/changes/0/target"),
            ({"changes": [{**body()["changes"][0], "before": {}}]}, "#/changes/0/before"),
            ({"confidence": 2}, "#/confidence"),
            ({"surprise": 1}, "#/surprise"),
            ({"title": "a\0b"}, "#/title"),
            ({"title": "\ud800"}, None),
            ({"case": {"a\0": 1}}, "#/case"),
            ({"case": {"n": 10**30}}, "#/case/n"),
            ({"case": {"deep": {"a": [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}}}, None),
        ],
    )
    def test_drafts_that_do_not_fit(
        self, otto: Caller, change: dict[str, Any], where: str | None
    ) -> None:
        """422 (or 400 where it is not even text) with a pointer to the value; nothing written."""
        response = otto.post("/proposals", body(**change))
        found = problem(response, 400 if where is None and "title" in change else 422)
        if where:
            assert found["errors"][0]["pointer"] == where
        assert not Proposal.objects.exists()

    @pytest.mark.parametrize(
        ("action", "params"),
        [
            ("set_price", {}),
            ("set_price", {**price_change(1)[1], "amount": "-1"}),
            ("set_price", {**price_change(1)[1], "amount": "NaN"}),
            ("set_price", {**price_change(1)[1], "amount": "1e999999"}),
            ("set_price", {**price_change(1)[1], "amount": 1.5e300}),
            ("set_price", {**price_change(1)[1], "currency": "eur"}),
            ("set_price", {**price_change(1)[1], "variant_id": "x\n"}),
            ("set_price", {**price_change(1)[1], "more": 1}),
            ("cancel_order", {"order_id": "o_1"}),  # no connector can
            ("launch_rocket", {}),
        ],
    )
    def test_actions_that_do_not_fit(self, otto: Caller, action: str, params: Any) -> None:
        """What the catalogue or the connectors refuse is 422 with the field."""
        found = problem(
            otto.post("/proposals", body(changes=[{"action": action, "params": params}])), 422
        )
        assert found["errors"][0]["detail"]

    @pytest.mark.parametrize(
        ("content", "status"),
        [
            (b"", 422),
            (b"{", 400),
            (b"\xff\xfe", 400),
            (b'{"title": NaN}', 400),
            (b'{"confidence": 1e999}', 422),
            (b'{"title": Infinity}', 400),
            (b'{"n": ' + b"9" * 5000 + b"}", 400),
            (b"[" * 100_000, 400),
            (b'{"a":' * 300 + b"1" + b"}" * 300, 400),
            (b'"text"', 422),
            (b"[]", 422),
            (b"null", 422),
            (b"{}", 422),
        ],
    )
    def test_bodies_that_are_none(self, otto: Caller, content: bytes, status: int) -> None:
        """What is not a JSON object is a 4xx problem, however odd it is."""
        headers = {"Idempotency-Key": "k"}
        response = otto.send("POST", "/proposals", content=content, headers=headers)
        assert response.status_code in (400, 422), response.content
        problem(response, status)

    @pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded",
                                              "multipart/form-data; boundary=x"])  # fmt: skip
    def test_other_content_types(self, otto: Caller, content_type: str) -> None:
        """A body that is not declared as JSON is 415."""
        response = otto.send("POST", "/proposals", content="{}", content_type=content_type,
                             headers={"Idempotency-Key": "k"})  # fmt: skip
        problem(response, 415)

    def test_a_body_too_large(self, otto: Caller) -> None:
        """More than 1 MiB is 413; a little less is read."""
        problem(otto.post("/proposals", body(rationale="x" * 1024 * 1024)), 413)
        assert otto.post("/proposals", body(rationale="x" * 10_001)).status_code == 422

    def test_a_body_of_unknown_length(self, otto: Caller) -> None:
        """A chunked body without a length is 411, a length that is no number 400."""
        chunked = {"Transfer-Encoding": "chunked", "Content-Length": ""}
        problem(otto.send("POST", "/proposals", content="{}", headers=chunked), 411)
        odd = {"Content-Length": "-1"}
        problem(otto.send("POST", "/proposals", content="{}", headers=odd), 400)

    def test_a_back_end_that_is_down(self, otto: Caller, connector: Connector) -> None:
        """When the target cannot be read: 503 to be repeated, nothing written, nothing leaked."""
        Connector.objects.update(kind="medusa", address="http://127.0.0.1:9")
        found = problem(otto.post("/proposals", body(), once="again"), 503)
        assert "127.0.0.1" not in str(found)
        assert not Proposal.objects.exists()
        Connector.objects.update(
            kind="null", address=connector.address, changed_at="2030-01-01T00:00Z"
        )
        assert otto.post("/proposals", body(), once="again").status_code == 201


class TestDeciding:
    def test_approve(self, otto: Caller, rita: Caller, cast: Cast) -> None:
        """An approval acts as the key's person, is marked as from the API, and queues the change."""
        seen = otto.post("/proposals", body()).json()
        response = rita.post(f"/proposals/{seen['id']}/reviews", verdict(seen, reason="Fine."))
        assert response.status_code == 200
        assert response.json()["state"] == "approved"
        [review] = response.json()["reviews"]
        assert (review["reviewer"], review["via"]) == ("Rita", "api")
        assert Execution.objects.count() == 1

    def test_approve_edited(self, otto: Caller, rita: Caller) -> None:
        """Edits come first; the proposal shows what was proposed and what was approved."""
        seen = otto.post("/proposals", body()).json()
        edits = {seen["changes"][0]["id"]: {"amount": "44.00"}}
        found = rita.post(f"/proposals/{seen['id']}/reviews", verdict(seen, edits=edits)).json()
        assert found["state"] == "approved"
        assert found["changes"][0]["params"]["amount"] == "44.00"
        assert found["changes"][0]["edited"] == [
            {"path": "amount", "before": "55.50", "after": "44.00"}
        ]

    def test_reject(self, otto: Caller, rita: Caller) -> None:
        """A rejection needs a reason."""
        seen = otto.post("/proposals", body()).json()
        path = f"/proposals/{seen['id']}/reviews"
        problem(rita.post(path, verdict(seen, verdict="reject")), 422)
        found = rita.post(path, verdict(seen, verdict="reject", reason="Too cheap.")).json()
        assert found["state"] == "rejected"

    def test_who_may_not(
        self, otto: Caller, rita: Caller, workspace: Workspace, cast: Cast, now: datetime
    ) -> None:
        """The person who caused it, one without authority, one with too low a limit: 403."""
        seen = otto.post("/proposals", body()).json()
        path = f"/proposals/{seen['id']}/reviews"
        jun = caller(workspace, cast.jun, now=now)
        olga = caller(workspace, cast.olga, now=now)
        assert "caused" in problem(otto.post(path, verdict(seen)), 403)["detail"]
        assert "authority" in problem(jun.post(path, verdict(seen)), 403)["detail"]
        own = olga.post("/proposals", body()).json()
        problem(olga.post(f"/proposals/{own['id']}/reviews", verdict(own)), 403)
        assert not Review.objects.exists()

    def test_decided_or_stale(self, otto: Caller, rita: Caller) -> None:
        """Another binding is 409 stale; a second verdict is 409 decided."""
        seen = otto.post("/proposals", body()).json()
        path = f"/proposals/{seen['id']}/reviews"
        stale = problem(rita.post(path, verdict(seen, binding="0" * 64)), 409)
        assert stale["type"].endswith("stale-approval")
        rita.post(path, verdict(seen))
        decided = problem(rita.post(path, verdict(seen)), 409)
        assert decided["type"].endswith("already-decided")

    def test_an_edit_the_policy_denies(self, otto: Caller, rita: Caller) -> None:
        """409, and the proposal waits as before."""
        seen = otto.post("/proposals", body()).json()
        edits = {seen["changes"][0]["id"]: {"amount": "2000"}}
        path = f"/proposals/{seen['id']}/reviews"
        assert problem(rita.post(path, verdict(seen, edits=edits)), 409)["type"].endswith("policy")
        assert rita.get(f"/proposals/{seen['id']}").json() == seen

    @pytest.mark.parametrize(
        "over",
        [
            {"edits": {str(uuid4()): {"amount": "1"}}},
            {"edits": {"x": {}}},
            {"edits": {"%s": {"amount": "x"}}},
            {"edits": {"%s": {"variant_id": "another"}}},
            {"edits": {"%s": {"amount": "44"}}, "verdict": "reject", "reason": "No."},
            {"binding": "x"},
            {"verdict": "maybe"},
        ],
    )
    def test_verdicts_that_do_not_fit(
        self, otto: Caller, rita: Caller, over: dict[str, Any]
    ) -> None:
        """422 and nothing is recorded."""
        seen = otto.post("/proposals", body()).json()
        change = seen["changes"][0]["id"]
        if "edits" in over:
            over = {**over, "edits": {k.replace("%s", change): v for k, v in over["edits"].items()}}
        problem(rita.post(f"/proposals/{seen['id']}/reviews", verdict(seen, **over)), 422)
        assert not Review.objects.exists()

    def test_elsewhere(
        self, otto: Caller, elsewhere: Workspace, cast: Cast, mallory: Caller, now: datetime
    ) -> None:
        """A key sees its workspace only, even if its person reviews in the other one too."""
        seen = otto.post("/proposals", body()).json()
        path = f"/proposals/{seen['id']}/reviews"
        problem(mallory.post(path, verdict(seen)), 404)
        accounts.add_member(workspace=elsewhere, user=cast.rita, role="reviewer", by="t", now=now)
        problem(caller(elsewhere, cast.rita, now=now).post(path, verdict(seen)), 404)

    def test_a_policy_changed_meanwhile(
        self, otto: Caller, rita: Caller, policy: Version, workspace: Workspace, now: datetime
    ) -> None:
        """409 stale, and the proposal is given back for good: also with an Idempotency-Key."""
        seen = otto.post("/proposals", body()).json()
        policies.retire(policy=policy.policy, by="test", now=now)
        path = f"/proposals/{seen['id']}/reviews"
        problem(rita.post(path, verdict(seen), once="k"), 409)
        assert rita.get(f"/proposals/{seen['id']}").json()["revision"] == 2
        assert Event.objects.filter(kind="proposal.returned").count() == 1
