"""What makes up for an action of the catalogue: the parameters that restore what was before. Pure.

Each function gets the parameters of an effect, the state of its target before it, and the state
the back end showed after it. It answers an action with its parameters, or None where nothing that
is known makes up for the effect.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Compensation = tuple[str, dict[str, Any]]
State = Mapping[str, Any]

STATUSES = ("draft", "published")  # the ones an action may set
# subject and text a person starts from; nothing is sent as it stands here
CORRECTIONS = {
    "de": (
        "Korrektur: {}",
        "Guten Tag,\n\nunsere letzte Nachricht an Sie war nicht richtig. Richtig ist:\n\n",
    ),
    "fr": (
        "Correction : {}",
        "Bonjour,\n\nnotre dernier message contenait une erreur. Voici ce qui est exact :\n\n",
    ),
    "en": (
        "Correction: {}",
        "Hello,\n\nour last message to you was not right. This is what is correct:\n\n",
    ),
}


def earlier_price(params: State, before: State, _after: State) -> Compensation | None:
    """The price in the same currency before; None where the variant had none."""
    prices = before.get("prices")
    earlier = prices.get(params["currency"]) if isinstance(prices, Mapping) else None
    if earlier is None or Decimal(earlier) <= 0:  # no action takes a price away again
        return None
    return "set_price", {**params, "amount": earlier}


def earlier_stock(params: State, before: State, _after: State) -> Compensation | None:
    """The quantity before."""
    earlier = before.get("quantity")
    return None if earlier is None else ("set_stock", {**params, "quantity": earlier})


def earlier_texts(params: State, before: State, _after: State) -> Compensation | None:
    """The changed fields as they were; None where one of them cannot be set back."""
    changed = [name for name in params if name != "product_id"]
    earlier = {name: before.get(name) for name in changed}
    known = all(isinstance(value, str) for value in earlier.values()) and earlier.get("title") != ""
    settable = earlier.get("status", STATUSES[0]) in STATUSES
    if not (changed and known and settable):
        return None
    return "update_product", {"product_id": params["product_id"], **earlier}


def correction(params: State, _before: State, _after: State) -> Compensation | None:
    """A letter to the same customer in their language, whose text a person has to finish."""
    subject, body = CORRECTIONS.get(params.get("language", "en"), CORRECTIONS["en"])
    title = subject.format(params["subject"])[:200]
    return "send_message", {**params, "subject": title, "body": body}
