"""What earlier refunds of an order mean for another one."""

from decimal import Decimal

import pytest

from apps.agents.playbooks.refund_desk.earlier import Earlier, earlier_for, note
from apps.agents.playbooks.refund_desk.intents import Intent
from apps.gateway.records import GivenBack, Order, Payment
from tests.factories import agents as make


def refunded(*notes: str, untold: str = "0") -> Order:
    """An order that had a refund of 5 for each note, and `untold` nobody tells of."""
    given = [GivenBack(amount=Decimal(5), note=said) for said in notes]
    whole = Decimal(5) * len(given) + Decimal(untold)
    return make.order(payments=[Payment(payment_id="p", currency="EUR", captured=Decimal(100),
                                        refunded=whole, refunds=given)])  # fmt: skip


@pytest.mark.parametrize(
    ("notes", "untold", "intent", "skus", "expected"),
    [
        ([], "0", Intent.DAMAGED, ["MUG"], Earlier.NONE),
        ([], "3", Intent.DAMAGED, ["MUG"], Earlier.UNKNOWN),
        (["sorry"], "0", Intent.DAMAGED, ["MUG"], Earlier.UNKNOWN),
        (["damaged of MUG, message m1 aios:abc"], "0", Intent.DAMAGED, ["MUG"], Earlier.SAME),
        (["damaged of MUG, message m1"], "0", Intent.MONEY_BACK, ["MUG"], Earlier.SAME),
        (["damaged of MUG, message m1"], "0", Intent.DAMAGED, ["LAMP"], Earlier.OTHER),
        (["damaged of MUG, message m1"], "2", Intent.DAMAGED, ["LAMP"], Earlier.UNKNOWN),
        (["damaged of MUG, LAMP, message m"], "0", Intent.DAMAGED, ["LAMP"], Earlier.SAME),
        (["damaged of VASE, message m1"], "0", Intent.DAMAGED, ["LAMP"], Earlier.UNKNOWN),
        (["damaged, message m1 aios:k"], "0", Intent.DAMAGED, ["LAMP"], Earlier.UNKNOWN),
        (["late, message m1 aios:k"], "0", Intent.LATE, [], Earlier.SAME),
        (["late, message m1 aios:k"], "0", Intent.DAMAGED, ["LAMP"], Earlier.OTHER),
        (["damaged of MUG, message m1"], "0", Intent.LATE, [], Earlier.OTHER),
        (["sorry", "damaged of MUG, message m"], "0", Intent.DAMAGED, ["MUG"], Earlier.SAME),
        (["hello of MUG, message m1"], "0", Intent.DAMAGED, ["MUG"], Earlier.UNKNOWN),
    ],
)
def test_what_is_known_of_earlier_refunds(
    notes: list[str], untold: str, intent: Intent, skus: list[str], expected: Earlier
) -> None:
    """By our own notes; anybody else's tell nothing."""
    order = refunded(*notes, untold=untold)
    lines = [line for line in order.lines if line.sku in skus]
    assert earlier_for(order, intent, lines) == expected


def test_a_note_is_read_as_it_was_written() -> None:
    """For every line of an order, and for a title where there is no number."""
    order = make.order()
    nameless = order.lines[1].model_copy(update={"sku": ""})
    order = order.model_copy(update={"lines": [order.lines[0], nameless]})
    for one in order.lines:
        said = note(Intent.DAMAGED, [one], "msg_1") + " aios:key"
        again = refunded(said).model_copy(update={"lines": order.lines})
        assert earlier_for(again, Intent.DAMAGED, [one]) == Earlier.SAME
    assert note(Intent.LATE, order.lines, "msg_1") == "late, message msg_1"
    assert len(note(Intent.DAMAGED, order.lines * 99, "m")) == 500
