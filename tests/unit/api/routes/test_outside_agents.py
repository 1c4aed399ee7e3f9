"""What an agent that runs elsewhere may do with its key, and how it is known."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import F

from apps.accounts import operations as accounts
from apps.accounts.models import ApiKey, OutsideAgent, Workspace
from apps.gateway.models import Execution
from apps.insights import stops
from apps.insights.names import agents_of
from apps.policies import operations as policies
from apps.policies.models import Decision, Version
from apps.proposals import operations
from apps.proposals.models import Proposal
from tests.conftest import Cast
from tests.factories.keys import Caller
from tests.factories.outside_agents import key_of, register
from tests.factories.proposals import propose
from tests.unit.api.calls import body, problem, verdict

pytestmark = pytest.mark.usefixtures("connector", "policy")
Make = Callable[..., Caller]


@pytest.fixture
def erp(workspace: Workspace, cast: Cast, now: datetime) -> Make:
    """A key of Otto's agent, which is registered with these limits."""

    def make(**limits: Any) -> Caller:
        return key_of(register(workspace, cast.otto, now=now, **limits), now=now)

    return make


def test_it_is_known_wherever_it_acts(erp: Make, cast: Cast, workspace: Workspace) -> None:
    """In the answer, to the rules, in figures, and to kill switches, also for what it has done."""
    made = erp().post("/proposals", body(5)).json()
    agent, key = OutsideAgent.objects.get(), ApiKey.objects.get()
    assert (made["agent"], made["submitted_by"]) == ("ERP (outside)", key.actor)
    assert made["on_behalf_of"] == cast.otto.actor
    facts = Decision.objects.get().facts
    assert (facts["actor"], facts["agent"], facts["key"]) == (key.actor, str(agent), key.prefix)
    assert agents_of(workspace.pk)[str(agent.pk)] == "ERP (outside)"
    assert str(agent.pk) in {one.target for one in stops.stoppable(workspace.pk)}
    assert Execution.objects.get().agent_id == agent.pk


def test_a_rule_can_be_about_it(
    erp: Make, otto: Caller, workspace: Workspace, policy: Version, now: datetime
) -> None:
    """What it proposes waits, what its owner's own key proposes passes."""
    ask = {"name": "ours only", "when": "agent == 'ERP (outside)' && actor == 'key:' + key",
           "outcome": "review", "reason": "From outside."}  # fmt: skip
    version = policies.draft(workspace=workspace, name="Guardrails", rules=[*policy.rules, ask],
                             limits=policy.limits, by="t", now=now)  # fmt: skip
    policies.publish(version=version, by="t", now=now)
    assert erp().post("/proposals", body(5)).json()["state"] == "waiting"
    assert otto.post("/proposals", body(5)).json()["state"] == "approved"


def test_its_owner_may_not_approve_what_it_proposes(
    erp: Make, otto: Caller, cast: Cast, workspace: Workspace, now: datetime
) -> None:
    """Otto asked for it, whoever's hand he used."""
    accounts.authorise(workspace=workspace, user=cast.otto, action="set_price", ceiling=None,
                       currency="EUR", by="t", now=now)  # fmt: skip
    made = erp().post("/proposals", body(50)).json()
    refused = problem(otto.post(f"/proposals/{made['id']}/reviews", verdict(made)), 403)
    assert "caused" in refused["detail"]


def test_it_decides_nothing(erp: Make, workspace: Workspace, now: datetime) -> None:
    """Neither by its scopes, nor by what a row might say, nor by undoing."""
    key, proposal = erp(), propose(workspace, "50", now=now)
    seen = key.get(f"/proposals/{proposal.pk}").json()
    ApiKey.objects.update(scopes=list(accounts.SCOPES))
    vote = key.post(f"/proposals/{proposal.pk}/reviews", verdict(seen))
    assert "proposals:review" in problem(vote, 403)["detail"]
    undo = key.post(f"/proposals/{proposal.pk}/undo", {"reason": "Wrong."})
    assert "for people" in problem(undo, 403)["detail"]


def test_it_proposes_what_it_may(erp: Make) -> None:
    """Another kind of action is refused, and nothing is written."""
    refused = problem(erp(actions=["set_stock"]).post("/proposals", body(5)), 403)
    assert refused["type"] == "urn:aios:problem:beyond-its-limits"
    assert "set_price" in refused["detail"]
    assert not Proposal.objects.exists()


def test_it_proposes_as_often_as_it_may(erp: Make, now: datetime) -> None:
    """Its hour is counted over all its keys; then it is told to come back."""
    keys = [erp(hourly=2), *(key_of(OutsideAgent.objects.get(), now=now) for _ in range(2))]
    answers = [one.post("/proposals", body(5)) for one in keys]
    assert [one.status_code for one in answers] == [201, 201, 429]
    assert 3590 < int(answers[-1]["Retry-After"]) <= 3600
    Proposal.objects.update(created_at=F("created_at") - timedelta(hours=2))
    assert keys[0].post("/proposals", body(5)).status_code == 201


def test_its_proposals_can_be_listed(erp: Make, otto: Caller) -> None:
    """Its own, and none of anybody else."""
    made = erp().post("/proposals", body(5)).json()
    otto.post("/proposals", body(6))
    found = otto.get("/proposals", agent=str(OutsideAgent.objects.get().pk)).json()["items"]
    assert [one["id"] for one in found] == [made["id"]]


def test_what_it_may_not_propose_is_not_looked_up(
    erp: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor run dry: the shop is not asked about it."""
    for asking in ("prepare", "dry_run_draft"):
        monkeypatch.setattr(operations, asking, None)
    key = erp(actions=["set_stock"])
    problem(key.post("/proposals/dry-run", body(5)), 403)
    problem(key.post("/proposals", body(5)), 403)
