"""Set stock: the stocked quantity of one inventory item at one location."""

from typing import Annotated

from pydantic import Field

from apps.gateway.catalogue.action_spec import (
    ActionSpec,
    Compensation,
    Example,
    Identifier,
    Measure,
    Parameters,
    Reach,
    Reversibility,
    Risk,
    State,
)


class SetStock(Parameters):
    """The stocked quantity of one inventory item at one location."""

    inventory_item_id: Identifier
    location_id: Identifier
    quantity: Annotated[int, Field(ge=0, le=1_000_000)]


def earlier_stock(params: State, before: State, _after: State) -> Compensation | None:
    """The quantity before."""
    earlier = before.get("quantity")
    return None if earlier is None else ("set_stock", {**params, "quantity": earlier})


SPEC = ActionSpec(
    name="set_stock",
    title="Set stock",
    noun="stock",
    effect="The shop offers this many pieces at this location.",
    undo="Set the earlier quantity again.",
    parameters=SetStock,
    risk=Risk.MEDIUM,
    reversibility=Reversibility.REVERSIBLE,
    measure=Measure.QUANTITY,
    record="variants",
    reach=Reach(whom="Everyone who orders it", note="what they may still order"),
    target=lambda p: f"stock:{p['inventory_item_id']}:{p['location_id']}",
    compensate=earlier_stock,
    example=Example(params={"inventory_item_id": "i_1", "location_id": "l_1", "quantity": 3}),
)
