"""What an approval of a return rests on, and what it asks for. Pure."""

from collections import Counter
from decimal import Decimal

from apps.gateway.connectors.medusa.actions.base import State
from apps.gateway.connectors.medusa.returns import Line, Quantities, ReturnableOrder
from apps.money.currency import written


def quantities(params: State) -> Quantities:
    """Pieces by order line."""
    pieces: Counter[str] = Counter()
    for item in params["items"]:
        pieces[item["line_id"]] += item["quantity"]
    return dict(pieces)


def state_of(order: ReturnableOrder) -> State:
    """What an approval of a return rests on."""
    lines, currency = named(order.items), order.currency_code.upper()
    returned = {name: int(line.detail.return_received_quantity) for name, line in lines.items()}
    returning = {name: int(line.detail.return_requested_quantity) for name, line in lines.items()}
    value = sum((pieces * lines[name].unit_price for name, pieces in returned.items()), Decimal())
    return {
        "number": str(order.display_id),
        "email": order.email,
        "currency": currency,
        "status": order.status,
        "fulfillment_status": order.fulfillment_status,
        "items": {name: counted(line.detail.quantity) for name, line in lines.items()},
        "sent": {name: counted(line.detail.fulfilled_quantity) for name, line in lines.items()},
        "unit_price": {name: written(line.unit_price, currency) for name, line in lines.items()},
        "returning": {name: pieces for name, pieces in returning.items() if pieces},
        "returned": returned,
        "returned_total": written(value, currency),
        "line_ids": {name: line.id for name, line in lines.items()},
    }


def counted(quantity: Decimal) -> int | str:
    """Pieces; of what is weighed how much."""
    return int(quantity) if quantity == int(quantity) else f"{quantity.normalize():f}"


def named(lines: list[Line]) -> dict[str, Line]:
    """Lines by what a person calls them; of several alike the later ones are numbered."""
    seen: Counter[str] = Counter()
    names = {}
    for line in sorted(lines, key=lambda line: line.id):
        name = line.variant_sku or " / ".join(filter(None, (line.title, line.subtitle))) or line.id
        seen[name] += 1
        names[name if seen[name] == 1 else f"{name} ({seen[name]})"] = line
    return names
