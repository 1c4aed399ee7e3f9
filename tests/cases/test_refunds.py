"""What the refund desk gives back, from the customer's message to the shop's own books."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.agents import operations
from apps.agents.models import Agent, Handled, Run, State
from apps.agents.playbooks.refund_desk import sense as desk
from apps.agents.playbooks.refund_desk.knobs import Knobs
from apps.proposals import operations as proposals
from apps.proposals.models import Proposal
from apps.proposals.models import State as ProposalState
from tests.conftest import Cast
from tests.contract.shops import Shop, demo_shop
from tests.factories import agents as make
from tests.factories.proposals import look_at
from tests.factories.shop_orders import plant, refunds


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo shop's file."""
    return tmp_path_factory.mktemp("shop") / "ledger.sqlite"


@pytest.fixture(scope="module")
def shop(books: Path) -> Iterator[Shop]:
    """A demo shop."""
    with demo_shop(books) as started:
        yield started


@dataclass(frozen=True)
class Outcome:
    """What became of a message: the proposal, what went back, what the customer was told."""

    proposal: Proposal
    alone: list[str]  # by policy alone
    all: list[str] = field(default_factory=list)  # after a person approved what waited

    @property
    def text(self) -> str:
        """What the customer reads."""
        change = self.proposal.changes.get(action="send_message")
        return str(change.params["body"])


@dataclass(frozen=True)
class Desk:
    """A refund desk, its shop and a reviewer."""

    agent: Agent
    shop: Shop
    books: Path
    cast: Cast

    def handle(self, given: dict[str, Any], message: str) -> Outcome:
        """A customer with such an order writes; a person approves what waits for one."""
        number = plant(self.books, given)
        return self.write(given, number, message)

    def write(self, given: dict[str, Any], number: str, message: str) -> Outcome:
        """The customer of a planted order writes."""
        message_id = make.write(self.shop, given["email"], "My order", message, number)
        operations.start(agent=self.agent, trigger="schedule", by="clock", now=timezone.now())
        make.drive()
        alone = refunds(self.books, number)
        proposal = Proposal.objects.get(case__message_id=message_id)
        if proposal.state == ProposalState.WAITING:
            look_at(proposal, self.cast.rita, now=timezone.now())
            proposals.approve(proposal_id=proposal.pk, user=self.cast.rita,
                              binding=proposal.binding, now=timezone.now())  # fmt: skip
            make.drive()
        proposal.refresh_from_db()
        return Outcome(proposal, alone, refunds(self.books, number))


@pytest.fixture
def refund_desk(workspace: Workspace, shop: Shop, books: Path, cast: Cast) -> Desk:
    """A refund desk to which nobody has written yet."""
    now = timezone.now()
    make.connect(workspace, shop, now)
    agent = make.agent(workspace, "refund_desk", now)
    run = Run.objects.create(workspace=workspace, agent=agent, trigger="test", not_before=now,
                             started_by="test", started_at=now, finished_at=now,
                             state=State.DONE)  # fmt: skip
    old = desk.sense(workspace, Knobs(batch=100), now=now).cases
    Handled.objects.bulk_create(
        Handled(workspace=workspace, playbook="refund_desk", key=case.key, run=run, at=now)
        for case in old
    )
    return Desk(agent, shop, books, cast)


def order(*lines: tuple[str, str, float, float], total: float, **more: Any) -> dict[str, Any]:
    """An order that arrived yesterday: (sku, title, quantity, unit price) each, paid at once."""
    names = ("sku", "title", "quantity", "unit_price")
    return {
        "email": "neighbour@shop.example", "currency": "eur", "total": total,
        "lines": [dict(zip(names, line, strict=True)) for line in lines],
        "payments": [total], "age_days": 1, "fulfillment": "delivered", **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    "right",
    [
        pytest.param(["6.00 EUR"], marks=pytest.mark.case("01-no-sku-refunds-all-lines")),
        pytest.param(["5.00 EUR"], marks=pytest.mark.case("03-sku-inside-longer-sku")),
        pytest.param(["4.50 EUR"], marks=pytest.mark.case("05-order-discount-half")),
        pytest.param(["119.00 EUR"], marks=pytest.mark.case("07-prices-without-tax")),
        pytest.param(["70.00 EUR", "30.00 EUR"], marks=pytest.mark.case("08-two-payments-70-30")),
    ],
)
def test_what_was_paid_for_the_article_is_given_back(
    refund_desk: Desk, case: dict[str, Any], right: list[str]
) -> None:
    """No more and no less, whoever decides; the customer is told only once all of it is proven."""
    given = case["given"]
    outcome = refund_desk.handle(given["order"], given["message"])
    assert outcome.all == right
    assert outcome.proposal.state == ProposalState.DONE
    assert outcome.proposal.amount == sum(Decimal(one.split()[0]) for one in right)
    assert "giving you money back" in outcome.text
