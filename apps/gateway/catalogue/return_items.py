"""Take goods back: so many pieces of lines of an order, back into stock."""

from typing import Annotated

from pydantic import AfterValidator, Field

from apps.gateway.catalogue.action_spec import (
    ActionSpec,
    Example,
    Identifier,
    Measure,
    Note,
    Parameters,
    Reversibility,
    Risk,
)
from apps.gateway.catalogue.orders import ORDER, customer_of_order, order_named


class ReturnedItem(Parameters):
    """So many pieces of one line of the order."""

    line_id: Identifier
    quantity: Annotated[int, Field(ge=1, le=1_000_000)]


def _each_once(items: list[ReturnedItem]) -> list[ReturnedItem]:
    if len({item.line_id for item in items}) < len(items):
        raise ValueError("name each line of the order once")
    return items


class ReturnItems(Parameters):
    """Take goods of an order back into stock."""

    order_id: Identifier
    items: Annotated[
        list[ReturnedItem], Field(min_length=1, max_length=100), AfterValidator(_each_once)
    ]
    note: Note = ""


SPEC = ActionSpec(
    name="return_items",
    title="Take goods back",
    noun="return",
    effect="A return is opened, requested, received and confirmed: the goods are back in "
    "stock and the shop owes the customer their price. The refund is an action of its own.",
    undo="If a step fails, the earlier ones are undone. Once the goods are received it "
    "cannot be taken back.",
    parameters=ReturnItems,
    risk=Risk.HIGH,
    reversibility=Reversibility.FINAL,
    measure=Measure.OWED,
    record="orders",
    target=lambda p: f"order:{p['order_id']}",
    customer=customer_of_order,
    order=order_named,
    example=Example(
        params={"order_id": "o_1", "items": [{"line_id": "li_1", "quantity": 2}],
                "note": "too small"},
        before=ORDER,
        after=ORDER | {"returned_total": "40.00"},
    ),
)  # fmt: skip
