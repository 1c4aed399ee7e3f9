"""Executions through the API."""

from datetime import datetime

from apps.gateway.models import Execution
from apps.proposals import operations
from apps.proposals.models import Proposal
from tests.factories.keys import Caller
from tests.unit.api.calls import bounded, problem


def test_done(otto: Caller, proposals: list[Proposal], now: datetime) -> None:
    """An execution tells its state, its receipt and the change it carried out."""
    operations.execute(worker="w", clock=lambda: now)
    [item] = bounded(otto, "/executions", 3, state="done")["items"]
    assert item["change_id"] == str(proposals[0].changes.get().pk)
    found = bounded(otto, f"/executions/{item['id']}", 3)
    assert found["receipt"]["after"] == {"amount": "5.00"}
    assert found["params"]["amount"] == "5.00"
    assert found["connector"] == "ledger"
    assert "worker" not in found


def test_elsewhere(mallory: Caller, proposals: list[Proposal]) -> None:
    """Another workspace's key finds nothing."""
    assert mallory.get("/executions").json()["items"] == []
    problem(mallory.get(f"/executions/{Execution.objects.get().pk}"), 404)
