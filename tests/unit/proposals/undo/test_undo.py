"""Undoing against the demo shop: what is done is set back, and what cannot be is never silent."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from apps.accounts.models import Workspace
from apps.audit.models import Event, Payload
from apps.gateway import queries as gateway
from apps.gateway.models import Execution
from apps.gateway.models import State as ExecutionState
from apps.gateway.records import Variant
from apps.proposals import operations
from apps.proposals.models import Proposal, State
from apps.proposals.operations import (
    AlreadyDecided,
    InvalidDraft,
    NotAuthorised,
    NotUndoable,
)
from apps.proposals.reading import queue
from tests.conftest import Cast
from tests.contract.shops import Shop
from tests.factories.undoing import ALLOW, Propose, price_now, priced, rule, states, told

pytestmark = pytest.mark.django_db(transaction=True)

WATCH = {"name": "people", "when": "trigger == 'undo'", "outcome": "review", "reason": "Look."}
PEOPLE = {"name": "nobody", "when": "trigger == 'undo'", "outcome": "deny", "reason": "Never."}


def texts_for(proposal: Proposal, text: str) -> dict[UUID, str]:
    """The same text for each change."""
    return {change.pk: text for change in proposal.changes.all()}


def test_a_price_is_set_back(
    workspace: Workspace, world: Cast, variants: list[Variant], do: Propose, now: datetime,
    drive: Callable[[], None],
) -> None:  # fmt: skip
    """Through policy and gateway; the original is undone, its execution compensated, both told."""
    variant = variants[0]
    done = do(priced(variant))
    assert (done.state, price_now(workspace, variant)) == (State.DONE, variant.prices["EUR"] + 1)

    undo = operations.undo(proposal_id=done.pk, user=world.rita, reason="A slip.", now=now)
    assert undo.state == State.APPROVED
    assert (undo.submitted_by, undo.trigger) == (world.rita.actor, "undo")
    drive()

    done.refresh_from_db()
    undo.refresh_from_db()
    assert (done.state, undo.state) == (State.UNDONE, State.DONE)
    assert price_now(workspace, variant) == variant.prices["EUR"]
    assert (states(done), states(undo)) == (["compensated"], ["done"])
    assert undo.changes.get().compensates == done.changes.get()
    assert told(done, "proposal.settled")[-1] == {
        "revision": 1, "state": "undone", "title": "Do it", "undo": str(undo.pk),
        "undo_state": "done",
    }  # fmt: skip
    [event] = Event.objects.filter(kind="execution.compensated")
    compensation = Execution.objects.get(subject_id=undo.changes.get().pk)
    assert Payload.objects.get(event_id=event.pk).fields["compensation"] == str(compensation.pk)


def test_every_reversible_action_is_set_back(
    workspace: Workspace, world: Cast, variants: list[Variant], do: Propose, now: datetime,
    drive: Callable[[], None],
) -> None:  # fmt: skip
    """Price, stock and texts of one change set, the last first; the shop is as it was."""
    v = variants[1]
    stock = {"inventory_item_id": v.inventory_item_id, "location_id": v.location_id}
    other = next(one for one in variants if one.product_id != v.product_id)
    texts = {"product_id": other.product_id, "title": "New title", "description": "New words",
             "status": "draft"}  # fmt: skip
    done = do(priced(v), ("set_stock", {**stock, "quantity": 1}), ("update_product", texts))
    before = {change.action: change.before for change in done.changes.all()}
    assert done.state == State.DONE

    undo = operations.undo(proposal_id=done.pk, user=world.rita, reason="All of it.", now=now)
    assert [c.action for c in undo.changes.order_by("position")] == [
        "update_product", "set_stock", "set_price",
    ]  # fmt: skip
    drive()

    for change in undo.changes.select_related("connector"):
        after = gateway.look_again(change.connector, change.action, change.params).before
        assert after == before[change.action]
    done.refresh_from_db()
    assert (done.state, states(done)) == (State.UNDONE, ["compensated"] * 3)


def test_an_undo_waits_where_policy_says_so_and_not_for_its_author(
    workspace: Workspace, world: Cast, variants: list[Variant], do: Propose, now: datetime,
    drive: Callable[[], None],
) -> None:  # fmt: skip
    """Who asked for it cannot approve it; somebody else can."""
    done = do(priced(variants[2]))
    rule(workspace, now, ALLOW, WATCH)
    undo = operations.undo(proposal_id=done.pk, user=world.rita, reason="A slip.", now=now)
    assert undo.state == State.WAITING
    with pytest.raises(NotAuthorised, match="caused"):
        operations.approve(proposal_id=undo.pk, user=world.rita, binding=undo.binding, now=now)
    operations.approve(proposal_id=undo.pk, user=world.olga, binding=undo.binding, now=now)
    drive()
    done.refresh_from_db()
    assert done.state == State.UNDONE
    assert price_now(workspace, variants[2]) == variants[2].prices["EUR"]


def rejected(undo: Proposal, world: Cast, now: datetime) -> None:
    """Somebody rejects it."""
    operations.reject(proposal_id=undo.pk, user=world.olga, binding=undo.binding, now=now,
                      reason="The new price is right.")  # fmt: skip


def expired(undo: Proposal, world: Cast, now: datetime) -> None:
    """Nobody decides it."""
    assert operations.expire(now=now + timedelta(hours=73)) == 1


def refused(undo: Proposal, world: Cast, now: datetime) -> None:
    """The back end refuses it."""
    operations.approve(proposal_id=undo.pk, user=world.olga, binding=undo.binding, now=now)
    finished(ExecutionState.REFUSED, undo, now)


def unproven(undo: Proposal, world: Cast, now: datetime) -> None:
    """Nobody can tell whether it happened."""
    operations.approve(proposal_id=undo.pk, user=world.olga, binding=undo.binding, now=now)
    finished(ExecutionState.NEEDS_PERSON, undo, now)


def finished(state: str, undo: Proposal, now: datetime) -> None:
    """Its execution ended so."""
    execution = Execution.objects.filter(subject_id=undo.changes.get().pk)
    execution.update(state=state, error="No.", finished_at=now)
    operations.settle(now=now)


@pytest.mark.parametrize("ending", [rejected, expired, refused, unproven])
def test_an_undo_that_fails_leaves_an_open_case(
    workspace: Workspace, world: Cast, variants: list[Variant], do: Propose, now: datetime,
    ending: Callable[..., None],
) -> None:  # fmt: skip
    """It is in the inbox, with its event, until a person closes it; then it can be tried again."""
    done = do(priced(variants[3]))
    rule(workspace, now, ALLOW, WATCH)
    undo = operations.undo(proposal_id=done.pk, user=world.rita, reason="A slip.", now=now)
    ending(undo, world, now)
    done.refresh_from_db()
    undo.refresh_from_db()
    assert done.state == State.NEEDS_PERSON
    assert done in queue.queue(workspace.pk, world.rita, now=now)
    last = told(done, "proposal.settled")[-1]
    assert (last["state"], last["undo_state"]) == ("needs_person", undo.state)
    assert states(done) == ["done"]
    operations.resolve(proposal_id=done.pk, user=world.rita, happened=True, reason="It may stay.",
                       now=now)  # fmt: skip
    done.refresh_from_db()
    assert done.state == State.DONE


def test_an_undo_that_policy_denies_leaves_an_open_case(
    workspace: Workspace, world: Cast, variants: list[Variant], do: Propose, now: datetime
) -> None:
    """At once; a person who sets it back by hand says so, and it is undone."""
    done = do(priced(variants[4]))
    rule(workspace, now, ALLOW, PEOPLE)
    undo = operations.undo(proposal_id=done.pk, user=world.rita, reason="A slip.", now=now)
    done.refresh_from_db()
    assert (undo.state, done.state) == (State.DENIED, State.NEEDS_PERSON)
    operations.resolve(proposal_id=done.pk, user=world.olga, happened=False, now=now,
                       reason="I set the price back in the shop.")  # fmt: skip
    done.refresh_from_db()
    assert (done.state, states(done)) == (State.UNDONE, ["compensated"])


def test_a_person_vouches_for_an_unproven_undo(
    workspace: Workspace, world: Cast, variants: list[Variant], do: Propose, now: datetime
) -> None:
    """Then the original is undone as well."""
    done = do(priced(variants[5]))
    rule(workspace, now, ALLOW, WATCH)
    undo = operations.undo(proposal_id=done.pk, user=world.rita, reason="A slip.", now=now)
    unproven(undo, world, now)
    operations.resolve(proposal_id=undo.pk, user=world.olga, happened=True, reason="I see it.",
                       now=now)  # fmt: skip
    done.refresh_from_db()
    assert (done.state, states(done)) == (State.UNDONE, ["compensated"])


def test_only_one_undo_at_a_time(
    workspace: Workspace, world: Cast, variants: list[Variant], do: Propose, now: datetime,
    drive: Callable[[], None],
) -> None:  # fmt: skip
    """Neither a second one, nor one of what waits, is undone, or is an undo itself."""
    done = do(priced(variants[6]))
    rule(workspace, now, ALLOW, WATCH)
    undo = operations.undo(proposal_id=done.pk, user=world.rita, reason="A slip.", now=now)
    for proposal in (done, undo):
        with pytest.raises(AlreadyDecided):
            operations.undo(proposal_id=proposal.pk, user=world.olga, reason="Again.", now=now)
    operations.approve(proposal_id=undo.pk, user=world.olga, binding=undo.binding, now=now)
    drive()
    for proposal in (done, undo):
        with pytest.raises(AlreadyDecided):
            operations.undo(proposal_id=proposal.pk, user=world.olga, reason="Again.", now=now)
    assert Proposal.objects.count() == 2


def test_a_target_that_is_taken_keeps_its_proposal(
    workspace: Workspace, world: Cast, variants: list[Variant], do: Propose, now: datetime
) -> None:
    """What somebody else proposes about the same record is decided first."""
    done = do(priced(variants[7]))
    rule(workspace, now, ALLOW | {"outcome": "review"})
    do(priced(variants[7], 2))
    with pytest.raises(AlreadyDecided, match="same target"):
        operations.undo(proposal_id=done.pk, user=world.rita, reason="A slip.", now=now)
    done.refresh_from_db()
    assert done.state == State.DONE


def test_what_has_moved_on_is_for_a_person(
    workspace: Workspace, world: Cast, variants: list[Variant], do: Propose, now: datetime,
    drive: Callable[[], None],
) -> None:  # fmt: skip
    """Policy allows it, but the price is another's by now: nothing is called unseen."""
    first = do(priced(variants[8], 1))
    do(priced(variants[8], 5))
    undo = operations.undo(proposal_id=first.pk, user=world.rita, reason="A slip.", now=now)
    undo.refresh_from_db()
    earlier = variants[8].prices["EUR"]
    assert undo.state == State.WAITING
    assert undo.returned == [
        {"field": "prices.EUR", "before": f"{earlier + 1:.2f}", "after": f"{earlier + 5:.2f}"}
    ]
    assert states(undo) == ["cancelled"]
    drive()
    assert price_now(workspace, variants[8]) == earlier + 5


def test_a_refund_is_final(workspace: Workspace, world: Cast, do: Propose, now: datetime) -> None:
    """Undo says so, and changes nothing."""
    order = next(
        order
        for order in gateway.read(workspace.pk, "orders")
        if order.payment_status == "captured"  # type: ignore[attr-defined]
    )
    payment = order.payments[0]  # type: ignore[attr-defined]
    params = {"order_id": order.order_id, "payment_id": payment.payment_id,  # type: ignore[attr-defined]
              "amount": "1.00", "currency": payment.currency}  # fmt: skip
    done = do(("refund_payment", params))
    assert done.state == State.DONE
    with pytest.raises(NotUndoable, match=r"cannot be undone\. It cannot be taken back"):
        operations.undo(proposal_id=done.pk, user=world.rita, reason="A slip.", now=now)
    done.refresh_from_db()
    assert done.state == State.DONE


def test_a_price_that_was_not_there_cannot_be_set_back(
    workspace: Workspace, world: Cast, variants: list[Variant], do: Propose, now: datetime
) -> None:
    """No action takes a price away again."""
    done = do(priced(variants[9], currency="NOK"))
    assert done.state == State.DONE
    with pytest.raises(NotUndoable, match="what was before cannot be set again"):
        operations.undo(proposal_id=done.pk, user=world.rita, reason="A slip.", now=now)


def test_a_message_is_made_up_for_by_what_a_person_writes(
    workspace: Workspace, world: Cast, shop: Shop, do: Propose, now: datetime,
    drive: Callable[[], None],
) -> None:  # fmt: skip
    """Without a text of their own nothing is proposed; the correction goes to the same customer."""
    done = do(("send_message", {"to": "ann@example.com", "subject": "Ihre Bestellung",
                                "body": "Sie kommt morgen.", "language": "de"}))  # fmt: skip
    [effect] = operations.effects_of(done)
    assert effect.compensation is not None
    offered = effect.compensation[1]
    assert offered["subject"] == "Korrektur: Ihre Bestellung"
    for text in ("", offered["body"]):
        with pytest.raises(InvalidDraft, match="correction"):
            operations.undo(proposal_id=done.pk, user=world.rita, reason="Wrong.", now=now,
                            texts=texts_for(done, text))  # fmt: skip
    written = offered["body"] + "Sie kommt am Freitag."
    operations.undo(proposal_id=done.pk, user=world.rita, reason="Wrong.", now=now,
                    texts=texts_for(done, written))  # fmt: skip
    drive()
    done.refresh_from_db()
    assert (done.state, states(done)) == (State.UNDONE, ["compensated"])
    [mail, _] = shop.get("/demo/mailbox", to="ann@example.com")
    assert "Sie kommt am Freitag." in mail["body"]


def test_strangers_undo_nothing(
    world: Cast, variants: list[Variant], do: Propose, now: datetime
) -> None:
    """Nor does anybody without a reason."""
    done = do(priced(variants[21]))
    with pytest.raises(NotAuthorised):
        operations.undo(proposal_id=done.pk, user=world.mallory, reason="x", now=now)
    with pytest.raises(InvalidDraft):
        operations.undo(proposal_id=done.pk, user=world.rita, reason=" ", now=now)
