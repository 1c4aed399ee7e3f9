"""Orders as shops charge them: discounts, taxes in and on the prices, several payments, currencies.

Both shops under contract have them, each under an e-mail address of its own and older than all
others: a real Medusa works the totals out itself, the demo shop has what Medusa came to.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.factories.shop_orders import plant

DAYS_AGO = 90


@dataclass(frozen=True, kw_only=True)
class Charged:
    """One order. `pieces` of each article by article number, `paid` the payments.

    `totals` and `shipping_total` are what Medusa makes of it; the real one is not told.
    """

    name: str
    currency: str
    country: str
    pieces: dict[str, int]
    shipping: float
    promotions: tuple[str, ...] = ()
    paid: tuple[float, ...]
    totals: dict[str, dict[str, float]] = field(default_factory=dict)
    shipping_total: float

    @property
    def email(self) -> str:
        """Whose order it is."""
        return f"{self.name}@charged.example"


PRICES = {
    "CH-1": {"eur": 20, "chf": 21.6, "jpy": 9800, "kwd": 1.255},
    "CH-2": {"eur": 30, "chf": 9.99, "jpy": 333, "kwd": 2.5},
}
THIRD, FIVE = "CHARGED33", "CHARGED5"  # 33 % off the articles, 5 EUR off the articles
# name, currency, country, tax in percent (None: none), whether prices hold it
REGIONS = (
    ("Netherlands", "eur", "nl", 21, False),
    ("Switzerland", "chf", "ch", 8.1, True),
    ("Japan", "jpy", "jp", None, False),
    ("Kuwait", "kwd", "kw", None, False),
)


def whole(amount: float) -> dict[str, float]:
    """The totals of a line nothing was taken off or put on."""
    return {"total": amount, "discount": 0, "tax": 0}


ORDERS = (
    Charged(
        name="discount", currency="eur", country="de", pieces={"CH-1": 2, "CH-2": 1}, shipping=5,
        promotions=(THIRD,), paid=(51.9,), shipping_total=5,
        totals={"CH-1": {"total": 26.8, "discount": 13.2, "tax": 0},
                "CH-2": {"total": 20.1, "discount": 9.9, "tax": 0}},
    ),
    Charged(
        name="tax-in", currency="chf", country="ch", pieces={"CH-1": 1, "CH-2": 3}, shipping=7,
        paid=(59.14,), shipping_total=7.567,
        totals={"CH-1": {"total": 21.6, "discount": 0, "tax": 1.618501387604},
                "CH-2": {"total": 29.97, "discount": 0, "tax": 2.245670675301}},
    ),
    Charged(
        name="tax-on", currency="eur", country="nl", pieces={"CH-1": 2, "CH-2": 1}, shipping=5,
        promotions=(FIVE,), paid=(84.7,), shipping_total=6.05,
        totals={"CH-1": {"total": 44.942857142857, "discount": 3.457142857143, "tax": 7.8},
                "CH-2": {"total": 33.707142857143, "discount": 2.592857142857, "tax": 5.85}},
    ),
    Charged(
        name="split", currency="eur", country="de", pieces={"CH-1": 2, "CH-2": 1}, shipping=5,
        paid=(30, 45), shipping_total=5, totals={"CH-1": whole(40), "CH-2": whole(30)},
    ),
    Charged(
        name="cancelled", currency="eur", country="de", pieces={"CH-1": 1}, shipping=5,
        paid=(10, 15), shipping_total=5, totals={"CH-1": whole(20)},
    ),
    Charged(
        name="yen", currency="jpy", country="jp", pieces={"CH-1": 1, "CH-2": 3}, shipping=500,
        promotions=(THIRD,), paid=(7735,), shipping_total=500,
        totals={"CH-1": {"total": 6566, "discount": 3234, "tax": 0},
                "CH-2": {"total": 669.33, "discount": 329.67, "tax": 0}},
    ),
    Charged(
        name="dinar", currency="kwd", country="kw", pieces={"CH-1": 1, "CH-2": 2}, shipping=0.5,
        paid=(6.755,), shipping_total=0.5,
        totals={"CH-1": whole(1.255), "CH-2": whole(5)},
    ),
)  # fmt: skip
EMAILS = frozenset(order.email for order in ORDERS)


def plant_all(ledger: Path) -> None:
    """Put them into a demo shop's file."""
    for order in ORDERS:
        plant(ledger, given(order))


def given(order: Charged) -> dict[str, Any]:
    """The order as the demo shop has it."""
    lines = [
        {"sku": sku, "title": title_of(sku), "quantity": pieces,
         "unit_price": PRICES[sku][order.currency], **order.totals[sku]}
        for sku, pieces in order.pieces.items()
    ]  # fmt: skip
    charged = sum(line["total"] for line in lines) + order.shipping_total
    return {
        "email": order.email, "currency": order.currency, "lines": lines, "total": charged,
        "payments": list(order.paid), "age_days": DAYS_AGO, "fulfillment": "not_fulfilled",
        "shipping": order.shipping_total,
    }  # fmt: skip


def title_of(sku: str) -> str:
    """What an article is called."""
    return f"Charged thing {sku[-1]}"
