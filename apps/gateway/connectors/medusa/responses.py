"""The shapes of Medusa's answers which the connector relies on; everything else is dropped."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from apps.gateway import record_fields
from apps.gateway.connectors.base import BadAnswer
from apps.gateway.record_fields import Moment, Name, Quantity
from apps.money.currency import UnfitAmount, UnknownCurrency, round_to

COST_FIELD = "cost_eur"  # where a variant's metadata notes its cost; Medusa has no place for it
COST_CURRENCY = "EUR"  # what that field is in

KEPT_SOME = ("captured", "partially_refunded")  # of what was paid for an order


def list_if_none(value: Any) -> Any:
    return [] if value is None else value


def nothing_if_odd(value: Any) -> Any:
    """Notes of the shop's own that are no object are none."""
    return value if isinstance(value, dict) else {}


Words = record_fields.Words
Amount = record_fields.Number
Code = Annotated[str, Field(pattern=r"^[A-Za-z]{3}$")]


class Answer(BaseModel):
    """Base: frozen, unknown fields dropped."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Price(Answer):
    """One price of a variant; one with rules or quantities holds only under conditions."""

    id: str
    currency_code: Code
    amount: Amount
    min_quantity: int | None = None
    max_quantity: int | None = None
    rules: dict[str, Any] | None = None

    @property
    def currency(self) -> str:
        """ISO 4217, upper case."""
        return self.currency_code.upper()

    @property
    def plain(self) -> bool:
        """Whether the price holds for every customer and quantity."""
        return not self.rules and self.min_quantity is None and self.max_quantity is None


class Level(Answer):
    """Pieces of an inventory item at one location."""

    id: str
    location_id: str
    stocked_quantity: Amount


class InventoryItem(Answer):
    """What is stocked."""

    id: str
    sku: Words = ""
    title: Words = ""
    location_levels: Annotated[list[Level], BeforeValidator(list_if_none)] = []


class InventoryLink(Answer):
    """Which inventory item a variant draws on."""

    inventory_item_id: str
    inventory: InventoryItem | None = None


class Category(Answer):
    """Where the shop shows a product."""

    id: str
    name: Words = ""


class Group(Answer):
    """A collection of products; one is in no other."""

    title: Words = ""


class ProductName(Answer):
    """The product a variant belongs to."""

    title: Words
    categories: Annotated[list[Category], BeforeValidator(list_if_none)] = []
    collection: Group | None = None

    @property
    def category(self) -> str:
        """Its category by name, of several the one made first; else its collection; else empty."""
        first = min(self.categories, key=lambda category: category.id, default=None)
        return first.name if first else self.collection.title if self.collection else ""


class VariantAnswer(Answer):
    """A variant with its product's title, prices and stock."""

    id: str
    sku: Words
    title: Words
    product_id: str
    product: ProductName
    updated_at: Moment | None = None
    metadata: Annotated[dict[str, Any], BeforeValidator(nothing_if_odd)] = {}
    prices: Annotated[list[Price], BeforeValidator(list_if_none)]
    inventory_items: Annotated[list[InventoryLink], BeforeValidator(list_if_none)] = []

    @property
    def name(self) -> str:
        """Product and variant as a person names them."""
        return " / ".join(part for part in (self.product.title, self.title) if part)

    @property
    def cost(self) -> Decimal | None:
        """The cost noted in the variant's metadata; None when it is missing or not an amount."""
        noted = self.metadata.get(COST_FIELD)
        if noted is None or isinstance(noted, bool):
            return None
        try:
            cost = Decimal(str(noted))
        except InvalidOperation:
            return None
        return cost if cost.is_finite() and cost >= 0 else None


class ProductAnswer(Answer):
    """Texts and status of a product."""

    id: str
    title: Words
    subtitle: Words
    description: Words
    status: str


class Capture(Answer):
    """Money taken from the customer."""

    amount: Amount


class Refund(Answer):
    """Money given back."""

    id: str
    amount: Amount
    note: Words = ""


class PaymentAnswer(Answer):
    """A payment with what was captured and refunded."""

    id: str
    currency_code: Code
    captures: Annotated[list[Capture], BeforeValidator(list_if_none)]
    refunds: Annotated[list[Refund], BeforeValidator(list_if_none)]

    @property
    def currency(self) -> str:
        """ISO 4217, upper case."""
        return self.currency_code.upper()

    @property
    def captured(self) -> Decimal:
        """Sum of the captures."""
        return sum((capture.amount for capture in self.captures), Decimal())

    @property
    def refunded(self) -> Decimal:
        """Sum of the refunds."""
        return sum((refund.amount for refund in self.refunds), Decimal())


class PaymentCollection(Answer):
    """Payments that belong together."""

    payments: Annotated[list[PaymentAnswer], BeforeValidator(list_if_none)] = []


class Returned(Answer):
    """How many pieces of a line have come back."""

    return_received_quantity: Amount = Decimal()


class LineAnswer(Answer):
    """One line of an order.

    `total` is what it was charged with, discounts off and tax in, less the pieces that came back;
    Medusa works it out to many digits and rounds nowhere. None where a shop does not tell.
    """

    id: str
    title: Words = ""
    subtitle: Words = ""
    variant_sku: Words = ""
    quantity: Quantity
    unit_price: Amount
    total: Amount | None = None
    discount_total: Amount | None = None
    tax_total: Amount | None = None
    detail: Returned | None = None

    @property
    def returned(self) -> Decimal:
        """Pieces that have come back."""
        return self.detail.return_received_quantity if self.detail else Decimal()


class ShippingAnswer(Answer):
    """What a way of shipping was charged with, discounts off and tax in."""

    total: Amount | None = None


class OrderAnswer(Answer):
    """An order. Its `total` shrinks with refunds, `original_total` forgets the discounts."""

    id: str
    display_id: Name
    email: Words
    currency_code: Code
    status: Words
    payment_status: Words
    fulfillment_status: Words
    original_total: Amount
    created_at: Moment
    items: Annotated[list[LineAnswer], BeforeValidator(list_if_none)]
    payment_collections: Annotated[list[PaymentCollection], BeforeValidator(list_if_none)]
    shipping_methods: Annotated[list[ShippingAnswer], BeforeValidator(list_if_none)] | None = None

    @property
    def currency(self) -> str:
        """ISO 4217, upper case."""
        return self.currency_code.upper()

    @property
    def shipping(self) -> Decimal | None:
        """What shipping was charged with; None where the shop does not tell."""
        told = [
            shipping.total for shipping in self.shipping_methods or [] if shipping.total is not None
        ]
        if self.shipping_methods is None or len(told) < len(self.shipping_methods):
            return None
        return sum(told, Decimal())

    @property
    def charged(self) -> Decimal:
        """What was charged in all, in the currency's decimals: the lines and shipping.

        Less what has come back, as all totals of Medusa. `original_total` where it does not tell.
        """
        told = [line.total for line in self.items if line.total is not None]
        if len(told) < len(self.items) or self.shipping is None:
            return self.original_total
        try:
            return round_to(sum(told, self.shipping), self.currency)
        except (UnknownCurrency, UnfitAmount):
            return self.original_total

    @property
    def payments(self) -> list[PaymentAnswer]:
        """All payments of the order."""
        return [payment for group in self.payment_collections for payment in group.payments]


class PlacedOrder(Answer):
    """Who placed an order when, and whether it was paid for."""

    id: str
    email: Words
    status: Words
    payment_status: Words
    created_at: Moment

    @property
    def is_paid(self) -> bool:
        """Whether some of what was paid for it was kept."""
        return self.status != "canceled" and self.payment_status in KEPT_SOME


class Page(Answer):
    """What a listing says about itself."""

    count: Annotated[int, Field(ge=0)]


Shape = TypeVar("Shape", bound=Answer)


def check(shape: type[Shape], value: Any) -> Shape:
    """The value as `shape`. Raises `BadAnswer` which names the first wrong field."""
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadAnswer(
            f"Medusa's answer is not a {shape.__name__}: {where}: {first['msg']}."
        ) from error
