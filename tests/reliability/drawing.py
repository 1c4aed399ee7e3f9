"""Random parameters that fit the state of a shop, for every action of the catalogue."""

from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

from apps.accounts.models import Workspace
from apps.gateway import queries as gateway
from apps.gateway.records import Order
from apps.money.currency import step

Parameters = dict[str, Any]
LETTERS = "abcdefghijklmnopqrstuvwxyzäöüßéçñøåžčПриветこんにちは0123456789 .,;:!?-–()&/%€$'\"<>#+"


def words(random: Random, most: int) -> str:
    """A text that is not blank, of up to `most` characters."""
    length = random.randint(1, most)
    return random.choice("ABCDE") + "".join(random.choices(LETTERS, k=length - 1)).rstrip()


def money(random: Random, most: Decimal, currency: str = "EUR") -> str:
    """An amount between the smallest of the currency and `most`."""
    least = step(currency)
    return str(random.randint(1, int(most / least)) * least)


def set_price(workspace: Workspace, random: Random) -> Parameters | None:
    """Any price of any variant, also in a currency it has none in yet."""
    variant = random.choice(gateway.read(workspace.pk, "variants"))
    currency = random.choice([*variant.prices, "CHF", "JPY", "KWD"])
    return {
        "product_id": variant.product_id,
        "variant_id": variant.variant_id,
        "currency": currency,
        "amount": money(random, Decimal(900), currency),
    }


def set_stock(workspace: Workspace, random: Random) -> Parameters | None:
    """Any quantity of a variant with a stock."""
    stocked = [v for v in gateway.read(workspace.pk, "variants") if v.inventory_item_id]
    variant = random.choice(stocked)
    return {
        "inventory_item_id": variant.inventory_item_id,
        "location_id": variant.location_id,
        "quantity": random.choice([0, 1, random.randint(0, 500), random.randint(0, 1_000_000)]),
    }


def update_product(workspace: Workspace, random: Random) -> Parameters | None:
    """Some of a product's texts and its status."""
    variant = random.choice(gateway.read(workspace.pk, "variants"))
    texts = {
        "title": words(random, 80),
        "subtitle": words(random, 120),
        "description": words(random, 2_000),
        "status": random.choice(["draft", "published"]),
    }
    chosen = random.sample(sorted(texts), random.randint(1, 4))
    return {"product_id": variant.product_id, **{name: texts[name] for name in chosen}}


def refund_payment(workspace: Workspace, random: Random) -> Parameters | None:
    """A part of what is left of a payment, sometimes all of it."""
    left = [
        (order.order_id, payment, payment.captured - payment.refunded)
        for order in gateway.read(workspace.pk, "orders")
        for payment in order.payments
        if order.status != "canceled" and payment.captured > payment.refunded
    ]
    if not left:
        return None
    order_id, payment, most = random.choice(left)
    amount = str(most) if random.random() < 0.1 else money(random, most / 8 + Decimal("0.01"))
    return {
        "order_id": order_id,
        "payment_id": payment.payment_id,
        "amount": amount,
        "currency": payment.currency,
        "note": random.choice(["", words(random, 60)]),
    }


def cancel_order(workspace: Workspace, random: Random) -> Parameters | None:
    """An order that is not on its way."""
    orders = [
        order.order_id
        for order in gateway.read(workspace.pk, "orders")
        if order.status != "canceled" and order.fulfillment_status == "not_fulfilled"
    ]
    return {"order_id": random.choice(orders)} if orders else None


def return_items(workspace: Workspace, random: Random) -> Parameters | None:
    """Some pieces of an order that was delivered, of those not sent back yet."""
    orders = [
        order
        for order in gateway.read(workspace.pk, "orders")
        if order.status != "canceled" and order.fulfillment_status == "delivered"
    ]
    random.shuffle(orders)
    for order in orders:
        if left := kept_by_customer(workspace, order):
            lines = random.sample(sorted(left), random.randint(1, len(left)))
            items = [{"line_id": one, "quantity": random.randint(1, left[one])} for one in lines]
            return {"order_id": order.order_id, "items": items, "note": words(random, 60)}
    return None


def kept_by_customer(workspace: Workspace, order: Order) -> dict[str, int]:
    """How many pieces of each line of the order have not been sent back."""
    connector = gateway.connector_for(workspace.pk, "return_items")
    params = {"order_id": order.order_id,
              "items": [{"line_id": order.lines[0].line_id, "quantity": 1}]}  # fmt: skip
    state = gateway.look_again(connector, "return_items", params).before
    left = {
        state["line_ids"][name]: pieces - state["returned"][name] - state["returning"].get(name, 0)
        for name, pieces in state["items"].items()
    }
    return {line: pieces for line, pieces in left.items() if pieces > 0}


def send_message(workspace: Workspace, random: Random) -> Parameters | None:
    """A text to some customer."""
    return {
        "to": f"customer{random.randint(0, 10**6)}@example.com",
        "subject": words(random, 100),
        "body": "\n".join(words(random, 200) for _ in range(random.randint(1, 6))),
        "language": random.choice(["en", "de", "fr"]),
    }


def ledger_price(workspace: Workspace, random: Random) -> Parameters | None:
    """A price the null connector notes."""
    return {
        "product_id": "p", "variant_id": f"v{random.randint(0, 10**6)}", "currency": "EUR",
        "amount": money(random, Decimal(900)),
    }  # fmt: skip


# None: this shop has none left; take a fresh one
DRAWS: dict[str, Callable[[Workspace, Random], Parameters | None]] = {
    "set_price": set_price,
    "set_stock": set_stock,
    "update_product": update_product,
    "refund_payment": refund_payment,
    "cancel_order": cancel_order,
    "return_items": return_items,
    "send_message": send_message,
}
