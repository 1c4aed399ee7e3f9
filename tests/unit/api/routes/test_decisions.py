"""Decisions through the API."""

from datetime import datetime
from uuid import uuid4

from apps.accounts.models import Workspace
from apps.policies.models import Decision
from apps.proposals.models import Proposal
from tests.factories.keys import Caller
from tests.factories.proposals import propose
from tests.unit.api.calls import bounded, problem


def test_listed_newest_first(otto: Caller, proposals: list[Proposal]) -> None:
    """Each names its policy, version, rule and reason; three queries in all."""
    items = bounded(otto, "/decisions", 3)["items"]
    assert [item["outcome"] for item in items] == ["deny", "review", "allow"]
    assert {(item["policy"], item["version"]) for item in items} == {("Guardrails", 1)}


def test_filtered(otto: Caller, proposals: list[Proposal]) -> None:
    """By outcome and by change."""
    [denied] = otto.get("/decisions", outcome="deny").json()["items"]
    assert denied["rule"] == "too much"
    change = proposals[1].changes.get()
    [found] = otto.get("/decisions", change_id=change.pk).json()["items"]
    assert found["change_id"] == str(change.pk)
    problem(otto.get("/decisions", outcome="perhaps"), 422)


def test_in_full(otto: Caller, proposals: list[Proposal]) -> None:
    """One decision tells the facts it saw and the rules that fired."""
    decision = Decision.objects.get(outcome="review")
    found = bounded(otto, f"/decisions/{decision.pk}", 3)
    assert found["facts"]["amount"] == 50.0
    assert [fired["rule"] for fired in found["fired"]] == ["larger amounts wait"]


def test_without_any_policy(
    otto: Caller, connector: object, workspace: Workspace, now: datetime
) -> None:
    """Denied by default: there is no policy or version to name."""
    propose(workspace, 5, now=now)
    [item] = otto.get("/decisions").json()["items"]
    assert (item["outcome"], item["policy"], item["version"]) == ("deny", "", None)


def test_elsewhere(mallory: Caller, proposals: list[Proposal]) -> None:
    """Another workspace's key finds nothing."""
    assert mallory.get("/decisions").json()["items"] == []
    problem(mallory.get(f"/decisions/{Decision.objects.first().pk}"), 404)
    problem(mallory.get(f"/decisions/{uuid4()}"), 404)
