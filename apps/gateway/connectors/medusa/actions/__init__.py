"""The actions Medusa can carry out, one module each."""

from apps.gateway.connectors.medusa.actions.base import Action
from apps.gateway.connectors.medusa.actions.cancel_order import CancelOrder
from apps.gateway.connectors.medusa.actions.refund_payment import RefundPayment
from apps.gateway.connectors.medusa.actions.return_items import ReturnItems
from apps.gateway.connectors.medusa.actions.set_price import SetPrice
from apps.gateway.connectors.medusa.actions.set_stock import SetStock
from apps.gateway.connectors.medusa.actions.update_product import UpdateProduct

ACTIONS: dict[str, Action] = {
    "set_price": SetPrice(),
    "set_stock": SetStock(),
    "update_product": UpdateProduct(),
    "refund_payment": RefundPayment(),
    "cancel_order": CancelOrder(),
    "return_items": ReturnItems(),
}

__all__ = ["ACTIONS", "Action"]
