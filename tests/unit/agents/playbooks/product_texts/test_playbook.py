"""The product texts agent over the demo shop: a batch of low risk with what stands out."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.agents import operations
from apps.agents.playbooks.base import Unfit
from apps.agents.playbooks.product_texts import answering, planner
from apps.agents.playbooks.product_texts.sense import Product, Sensed
from apps.agents.playbooks.product_texts.settings import Settings
from apps.proposals.models import Change, Proposal
from tests.contract.shops import Shop, demo_shop
from tests.factories import agents as make
from tests.factories import inference
from tests.factories.asking import asked


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A demo shop nobody has changed."""
    with demo_shop(tmp_path / "ledger.sqlite") as started:
        yield started


@pytest.fixture
def moment() -> datetime:
    """Now."""
    return timezone.now()


def run(workspace: Workspace, now: datetime) -> None:
    """A run, driven as far as it goes."""
    agent = make.agent(workspace, "product_texts", now)
    operations.start(agent=agent, trigger="schedule", by="clock", now=now)
    make.drive(lambda: now)


def test_untidy_titles_wait_with_low_risk(
    workspace: Workspace, shop: Shop, moment: datetime
) -> None:
    """One rule for all, less sure of capitals and of a dash, and none proposed twice."""
    make.connect(workspace, shop, moment)
    run(workspace, moment)
    made = list(Proposal.objects.order_by("confidence"))
    assert len(made) == 9
    assert {(one.risk, one.state) for one in made} == {("low", "waiting")}
    assert [one.confidence for one in made] == [0.75] * 3 + [0.95] * 6
    changes = Change.objects.select_related("decision")
    assert {change.decision.rule for change in changes if change.decision} == {"stock and texts"}
    assert all(set(change.params) == {"product_id", "title"} for change in changes)
    run(workspace, moment)
    assert Proposal.objects.count() == 9


def test_with_a_model_the_rules_plan_all_the_same(
    workspace: Workspace, shop: Shop, moment: datetime
) -> None:
    """It is not asked."""
    inference.tier(workspace, provider="fake")
    make.connect(workspace, shop, moment)
    run(workspace, moment)
    assert Proposal.objects.count() == 9


class TestAnswer:
    """What a reviewer hears."""

    @staticmethod
    def question(text: str) -> answering.Asked:
        """About a title with two blanks."""
        product = Product(product_id="prod_1", title="Alder  Mug", skus=["MUG"])
        [planned] = planner.plan(Sensed(products=[product], read=1), Settings())
        assert planned.draft is not None
        state = {"title": "Alder  Mug", "subtitle": "", "description": "", "status": "published"}
        return asked(planned.draft, text, update_product=state)

    def test_another_title_is_put_before_the_reviewer(self) -> None:
        """The words between quotation marks."""
        reply = answering.reply_to(self.question("Please write “Alder Enamel Mug” instead"))
        [params] = reply.changes.values()
        assert params == {"product_id": "prod_1", "title": "Alder Enamel Mug"}

    @pytest.mark.parametrize("text", ["Why “Alder Mug”?", "Please make it nicer"])
    def test_else_it_explains(self, text: str) -> None:
        """And changes nothing."""
        reply = answering.reply_to(self.question(text))
        assert not reply.changes
        assert "white space" in reply.text

    def test_a_model_changes_the_title_alone(self) -> None:
        """Not the description, nor the status."""
        change = self.question("x").changes[0]
        answering.check_change(change, {**change.params, "title": "Mug"})
        with pytest.raises(Unfit, match="status"):
            answering.check_change(change, {**change.params, "status": "draft"})
