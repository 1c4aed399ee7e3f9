"""Taking back and undoing through the API, as the key's person."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.audit.models import Event
from apps.gateway import operations as gateway
from apps.gateway.configuration import configure_action
from apps.gateway.models import Execution
from apps.proposals import operations
from apps.proposals.models import Change, Proposal
from tests.conftest import Cast
from tests.factories.keys import Caller, caller
from tests.factories.proposals import propose
from tests.unit.api.calls import problem

pytestmark = pytest.mark.usefixtures("connector", "policy")

WHY = {"reason": "The competitor's price was a mistake."}


@pytest.fixture
def held(workspace: Workspace, cast: Cast) -> Proposal:
    """A price Rita has approved a moment ago, held for a minute."""
    now = timezone.now()
    configure_action(workspace=workspace, action="set_price", hold_seconds=60, when_away="wait",
                     by="test", now=now)  # fmt: skip
    proposal = propose(workspace, 50, now=now)
    return operations.approve(
        proposal_id=proposal.pk, user=cast.rita, binding=proposal.binding, now=now
    )


@pytest.fixture
def done(workspace: Workspace, cast: Cast) -> Proposal:
    """A price change that is done; before it the price was 9."""
    now = timezone.now()
    proposal = propose(workspace, 10, now=now)
    operations.execute(worker="w", clock=lambda: now)
    operations.settle(now=now)
    Change.objects.update(before={"amount": "10.00", "prices": {"EUR": "9.00"}})
    proposal.refresh_from_db()
    assert proposal.state == "done"
    return proposal


def bare(who: Caller, path: str, *, once: str = "") -> Any:
    """A POST without a body."""
    return who.send("POST", path, headers={"Idempotency-Key": once or str(uuid4())})


def test_taken_back(rita: Caller, cast: Cast, held: Proposal) -> None:
    """It waits again with another binding; a repeat with the same key answers the same."""
    path = f"/proposals/{held.pk}/take-back"
    first = bare(rita, path, once="k")
    assert first.status_code == 200, first.content
    found = first.json()
    assert (found["state"], found["revision"]) == ("waiting", 2)
    assert found["binding"] != held.binding
    assert found["changes"][0]["execution"]["state"] == "cancelled"
    assert found["returned"][0]["after"] == "taken back by Rita"
    assert bare(rita, path, once="k").content == first.content
    assert problem(bare(rita, path), 409)["type"].endswith("already-decided")
    problem(rita.post(path, {"reason": "x"}), 422)
    assert Event.objects.get(kind="execution.cancelled").actor == cast.rita.actor


def test_too_late(rita: Caller, held: Proposal) -> None:
    """Once a worker has begun, it is 409 and goes on."""
    Execution.objects.update(not_before=timezone.now())
    assert gateway.claim(worker="w", now=timezone.now(), limit=1)
    found = problem(bare(rita, f"/proposals/{held.pk}/take-back"), 409)
    assert found["type"].endswith("too-late")
    assert Execution.objects.get().state == "claimed"


def test_who_may_not_take_back(
    mallory: Caller, held: Proposal, workspace: Workspace, cast: Cast, now: datetime
) -> None:
    """Too low a limit and a key without the scope are 403, strangers 404; it stays approved."""
    path = f"/proposals/{held.pk}/take-back"
    jun = caller(workspace, cast.jun, now=now)
    assert "authority" in problem(bare(jun, path), 403)["detail"]
    narrow = caller(workspace, cast.rita, now=now, scopes=("proposals:read",))
    assert problem(bare(narrow, path), 403)["type"].endswith("missing-scope")
    problem(bare(mallory, path), 404)
    held.refresh_from_db()
    assert held.state == "approved"


def test_a_key_undoes_only_what_it_may_propose(
    done: Proposal, workspace: Workspace, cast: Cast, now: datetime
) -> None:
    """A key for messages sets no price back."""
    narrow = caller(workspace, cast.rita, now=now, actions=["send_message"])
    found = problem(narrow.post(f"/proposals/{done.pk}/undo", WHY), 403)
    assert found["type"].endswith("beyond-its-limits")
    assert Proposal.objects.count() == 1
    fit = caller(workspace, cast.rita, now=now, actions=["set_price"])
    assert fit.post(f"/proposals/{done.pk}/undo", WHY).status_code == 201


def test_undone(rita: Caller, cast: Cast, done: Proposal) -> None:
    """A proposal of its own, linked both ways, which its author may not approve."""
    response = rita.post(f"/proposals/{done.pk}/undo", WHY, once="k")
    assert response.status_code == 201, response.content
    found = response.json()
    assert response["Location"].endswith(f"/proposals/{found['id']}")
    assert (found["undoes"], found["title"]) == (str(done.pk), f"Undo: {done.title}")
    assert found["on_behalf_of"] == cast.rita.actor
    [change] = found["changes"]
    assert change["compensates"] == str(done.changes.get().pk)
    assert (change["params"]["amount"], change["reversibility"]) == ("9.00", "reversible")
    assert found["state"] == "waiting"  # the null shop does not show what we did: it moved on
    own = {"verdict": "approve", "binding": found["binding"]}
    assert "caused" in problem(rita.post(f"/proposals/{found['id']}/reviews", own), 403)["detail"]
    assert rita.get(f"/proposals/{done.pk}").json()["undos"] == [found["id"]]
    again = rita.post(f"/proposals/{done.pk}/undo", WHY, once="k")
    assert (again.content, again["Idempotency-Replayed"]) == (response.content, "true")
    problem(rita.post(f"/proposals/{done.pk}/undo", WHY), 409)
    assert Proposal.objects.count() == 2


def test_not_undoable(rita: Caller, done: Proposal, held: Proposal) -> None:
    """What cannot be set back, and what is not done, is 409; nothing is proposed."""
    Change.objects.filter(proposal=done).update(before={"amount": "10.00"})
    found = problem(rita.post(f"/proposals/{done.pk}/undo", WHY), 409)
    assert found["type"].endswith("not-undoable")
    problem(rita.post(f"/proposals/{held.pk}/undo", WHY), 409)
    assert Proposal.objects.count() == 2


@pytest.mark.parametrize(
    ("sent", "where"),
    [
        ({}, "#/reason"),
        ({"reason": " "}, "#/reason"),
        ({"reason": "x" * 2001}, "#/reason"),
        ({**WHY, "texts": {"nobody": "x"}}, "#/texts/nobody"),
        ({**WHY, "more": 1}, "#/more"),
    ],
)
def test_undos_that_do_not_fit(
    rita: Caller, done: Proposal, sent: dict[str, Any], where: str
) -> None:
    """422 with a pointer to the value, and nothing is proposed."""
    found = problem(rita.post(f"/proposals/{done.pk}/undo", sent), 422)
    assert found["errors"][0]["pointer"].startswith(where)
    assert Proposal.objects.count() == 1


def test_texts_of_other_changes(rita: Caller, done: Proposal) -> None:
    """422 with a pointer."""
    stranger = str(uuid4())
    sent = {**WHY, "texts": {stranger: "x"}}
    found = problem(rita.post(f"/proposals/{done.pk}/undo", sent), 422)
    assert found["errors"] == [
        {"pointer": f"#/texts/{stranger}", "detail": "Not a change of this proposal."}
    ]


def test_who_may_not_undo(
    mallory: Caller, done: Proposal, workspace: Workspace, cast: Cast, now: datetime
) -> None:
    """A key without the scope is 403, strangers get 404."""
    narrow = caller(workspace, cast.rita, now=now, scopes=("proposals:review",))
    problem(narrow.post(f"/proposals/{done.pk}/undo", WHY), 403)
    problem(mallory.post(f"/proposals/{done.pk}/undo", WHY), 404)
    assert Proposal.objects.count() == 1
