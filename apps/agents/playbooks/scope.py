"""What a conversation with a model may look up: what belongs to its case, and nothing else. Pure.

Anything wider is a step a person allows: who asks an agent names the order as `#1002`, and only
that conversation, which then changes nothing, may read it.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.gateway import email_address
from apps.gateway.records import Order

NAMED = re.compile(r"(?<![\w#])#\s?(\w[\w-]{0,39})")
CUSTOMER = "customer:"  # subjects of what is known about one


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The customer, orders and articles of a case; empty: nothing can be looked up.

    `orders` are identifiers of the back end, `articles` titles by SKU, `subjects` those of the
    memory, and `named` the numbers of orders a person has asked about.
    """

    customer: str = ""
    orders: frozenset[str] = frozenset()
    articles: Mapping[str, str] = field(default_factory=dict)
    subjects: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()

    def owns(self, order: Order) -> bool:
        """Whether an order is the case's or its customer's."""
        return order.order_id in self.orders or email_address.same(order.email, self.customer)

    def skus_like(self, text: str) -> list[str]:
        """The case's articles whose SKU or title holds the text; all of them for none."""
        wanted = text.casefold()
        return [
            sku
            for sku, title in self.articles.items()
            if wanted in sku.casefold() or wanted in title.casefold()
        ]


def order_number(written: str) -> str:
    """An order's number as the shop writes it, whatever invisible stands around or inside it."""
    plain = unicodedata.normalize("NFKC", written)
    visible = "".join(c for c in plain if unicodedata.category(c) not in ("Cf", "Cc"))
    return visible.strip().lstrip("#").strip()


def of_proposal(case: Mapping[str, Any], params: Iterable[Mapping[str, Any]], asked: str) -> Scope:
    """The scope of a question about a proposal: its case, its changes, and what was named."""
    about, changes = str(case.get("about") or ""), list(params)
    skus = [case.get("sku"), *listed(case.get("skus"))]
    articles = {str(sku): "" for sku in skus if sku}
    orders = frozenset(str(change["order_id"]) for change in changes if change.get("order_id"))
    intent = case.get("intent")
    subjects = {about, *(f"sku:{sku}" for sku in articles), *([f"intent:{intent}"] * bool(intent))}
    return Scope(
        customer=about.removeprefix(CUSTOMER) if about.startswith(CUSTOMER) else "",
        orders=orders,
        articles=articles,
        subjects=frozenset(subjects - {""}),
        named=frozenset(map(order_number, NAMED.findall(asked))),
    )


def listed(value: object) -> list[Any]:
    """A list as it is; nothing for anything else."""
    return value if isinstance(value, list) else []
