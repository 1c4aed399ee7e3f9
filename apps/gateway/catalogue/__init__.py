"""The closed catalogue of core actions: the only ways an agent may ask to change the world.

One file an action. Adding one: copy a neighbour's file, add a line here. Pure data: no I/O.
"""

from decimal import Decimal
from typing import Any

from apps.gateway.catalogue import (
    cancel_order,
    refund_payment,
    return_items,
    send_message,
    set_price,
    set_stock,
    update_product,
)
from apps.gateway.catalogue.action_spec import ActionSpec, Compensation, Measure

ACTIONS: dict[str, ActionSpec] = {
    spec.name: spec
    for spec in (
        set_price.SPEC,
        set_stock.SPEC,
        update_product.SPEC,
        refund_payment.SPEC,
        cancel_order.SPEC,
        return_items.SPEC,
        send_message.SPEC,
    )
}


class UnknownAction(LookupError):
    """The action is not in the catalogue. Use one of the names listed there."""


def spec(action: str) -> ActionSpec:
    """The entry named `action`. Raises `UnknownAction`."""
    try:
        return ACTIONS[action]
    except KeyError:
        raise UnknownAction(
            f"'{action}' is not an action of the catalogue; known: {', '.join(ACTIONS)}."
        ) from None


def noun(action: str) -> str:
    """What an action changes, in words; of one that is not in the catalogue any more its name."""
    known = ACTIONS.get(action)
    return known.noun if known else action.replace("_", " ")


def measure(action: str) -> Measure:
    """What is measured of an action; nothing of one that is not in the catalogue any more."""
    known = ACTIONS.get(action)
    return known.measure if known else Measure.NONE


def compensation(
    action: str, params: dict[str, Any], before: dict[str, Any], after: dict[str, Any]
) -> Compensation | None:
    """What makes up for an effect; None where nothing from here does.

    `before` is the state the effect met, `after` what the back end showed then.
    """
    compensate = spec(action).compensate
    return compensate(params, before, after) if compensate else None


def normalise(action: str, params: dict[str, Any]) -> dict[str, Any]:
    """Parameters checked against the action's schema, as JSON values in canonical form.

    Amounts become text with the digits of their currency, unset optional fields are left out.
    Raises `UnknownAction` and `pydantic.ValidationError`.
    """
    model = spec(action).parameters.model_validate(params)
    values = model.model_dump(mode="python", exclude_none=True)
    return {
        name: f"{value:f}" if isinstance(value, Decimal) else value
        for name, value in values.items()
    }
