"""What acting puts into proposals: sources of each paragraph, and what proposing has cost."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from apps.accounts.models import Workspace
from apps.agents import operations
from apps.agents.models import Checkpoint, Run
from apps.inference.models import Call
from apps.inference.queries import cost_of_run
from apps.proposals.models import Change, Proposal
from apps.proposals.text.provenance import paragraphs, text_of, unsupported
from tests.contract.shops import Shop, demo_shop
from tests.factories import agents as make


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A demo shop nobody has changed."""
    with demo_shop(tmp_path / "ledger.sqlite") as started:
        yield started


def spend(run: Run, cost: str, now: datetime) -> None:
    """A model was asked for the run."""
    Call.objects.create(workspace=run.workspace, run_id=run.pk, tier="small", provider="fake",
                        model="m", purpose="plan", outcome="ok", cost=Decimal(cost),
                        prompt_digest="", at=now, overdue_at=now)  # fmt: skip


def test_replies_are_stored_with_their_sources(
    workspace: Workspace, shop: Shop, moment: datetime
) -> None:
    """After the detour through a checkpoint, and with nothing in them that has none."""
    make.connect(workspace, shop, moment)
    agent = make.agent(workspace, "refund_desk", moment, autonomy="review_all")
    operations.start(agent=agent, trigger="schedule", by="clock", now=moment)
    make.drive(lambda: moment)
    replies = list(Change.objects.filter(action="send_message").select_related("proposal"))
    assert len(replies) > 5
    for reply in replies:
        text, evidence = text_of(reply.params), reply.proposal.evidence
        assert len(reply.sources) == len(paragraphs(text))
        assert not any(unsupported(text, evidence, reply.sources))
    assert not Change.objects.exclude(action="send_message").exclude(sources=[]).exists()
    kinds = {entry["kind"] for reply in replies for entry in reply.proposal.evidence}
    assert {"message", "rule", "shop", "customer", "text"} <= kinds


def planned_run(workspace: Workspace, shop: Shop, moment: datetime) -> Run:
    """A run that has planned three price changes and not proposed them yet."""
    make.connect(workspace, shop, moment)
    agent = make.agent(workspace, "repricing", moment, settings={"batch": 3})
    run = operations.start(agent=agent, trigger="schedule", by="clock", now=moment)
    assert operations.advance_due(worker="w", clock=lambda: moment, limit=2) == 2
    return run


def test_the_cost_of_a_run_is_shared_over_its_proposals(
    workspace: Workspace, shop: Shop, moment: datetime
) -> None:
    """In US dollars, to a millionth."""
    run = planned_run(workspace, shop, moment)
    spend(run, "0.001", moment)
    spend(run, "0.0005", moment)
    make.drive(lambda: moment)
    assert cost_of_run(run.pk) == Decimal("0.0015")
    costs = list(Proposal.objects.values_list("cost", flat=True))
    assert costs == [Decimal("0.0005")] * 3


def test_what_could_not_be_proposed_is_paid_for_by_the_others(
    workspace: Workspace, shop: Shop, moment: datetime
) -> None:
    """The proposals of a run together have cost what the run has."""
    run = planned_run(workspace, shop, moment)
    spend(run, "0.0015", moment)
    checkpoint = Checkpoint.objects.get(run=run)
    checkpoint.state["planned"][0]["draft"]["changes"][0][1]["amount"] = "-5"
    checkpoint.save()
    make.drive(lambda: moment)
    costs = list(Proposal.objects.values_list("cost", flat=True))
    assert costs == [Decimal("0.00075")] * 2


def test_without_a_model_proposing_costs_nothing(
    workspace: Workspace, shop: Shop, moment: datetime
) -> None:
    """The rules are free."""
    make.connect(workspace, shop, moment)
    agent = make.agent(workspace, "repricing", moment, settings={"batch": 1})
    operations.start(agent=agent, trigger="schedule", by="clock", now=moment)
    make.drive(lambda: moment)
    assert Proposal.objects.get().cost == 0
    kinds = [entry["kind"] for entry in Proposal.objects.get().evidence]
    assert kinds[:4] == ["competitor", "cost", "stock", "sales"]
