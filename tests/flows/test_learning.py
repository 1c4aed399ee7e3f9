"""A reviewer corrects the agent, and the next similar case differs because of it."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.agents import operations
from apps.agents.models import Agent, Handled, Run, State
from apps.agents.playbooks.refund_desk import sense as desk
from apps.agents.playbooks.refund_desk.settings import Settings
from apps.memory import operations as memory
from apps.memory.models import Item
from apps.proposals import operations as proposals
from apps.proposals.models import Proposal
from tests.conftest import Cast
from tests.contract.shops import Shop, demo_shop
from tests.factories import agents as make
from tests.factories.proposals import look_at


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A demo shop."""
    with demo_shop(tmp_path_factory.mktemp("shop") / "ledger.sqlite") as started:
        yield started


@pytest.fixture
def desk_agent(workspace: Workspace, shop: Shop, cast: Cast) -> Agent:
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
    return agent


def delivered(workspace: Workspace) -> list[Any]:
    """Delivered, paid orders over more than 20 EUR of one article each, in the shop's order."""
    orders = desk.orders(workspace)
    return [
        order
        for order in orders
        if order.fulfillment_status == "delivered"
        and order.payment_status == "captured"
        and len(order.lines) == 1
        and order.lines[0].unit_price > 20
    ]


def work(agent: Agent) -> None:
    """A run of the agent, as far as it goes without a person."""
    operations.start(agent=agent, trigger="schedule", by="clock", now=timezone.now())
    make.drive()


def about(message_id: str) -> Proposal:
    """The proposal about a message."""
    return Proposal.objects.get(case__message_id=message_id)


def actions(proposal: Proposal) -> list[str]:
    """What it would do, in order."""
    return list(proposal.changes.order_by("position").values_list("action", flat=True))


def test_a_rejected_refund_teaches_the_desk(
    workspace: Workspace, desk_agent: Agent, shop: Shop, cast: Cast
) -> None:
    """Reject with a reason; the next broken article is answered as the reviewer wanted."""
    first_order, second_order = delivered(workspace)[:2]
    first = make.write(shop, first_order.email, "Broken", "My article is broken. Refund please.",
                       first_order.number)  # fmt: skip
    work(desk_agent)
    before = about(first)
    assert actions(before) == ["refund_payment", "send_message"]
    proposals.reject(
        proposal_id=before.pk,
        user=cast.rita,
        binding=before.binding,
        reason="We need a photo of the damage before we pay.",
        now=timezone.now(),
    )
    second = make.write(shop, second_order.email, "Kaputt", "Mein Artikel kam leider kaputt an.",
                        second_order.number)  # fmt: skip
    work(desk_agent)
    after = about(second)
    assert actions(after) == ["send_message"]
    assert "Foto" in after.changes.get().params["body"]
    [shown] = [entry for entry in after.evidence if entry["kind"] == "correction"]
    learned = Item.objects.get(pk=UUID(shown["item_id"]))
    assert learned.provenance["proposal_id"] == str(before.pk)
    assert "We need a photo" in shown["detail"]
    assert "We need a photo" in after.rationale
    assert after.title.startswith("Ask for a photo first")


def test_a_forgotten_correction_is_not_heeded(
    workspace: Workspace, desk_agent: Agent, shop: Shop, cast: Cast
) -> None:
    """The control: without the item, the next case is planned as the first was."""
    first_order, second_order = delivered(workspace)[2:4]
    first = make.write(shop, first_order.email, "Broken", "My article is broken.",
                       first_order.number)  # fmt: skip
    work(desk_agent)
    proposal = about(first)
    proposals.reject(proposal_id=proposal.pk, user=cast.rita, binding=proposal.binding,
                     reason="Photo first.", now=timezone.now())  # fmt: skip
    item = Item.objects.get(type="correction")
    memory.forget(item, by="user:1", reason="a mistake", now=timezone.now())
    second = make.write(shop, second_order.email, "Broken", "My article is broken.",
                        second_order.number)  # fmt: skip
    work(desk_agent)
    assert actions(about(second)) == ["refund_payment", "send_message"]


def test_an_edited_amount_teaches_the_desk(
    workspace: Workspace, desk_agent: Agent, shop: Shop, cast: Cast
) -> None:
    """A reviewer halves a refund and approves; the next one is half from the start."""
    first_order, second_order = delivered(workspace)[4:6]
    first = make.write(shop, first_order.email, "Broken", "It is broken.", first_order.number)
    work(desk_agent)
    proposal = about(first)
    refund = proposal.changes.get(action="refund_payment")
    full = first_order.lines[0].unit_price
    assert refund.params["amount"] == str(full)
    look_at(proposal, cast.olga, now=timezone.now())
    proposals.approve(
        proposal_id=proposal.pk,
        user=cast.olga,
        binding=proposal.binding,
        edits={refund.pk: {"amount": str(round(full / 2, 2))}},
        now=timezone.now(),
    )
    make.drive()
    lines = [line for line in shop.get("/demo/ledger") if line["action"] == "refund_payment"]
    assert [line["amount"] for line in lines] == [str(round(full / 2, 2))]
    second = make.write(shop, second_order.email, "Broken", "It is broken.", second_order.number)
    work(desk_agent)
    after = about(second)
    amount = after.changes.get(action="refund_payment").params["amount"]
    assert abs(float(amount) - float(second_order.lines[0].unit_price) / 2) < 0.02
    assert [entry for entry in after.evidence if entry["kind"] == "correction"]


def test_a_price_a_reviewer_chose_is_kept(workspace: Workspace, shop: Shop, cast: Cast) -> None:
    """Edited and approved; later runs do not go past it."""
    now = timezone.now()
    make.connect(workspace, shop, now)
    agent = make.agent(workspace, "repricing", now)
    work(agent)
    waiting = Proposal.objects.filter(state="waiting", playbook="repricing").order_by("id")
    proposal = next(p for p in waiting if float(p.case["to"]) < float(p.case["from"]))
    change = proposal.changes.get()
    chosen = round((float(proposal.case["from"]) + float(proposal.case["to"])) / 2, 2)
    proposals.approve(
        proposal_id=proposal.pk,
        user=cast.olga,
        binding=proposal.binding,
        edits={change.pk: {"amount": f"{chosen:.2f}"}},
        now=timezone.now(),
    )
    work(agent)
    proposal.refresh_from_db()
    assert proposal.state == "done"
    work(agent)
    about_it = Proposal.objects.filter(case__sku=proposal.case["sku"])
    assert about_it.count() == 1, "the agent went against the reviewer"
