"""Saying through the API what happened where AIOS could not prove it."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from apps.accounts import operations as accounts
from apps.accounts.models import Workspace
from apps.audit.models import Event
from apps.proposals.models import Change, Proposal
from tests.conftest import Cast
from tests.factories.keys import Caller, caller
from tests.factories.proposals import propose
from tests.unit.api.calls import body, problem

pytestmark = pytest.mark.usefixtures("connector", "policy")

SEEN = {"happened": True, "reason": "The shop shows the new price."}


@pytest.fixture
def unproven(workspace: Workspace, now: datetime) -> Proposal:
    """A proposal whose outcome only a person can tell."""
    proposal = propose(workspace, 50, now=now, variant="variant_of_doubt")
    Proposal.objects.filter(pk=proposal.pk).update(state="needs_person")
    return proposal


def path_of(proposal: Proposal) -> str:
    """Where its resolution is sent."""
    return f"/proposals/{proposal.pk}/resolutions"


@pytest.mark.parametrize(("happened", "state"), [(True, "done"), (False, "failed")])
def test_resolved(
    rita: Caller, cast: Cast, unproven: Proposal, workspace: Workspace, now: datetime,
    happened: bool, state: str,
) -> None:  # fmt: skip
    """The proposal ends as the person saw it, in their name, and the target is free again."""
    response = rita.post(path_of(unproven), {**SEEN, "happened": happened}, once=None)
    assert response.status_code == 200, response.content
    found = response.json()
    assert (found["id"], found["state"]) == (str(unproven.pk), state)
    assert found["settled_at"]
    assert found == rita.get(f"/proposals/{unproven.pk}").json()
    event = Event.objects.get(kind="proposal.settled")
    assert event.actor == cast.rita.actor
    propose(workspace, 51, now=now, variant="variant_of_doubt")


def test_a_repeat_resolves_nothing(rita: Caller, unproven: Proposal) -> None:
    """The same Idempotency-Key answers the same again; another one is 409."""
    first = rita.post(path_of(unproven), SEEN, once="k")
    again = rita.post(path_of(unproven), SEEN, once="k")
    assert (again.content, again["Idempotency-Replayed"]) == (first.content, "true")
    found = problem(rita.post(path_of(unproven), SEEN), 409)
    assert found["type"].endswith("already-decided")
    assert Event.objects.filter(kind="proposal.settled").count() == 1


def test_nothing_to_resolve(rita: Caller, proposals: list[Proposal]) -> None:
    """What is allowed, waits or is denied is 409 and stays as it is."""
    before = list(Proposal.objects.order_by("pk").values())
    for proposal in proposals:
        problem(rita.post(path_of(proposal), SEEN), 409)
    assert list(Proposal.objects.order_by("pk").values()) == before


@pytest.mark.parametrize(
    ("over", "where"),
    [
        ({"reason": ""}, "#/reason"),
        ({"reason": " \n"}, "#/reason"),
        ({"reason": "x" * 2001}, "#/reason"),
        ({"reason": "a\0b"}, "#/reason"),
        ({"happened": "yes"}, "#/happened"),
        ({"happened": 1}, "#/happened"),
        ({"happened": None}, "#/happened"),
        ({"state": "done"}, "#/state"),
    ],
)
def test_resolutions_that_do_not_fit(
    rita: Caller, unproven: Proposal, over: dict[str, Any], where: str
) -> None:
    """422 with a pointer to the value, and the proposal still needs a person."""
    found = problem(rita.post(path_of(unproven), {**SEEN, **over}), 422)
    assert found["errors"][0]["pointer"] == where
    assert Proposal.objects.get().state == "needs_person"


def test_who_may_not(
    otto: Caller, unproven: Proposal, workspace: Workspace, cast: Cast, now: datetime
) -> None:
    """Too low a limit, who caused it, and a key without the scope: 403, and nothing changes."""
    jun = caller(workspace, cast.jun, now=now)
    assert "authority" in problem(jun.post(path_of(unproven), SEEN), 403)["detail"]
    narrow = caller(workspace, cast.rita, now=now, scopes=("proposals:read",))
    found = problem(narrow.post(path_of(unproven), SEEN), 403)
    assert found["type"].endswith("missing-scope")
    own = Proposal.objects.get(pk=otto.post("/proposals", body()).json()["id"])
    Proposal.objects.update(state="needs_person")
    assert "caused" in problem(otto.post(path_of(own), SEEN), 403)["detail"]
    assert set(Proposal.objects.values_list("state", flat=True)) == {"needs_person"}
    assert not Change.objects.filter(is_open=False).exists()


def test_elsewhere(
    mallory: Caller, rita: Caller, unproven: Proposal, elsewhere: Workspace, cast: Cast,
    now: datetime,
) -> None:  # fmt: skip
    """A key sees its workspace only, even if its person reviews in the other one too."""
    problem(mallory.post(path_of(unproven), SEEN), 404)
    accounts.add_member(workspace=elsewhere, user=cast.rita, role="reviewer", by="t", now=now)
    problem(caller(elsewhere, cast.rita, now=now).post(path_of(unproven), SEEN), 404)
    problem(rita.post(f"/proposals/{uuid4()}/resolutions", SEEN), 404)
    assert Proposal.objects.get().state == "needs_person"
