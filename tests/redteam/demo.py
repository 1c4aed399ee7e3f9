"""The demo as `manage.py up` makes it, with orders and articles of known names; fresh each time.

Policies, people, connectors and agents are those of `manage.py seed`, the shop is the demo shop.
What was done is judged by the shop's own ledger and mailbox.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User, Workspace
from apps.agents import operations as agents
from apps.agents.models import Agent, Run
from tests.contract.shops import Shop
from tests.factories.agents import drive
from tests.factories.keys import Caller, caller
from tests.factories.shop_orders import plant

HELD = timedelta(minutes=2)  # longer than what is final is held back
CHEAP_COST = Decimal("0.40")  # of the price: room for any move that keeps its margin


@dataclass(frozen=True)
class Line:
    """What the shop's ledger says was done; `amount` with the digits of its currency."""

    action: str
    target: str
    amount: str
    subject: str  # of a mail


@dataclass(frozen=True, kw_only=True)
class Order:
    """An order with its one payment."""

    order_id: str
    number: str
    email: str
    payment_id: str
    line_id: str
    total: Decimal


@dataclass(frozen=True, kw_only=True)
class Article:
    """A variant of the catalogue, in EUR."""

    product_id: str
    variant_id: str
    sku: str
    title: str
    price: Decimal
    item: str
    location: str

    def at(self, share: str) -> str:
        """Its price times a share."""
        return str((self.price * Decimal(share)).quantize(Decimal("0.01")))

    def priced(self, share: str) -> tuple[str, dict[str, Any]]:
        """The change that sets its price to a share of what it is."""
        return "set_price", {"product_id": self.product_id, "variant_id": self.variant_id,
                             "currency": "EUR", "amount": self.at(share)}  # fmt: skip


@dataclass
class Demo:
    """The running demo. `now` is what every part of the product takes for the time."""

    shop: Shop
    file: Path
    workspace: Workspace
    now: datetime
    patch: pytest.MonkeyPatch
    orders: dict[str, Order] = field(default_factory=dict)
    articles: list[Article] = field(default_factory=list)
    depth: int = 0  # how many worlds are within one another

    @contextmanager
    def fresh(self) -> Iterator[None]:
        """The world as it was when it began, again after the end: rows, shop, mailbox and time.

        One within another goes back to where the inner one began.
        """
        began, point = self.now, transaction.savepoint()
        kept = self.file.with_suffix(f".kept{self.depth}")
        if self.depth or not kept.exists():  # the outermost always begins alike
            copy(self.file, kept)
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1
            transaction.savepoint_rollback(point)
            copy(kept, self.file)
            self.now = began

    def clock(self) -> datetime:
        """The time."""
        return self.now

    def agent(self, playbook: str) -> Agent:
        """The agent of this playbook."""
        return self.workspace.agents.get(playbook=playbook)

    def key(
        self, email: str = "operator@demo.example", actions: Sequence[str] | None = None
    ) -> Caller:
        """A key of somebody that may only submit, as an integration has it; unnamed: any kind."""
        person = User.objects.get(email=email)
        return caller(self.workspace, person, now=self.now, scopes=("proposals:submit",),
                      actions=actions)  # fmt: skip

    def run(self, playbook: str) -> Run:
        """One run of the agent, and all that is due by then and after what is held."""
        run = agents.start(agent=self.agent(playbook), trigger="schedule", by="clock", now=self.now)
        self.settle()
        return run

    def settle(self) -> None:
        """Do all that is due now, and what is held."""
        drive(self.clock)
        self.now += HELD
        drive(self.clock)

    def last_line(self) -> int:
        """The newest line of the shop's ledger."""
        return int(self.rows("SELECT coalesce(max(id), 0) FROM ledger")[0][0])

    def lines(self, after: int) -> list[Line]:
        """What the shop has done since."""
        rows = self.rows(
            "SELECT action, target, coalesce(amount, ''), "
            "coalesce(json_extract(params, '$.subject'), '') FROM ledger "
            f"WHERE id > {after} AND action != 'no_change' ORDER BY id"
        )
        return [Line(*row) for row in rows]

    def mails(self) -> list[tuple[str, str]]:
        """What was sent: (to, text)."""
        return self.rows("SELECT recipient, subject || char(10) || body FROM mails ORDER BY seq")

    def price(self, article: Article) -> Decimal:
        """What the shop sells it for in EUR."""
        [[amount]] = self.rows(
            f"SELECT amount FROM prices WHERE variant_id = '{article.variant_id}' "
            "AND currency_code = 'eur'"
        )
        return Decimal(str(amount)).quantize(Decimal("0.01"))

    def rows(self, query: str) -> list[Any]:
        """Rows of the shop's own file."""
        with closing(sqlite3.connect(self.file, timeout=10)) as file:
            return file.execute(query).fetchall()

    def change(self, *statements: str) -> None:
        """What happens in the shop without us."""
        with closing(sqlite3.connect(self.file, timeout=10)) as file, file:
            for one in statements:
                file.execute(one)

    def order(self, name: str, *, email: str, total: str, days: int = 6,
              fulfillment: str = "delivered", title: str = "Alder Sticker Sheet / Blue",
              currency: str = "eur") -> None:  # fmt: skip
        """Plant an order over one article, paid in full."""
        amount = float(total)
        number = plant(self.file, {
            "email": email, "currency": currency, "age_days": days, "fulfillment": fulfillment,
            "total": amount, "payments": [amount],
            "lines": [{"sku": f"T-{name}", "title": title, "quantity": 1, "unit_price": amount,
                       "total": amount}],
        })  # fmt: skip
        [found] = self.rows(
            "SELECT orders.id, payments.id, lines.id FROM orders "
            "JOIN payments ON payments.order_id = orders.id "
            f"JOIN lines ON lines.order_id = orders.id WHERE display_id = {number}"
        )
        self.orders[name] = Order(order_id=found[0], payment_id=found[1], line_id=found[2],
                                  number=number, email=email, total=Decimal(total))  # fmt: skip

    def write(self, sender: str, subject: str, body: str, number: str | None = None) -> None:
        """A customer writes."""
        content = {"sender": sender, "subject": subject, "body": body, "order_number": number}
        answer = httpx2.post(f"{self.shop.address}/demo/messages", json=content, trust_env=False)
        assert answer.status_code == 201, answer.text

    def competitor(self, article: Article, share: str, source: str = "rival.example") -> None:
        """A competitor asks this share of our price."""
        self.change(
            "INSERT INTO competitor_prices (sku, currency, amount, source, seen_at) VALUES "
            f"('{article.sku}', 'EUR', '{article.at(share)}', '{source}', "
            f"'{self.now.isoformat()}')"
        )


def copy(source: Path, target: Path) -> None:
    """The content of one SQLite file into another, which may be in use."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def seeded(shop: Shop, file: Path, patch: pytest.MonkeyPatch) -> Demo:
    """The demo workspace before anything happened: empty mailboxes, no run begun."""
    call_command("seed", credentials=file.with_name("credentials.json"), shop=shop.address,
                 shop_secret=shop.secret, mail=f"smtp://127.0.0.1:{shop.smtp_port}",
                 verbosity=0)  # fmt: skip
    workspace = Workspace.objects.get(slug="demo")
    demo = Demo(shop, file, workspace, now=timezone.now(), patch=patch)
    patch.setattr(timezone, "now", demo.clock)
    patch.setattr(settings, "API_REQUESTS_PER_MINUTE", 1_000_000, raising=False)
    for run in Run.objects.filter(workspace=workspace):
        agents.cancel(run_id=run.pk, by="test", reason="The test begins.", now=demo.now)
    demo.change("DELETE FROM messages", "DELETE FROM competitor_prices")
    demo.articles = articles(demo)
    return demo


def articles(demo: Demo) -> list[Article]:
    """One variant of each product, by SKU, with a known cost and stock."""
    demo.change(
        "UPDATE variants SET metadata = json_object('cost_eur', (SELECT "
        f"printf('%.2f', amount * {CHEAP_COST}) FROM prices WHERE variant_id = variants.id "
        "AND currency_code = 'eur'))",
        "UPDATE levels SET stocked = 25",
        "UPDATE products SET title = trim(replace(replace(title, '  ', ' '), ' -', ''))",
    )
    rows = demo.rows(
        "SELECT v.product_id, v.id, v.sku, t.title, p.amount, l.item_id, l.location_id "
        "FROM variants v JOIN products t ON t.id = v.product_id JOIN levels l ON l.variant_id = v.id "
        "JOIN prices p ON p.variant_id = v.id AND p.currency_code = 'eur' "
        "GROUP BY v.product_id ORDER BY v.sku"
    )
    names = ("product_id", "variant_id", "sku", "title", "price", "item", "location")
    found = [dict(zip(names, row, strict=True)) for row in rows]
    return [Article(**{**one, "price": Decimal(str(one["price"]))}) for one in found]


Calls = Sequence[tuple[str, dict[str, Any]]]
