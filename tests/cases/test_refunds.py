"""What the refund desk gives back, from the customer's message to the shop's own books."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts import operations as accounts
from apps.accounts.models import Workspace
from apps.agents import operations
from apps.agents.models import Agent, Handled, Run, State
from apps.agents.playbooks.refund_desk import decision
from apps.agents.playbooks.refund_desk import sense as desk
from apps.agents.playbooks.refund_desk.settings import Settings
from apps.gateway.connectors.medusa.api import AdminApi, path
from apps.gateway.connectors.medusa.client import MedusaClient
from apps.policies.exchange import Rate
from apps.proposals import operations as proposals
from apps.proposals.models import Proposal
from apps.proposals.models import State as ProposalState
from tests.conftest import Cast
from tests.contract.shops import Shop, demo_shop
from tests.factories import agents as make
from tests.factories.gate import open_gate
from tests.factories.proposals import look_at
from tests.factories.rates import keep_in_force
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
    old = desk.sense(workspace, Settings(batch=100), now=now).cases
    Handled.objects.bulk_create(
        Handled(workspace=workspace, playbook="refund_desk", key=case.key, run=run, at=now)
        for case in old
    )
    for currency in ("KWD", "JPY"):
        for action in ("refund_payment", "send_message"):
            accounts.authorise(workspace=workspace, user=cast.rita, action=action, ceiling=None,
                               currency=currency, by="test", now=now)  # fmt: skip
    return Desk(agent, shop, books, cast)


def keep_rate(workspace: Workspace, to: str, rate: str) -> None:
    """What one EUR costs, as of today."""
    now = timezone.now()
    rates = [Rate(base="EUR", quote=to, rate=Decimal(rate), as_of=now.date(), source="ECB")]
    keep_in_force(workspace=workspace, rates=rates, by="test", now=now)


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
        pytest.param(["1.255 KWD"], marks=pytest.mark.case("25-kwd-full-refund-too-much")),
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


@pytest.mark.case("19-goodwill-15-yen")
def test_goodwill_in_yen_waits_for_a_rate(refund_desk: Desk, case: dict[str, Any]) -> None:
    """15 EUR are not 15 yen: a person looks where no rate tells what they are."""
    given = case["given"]
    outcome = refund_desk.handle(given["order"], given["message"])
    assert outcome.all == []
    assert outcome.proposal.title.startswith("A person is needed")
    assert "no current rate" in outcome.proposal.rationale


@pytest.mark.case("19-goodwill-15-yen")
def test_goodwill_in_yen_by_the_rate_of_the_day(
    refund_desk: Desk, case: dict[str, Any], workspace: Workspace
) -> None:
    """A tenth of 9800 yen is below what 15 EUR are, so it is paid in full."""
    keep_rate(workspace, "JPY", "178.2")
    given = case["given"]
    outcome = refund_desk.handle(given["order"], given["message"])
    assert (outcome.alone, outcome.all) == ([], ["980 JPY"])
    order = {**given["order"], "total": 98000, "payments": [98000], "email": "rich@shop.example"}
    outcome = refund_desk.handle(order, given["message"])
    assert outcome.all == ["2673 JPY"]  # 15 EUR
    [shown] = [one for one in outcome.proposal.evidence if one["kind"] == "decision"]
    assert "178.2 JPY (ECB" in shown["detail"]


@pytest.mark.case("20-goodwill-15-kwd")
@pytest.mark.parametrize(
    ("currency", "total"), [(None, None), ("HUF", "40000"), ("IDR", "1500000"), ("XXX", "300")]
)
def test_the_most_goodwill_is_not_15_of_anything(
    case: dict[str, Any], currency: str | None, total: str | None
) -> None:
    """Without a rate nobody knows what 15 EUR are in it: no amount, and a person decides."""
    given = case["given"]
    order = make.order(
        currency=currency or given["currency"], total=Decimal(total or given["total"]),
        placed_at=make.NOW - timedelta(days=given["age_days"]), fulfillment_status="shipped",
    )  # fmt: skip
    found = decision.late(order, Settings(), now=make.NOW)
    assert found.amount == 0
    assert found.doubt


CHAIR = order(("S-100", "Office chair", 1, 100.0), total=100.0)
TWO_MUGS = order(("M-1", "Mug", 2, 10.0), ("L-1", "Lamp", 1, 30.0), total=50.0)
NEIGHBOURS = [
    pytest.param(CHAIR | {"payments": [30.0, 70.0]}, "The office chair is broken, damaged.",
                 ["70.00 EUR", "30.00 EUR"], id="the larger payment comes first"),
    pytest.param(
        order(("A-1", "Stool", 1, 40.0), ("B-1", "Lamp", 1, 60.0), total=100.0,
              payments=[50.0, 30.0, 20.0]),
        "The lamp is broken, it arrived damaged.", ["50.00 EUR", "10.00 EUR"], id="in part"),
    pytest.param(TWO_MUGS, "Both mugs are broken, damaged.", ["20.00 EUR"], id="both"),
    pytest.param(TWO_MUGS, "One of the two mugs is broken, damaged.", ["10.00 EUR"], id="one of"),
    pytest.param(order(("C-1", "Coffee", 1.5, 10.0), total=15.0),
                 "The coffee arrived damaged, the bag is broken.", ["15.00 EUR"], id="weighed"),
    pytest.param(
        order(("A-1", "Stool", 1, 10.0), ("B-1", "Lamp", 1, 10.0), ("C-1", "Rug", 1, 10.0),
              total=20.0),
        "The lamp is broken, damaged.", ["6.67 EUR"], id="a share of a third"),
    pytest.param(
        order(("A-1", "Stool", 3, 333), ("B-1", "Lamp", 1, 9800), total=7235, currency="jpy"),
        "All three stools are broken, damaged.", ["669 JPY"], id="yen are shared whole"),
    pytest.param(order(("A-1", "Stool", 1, 40.0), total=44.9, shipping=4.9),
                 "The stool is broken, damaged.", ["40.00 EUR"], id="shipping is no goods"),
    pytest.param(
        order(("A-1", "Stool", 1, 40.0), ("B-1", "Lamp", 1, 0.0), total=40.0),
        "The lamp is broken, damaged.", [], id="a gift was not paid for"),
    pytest.param(
        order(("A-1", "Stool", 1, 40.0), ("OFF", "Voucher", 1, -10.0), total=30.0),
        "The stool is broken, damaged.", ["30.00 EUR"], id="a voucher as a line"),
    pytest.param(
        order(("M-B", "Mug / Blue", 1, 10.0), ("M-R", "Mug / Red", 1, 12.0), total=22.0),
        "The mug is broken, damaged.", [], id="which mug"),
    pytest.param(order(("M-1", "Mug", 3, 10.0), total=30.0),
                 "The mugs are broken, damaged.", [], id="how many mugs"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "message", "right"), NEIGHBOURS)
def test_neighbours(
    refund_desk: Desk, given: dict[str, Any], message: str, right: list[str]
) -> None:
    """The kinds around the recorded faults: what is given back, whoever decides."""
    assert refund_desk.handle(given, message).all == right


def test_what_each_line_was_charged_with_beats_a_share(refund_desk: Desk) -> None:
    """A discount on one article only is not spread over the others."""
    given = order(("A-1", "Stool", 1, 40.0), ("B-1", "Lamp", 1, 60.0), total=83.3, shipping=5.95)
    stool, lamp = given["lines"]
    stool |= {"total": 23.8, "discount": 20.0, "tax": 3.8}
    lamp |= {"total": 53.55, "discount": 15.0, "tax": 8.55}
    outcome = refund_desk.handle(given, "The stool is broken, damaged.")
    assert outcome.all == ["23.80 EUR"]
    [shown] = [one for one in outcome.proposal.evidence if one["kind"] == "decision"]
    assert "discount 20.00, tax 3.80; paid 23.80" in shown["detail"]


def test_the_same_article_again_goes_to_a_person(refund_desk: Desk) -> None:
    """The shop's own note of the first refund says what it was for."""
    number = plant(refund_desk.books, TWO_MUGS)
    first = refund_desk.write(TWO_MUGS, number, "The lamp is broken, damaged.")
    assert first.all == ["30.00 EUR"]
    again = refund_desk.write(TWO_MUGS, number, "The lamp is broken, damaged!")
    assert again.all == ["30.00 EUR"]
    assert again.proposal.title.startswith("A person is needed")
    other = refund_desk.write(TWO_MUGS, number, "Both mugs are broken, damaged.")
    assert other.all == ["30.00 EUR", "20.00 EUR"]
    assert other.alone == ["30.00 EUR"]


def test_an_earlier_refund_for_nobody_knows_what(refund_desk: Desk) -> None:
    """A small amount that policy would allow waits for a person, capped at what is left."""
    given = order(("A-1", "Stool", 1, 8.0), total=8.0)
    number = plant(refund_desk.books, given)
    refund_of(refund_desk.shop, number, 3.0)
    outcome = refund_desk.write(given, number, "The stool is broken, damaged.")
    assert outcome.alone == ["3.00 EUR"]
    assert outcome.all == ["3.00 EUR", "5.00 EUR"]
    assert "Capped at the 5.00" in outcome.proposal.rationale


def refund_of(shop: Shop, number: str, amount: float) -> None:
    """The shop's staff gives something back."""
    client = MedusaClient(shop.address, shop.secret, {})
    [found] = client.read("orders", number=number)
    payment = found.payments[0].payment_id  # type: ignore[attr-defined]
    api = AdminApi(shop.address, shop.secret, timeout=20)
    target = path("payments", payment, "refund")
    with open_gate():
        api.post(target, {"amount": amount, "note": "sorry"}, key="staff")
    client.close()
    api.close()
