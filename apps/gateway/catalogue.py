"""The closed catalogue of core actions: the only ways an agent may ask to change the world.

Each `ActionSpec` has a typed contract (a Pydantic model, extra fields refused), a risk and a
reversibility that are shown before approval. Pure data: no I/O.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from apps.gateway import email_address
from apps.gateway.amounts import Amount, Currency, InCurrency
from apps.gateway.compensations import (
    Compensation,
    State,
    correction,
    earlier_price,
    earlier_stock,
    earlier_texts,
)


class UnknownAction(LookupError):
    """The action is not in the catalogue. Use one of the names listed there."""


class Risk(StrEnum):
    """How much harm a wrong action does."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Reversibility(StrEnum):
    """Whether an effect can be taken back."""

    REVERSIBLE = "reversible"  # the same action with the earlier value restores the state
    COMPENSABLE = "compensable"  # another action makes up for it
    FINAL = "final"  # nothing takes it back


Identifier = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[\w.\-]+$")]
ToAddress = AfterValidator(email_address.bare)
Text = Annotated[str, StringConstraints(min_length=1, max_length=10_000)]


class Parameters(BaseModel):
    """Base of all parameter schemas: frozen, unknown fields refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SetPrice(InCurrency, Parameters):
    """One price of one variant in one currency."""

    product_id: Identifier
    variant_id: Identifier
    currency: Currency
    amount: Amount


class SetStock(Parameters):
    """The stocked quantity of one inventory item at one location."""

    inventory_item_id: Identifier
    location_id: Identifier
    quantity: Annotated[int, Field(ge=0, le=1_000_000)]


class UpdateProduct(Parameters):
    """Texts and status of a product; only the given fields change."""

    product_id: Identifier
    title: Annotated[str, StringConstraints(min_length=1, max_length=300)] | None = None
    subtitle: Annotated[str, StringConstraints(max_length=300)] | None = None
    description: Annotated[str, StringConstraints(max_length=10_000)] | None = None
    status: Literal["draft", "published"] | None = None


class RefundPayment(InCurrency, Parameters):
    """Give back a part of a captured payment."""

    order_id: Identifier
    payment_id: Identifier
    currency: Currency
    amount: Amount
    note: Annotated[str, StringConstraints(max_length=500)] = ""


class CancelOrder(Parameters):
    """Cancel an unfulfilled order; a paid one is refunded in full by the shop."""

    order_id: Identifier


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
    note: Annotated[str, StringConstraints(max_length=500)] = ""


class SendMessage(Parameters):
    """One message to one customer. `to` is read as the bare address, an umlaut domain in ASCII."""

    to: Annotated[str, StringConstraints(max_length=email_address.MOST_TEXT), ToAddress]
    subject: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\r\n]+$")]
    body: Text
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")] = "en"
    in_reply_to: Annotated[str, StringConstraints(max_length=200)] = ""


@dataclass(frozen=True, kw_only=True)
class ActionSpec:
    """One entry of the catalogue.

    `target` names the outside record the action touches (also the key under which parallel
    calls are serialised); `title` and `effect` are the words a reviewer reads. `gives_money`:
    its amount leaves the business, so amounts of one proposal add up. `compensate` works out what
    makes up for an effect (see `compensations`); `written` names its parameter that only a person
    can write, empty where it needs none. `customer` and `order` find in the parameters and in the
    state before whom and which order it is about, `category` to which part of the catalogue it
    belongs, empty where that is not known: what windows of time are counted by.
    """

    name: str
    title: str
    effect: str
    undo: str
    parameters: type[Parameters]
    risk: Risk
    reversibility: Reversibility
    gives_money: bool = False
    target: Callable[[dict[str, Any]], str]
    customer: Callable[[State, State], str] | None = None
    order: Callable[[State, State], str] | None = None
    category: Callable[[State, State], str] | None = None
    compensate: Callable[[State, State, State], Compensation | None] | None = None
    written: str = ""


def customer_of_order(_params: State, before: State) -> str:
    """The mailbox of whoever ordered, as the shop has it."""
    return email_address.mailbox(str(before.get("email") or ""))


def order_named(params: State, _before: State) -> str:
    """The order the parameters name."""
    return str(params["order_id"])


def category_of_product(_params: State, before: State) -> str:
    """The category the shop shows the product in."""
    return str(before.get("category") or "")


ACTIONS: dict[str, ActionSpec] = {
    spec.name: spec
    for spec in (
        ActionSpec(
            name="set_price",
            title="Set price",
            effect="The shop sells this variant at the new price from now on.",
            undo="Set the earlier price again.",
            parameters=SetPrice,
            risk=Risk.MEDIUM,
            reversibility=Reversibility.REVERSIBLE,
            target=lambda p: f"variant:{p['variant_id']}",
            category=category_of_product,
            compensate=earlier_price,
        ),
        ActionSpec(
            name="set_stock",
            title="Set stock",
            effect="The shop offers this many pieces at this location.",
            undo="Set the earlier quantity again.",
            parameters=SetStock,
            risk=Risk.MEDIUM,
            reversibility=Reversibility.REVERSIBLE,
            target=lambda p: f"stock:{p['inventory_item_id']}:{p['location_id']}",
            compensate=earlier_stock,
        ),
        ActionSpec(
            name="update_product",
            title="Update product",
            effect="Customers see the new texts or status at once.",
            undo="Write the earlier texts again.",
            parameters=UpdateProduct,
            risk=Risk.LOW,
            reversibility=Reversibility.REVERSIBLE,
            target=lambda p: f"product:{p['product_id']}",
            compensate=earlier_texts,
        ),
        ActionSpec(
            name="refund_payment",
            title="Refund payment",
            effect="The money goes back to the customer.",
            undo="It cannot be taken back; the customer would have to pay again.",
            parameters=RefundPayment,
            risk=Risk.HIGH,
            reversibility=Reversibility.FINAL,
            gives_money=True,
            target=lambda p: f"payment:{p['payment_id']}",
            customer=customer_of_order,
            order=order_named,
        ),
        ActionSpec(
            name="cancel_order",
            title="Cancel order",
            effect="The order is cancelled; a captured payment is refunded in full.",
            undo="It cannot be taken back; the customer would have to order again.",
            parameters=CancelOrder,
            risk=Risk.HIGH,
            reversibility=Reversibility.FINAL,
            gives_money=True,
            target=lambda p: f"order:{p['order_id']}",
            customer=customer_of_order,
            order=order_named,
        ),
        ActionSpec(
            name="return_items",
            title="Take goods back",
            effect="A return is opened, requested, received and confirmed: the goods are back in "
            "stock and the shop owes the customer their price. The refund is an action of its own.",
            undo="If a step fails, the earlier ones are undone. Once the goods are received it "
            "cannot be taken back.",
            parameters=ReturnItems,
            risk=Risk.HIGH,
            reversibility=Reversibility.FINAL,
            target=lambda p: f"order:{p['order_id']}",
            customer=customer_of_order,
            order=order_named,
        ),
        ActionSpec(
            name="send_message",
            title="Send message",
            effect="The customer receives this message by e-mail.",
            undo="A sent message cannot be recalled; a correction can be sent after it.",
            parameters=SendMessage,
            risk=Risk.MEDIUM,
            reversibility=Reversibility.COMPENSABLE,
            target=lambda p: f"mailbox:{p['to']}:{p.get('in_reply_to', '')}",
            customer=lambda p, _: email_address.mailbox(p["to"]),
            compensate=correction,
            written="body",
        ),
    )
}


def spec(action: str) -> ActionSpec:
    """The entry named `action`. Raises `UnknownAction`."""
    try:
        return ACTIONS[action]
    except KeyError:
        raise UnknownAction(
            f"'{action}' is not an action of the catalogue; known: {', '.join(ACTIONS)}."
        ) from None


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
