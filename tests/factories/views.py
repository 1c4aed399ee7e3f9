"""Changes as a page shows them, without a database."""

from typing import Any

from apps.gateway.catalogue import spec
from apps.proposals.changes import diff
from apps.proposals.models import Change
from apps.proposals.queries import ChangeView


def view(
    action: str, params: dict[str, Any], before: dict[str, Any], after: dict[str, Any]
) -> ChangeView:
    """One change that nobody has judged or carried out."""
    change = Change(action=action, params=params, proposed=params, target="x:1", before=before,
                    after=after)  # fmt: skip
    return ChangeView(change=change, spec=spec(action), fields=diff(before, after), edited=[],
                      decision=None, execution=None)  # fmt: skip


def price(old: str | None, new: str, **extra: str) -> ChangeView:
    """A price in EUR; no `old`: it had none. `extra` are other fields of the article."""
    before = {"prices": {"EUR": old} if old else {}, **extra}
    params = {"product_id": "p", "variant_id": "v", "currency": "EUR", "amount": new}
    return view("set_price", params, before, {"prices": {"EUR": new}, **extra})


def refund(amount: str = "20.00", **extra: str) -> ChangeView:
    """Ada's refund, of an order of 80 EUR."""
    before = {"email": "ada@example.com", "total": "80.00", "currency": "EUR", "refunded": "0.00",
              **extra}  # fmt: skip
    params = {"order_id": "o", "payment_id": "p", "amount": amount, "currency": "EUR"}
    return view("refund_payment", params, before, before | {"refunded": amount})


def letter(to: str = "ada@example.com") -> ChangeView:
    """A message to one customer."""
    params = {"to": to, "subject": "Hello", "body": "Hi"}
    return view("send_message", params, {"to": to}, params)
