"""Dry runs through the API: what submitting would lead to, with nothing written."""

from datetime import datetime

import pytest

from apps.accounts.models import Workspace
from apps.audit.models import Event
from apps.gateway import switches
from apps.gateway.models import Connector, Execution
from apps.policies.models import Decision
from apps.proposals.models import Change, Proposal
from tests.conftest import Cast
from tests.factories.keys import Caller, caller
from tests.factories.proposals import price_change
from tests.unit.api.calls import body, problem

pytestmark = pytest.mark.usefixtures("connector", "policy")

ROWS = (Proposal, Change, Decision, Execution, Event)


@pytest.mark.parametrize(
    ("amount", "state", "outcome"),
    [(5, "approved", "allow"), (50, "waiting", "review"), (5000, "denied", "deny")],
)
def test_tells_what_submitting_does(otto: Caller, amount: int, state: str, outcome: str) -> None:
    """The answer to the dry run is that of the submission that follows."""
    sent = body(amount)
    seen = otto.post("/proposals/dry-run", sent, once=None).json()
    real = otto.post("/proposals", sent).json()
    assert (seen["state"], real["state"]) == (state, state)
    for name in ("risk", "reviewers", "amount", "currency"):
        assert seen[name] == real[name], name
    [change], [made] = seen["changes"], real["changes"]
    for name in ("action", "title", "target", "connector", "params", "before", "after", "fields"):
        assert change[name] == made[name], name
    for name in ("outcome", "rule", "reason", "policy", "version", "reviewers"):
        assert change[name] == made["decision"][name], name
    assert change["outcome"] == outcome
    assert (change["hold_seconds"], change["is_taken"], change["obstacles"]) == (0, False, [])


def test_writes_nothing(otto: Caller) -> None:
    """No proposal, decision, execution or event comes of it."""
    before = [model._default_manager.count() for model in ROWS]
    assert otto.post("/proposals/dry-run", body(5), once=None).status_code == 200
    assert [model._default_manager.count() for model in ROWS] == before


def test_what_is_in_the_way(
    otto: Caller, workspace: Workspace, connector: Connector, now: datetime
) -> None:
    """A taken target and an engaged kill switch are told, not refused."""
    action, params = price_change("50", "v1")
    sent = body(changes=[{"action": action, "params": params}])
    assert otto.post("/proposals", sent).status_code == 201
    switches.engage(
        workspace=workspace, scope="connector", target=str(connector.pk), reason="Odd prices.",
        by="test", now=now,
    )  # fmt: skip
    [change] = otto.post("/proposals/dry-run", sent, once=None).json()["changes"]
    assert change["is_taken"]
    [obstacle] = change["obstacles"]
    assert (obstacle["guard"], obstacle["until"]) == ("switch", None)
    assert "Odd prices." in obstacle["reason"]


def test_refused_like_a_submission(
    otto: Caller, mallory: Caller, workspace: Workspace, cast: Cast, now: datetime
) -> None:
    """What the catalogue refuses is 422; the scope is that of submitting; others lack the means."""
    wrong = problem(otto.post("/proposals/dry-run", body(-1), once=None), 422)
    assert wrong["errors"][0]["field"] == "amount"
    reader = caller(workspace, cast.otto, now=now, scopes=("proposals:read",))
    problem(reader.post("/proposals/dry-run", body(5), once=None), 403)
    refused = problem(mallory.post("/proposals/dry-run", body(5), once=None), 422)
    assert "No enabled connector" in refused["detail"]
    problem(otto.get("/proposals/dry-run"), 405)
