"""The demo shop as a process: its data, its side doors, its survival."""

import json
import sqlite3
import subprocess
import sys
from collections import Counter
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import httpx2
import pytest

from apps.gateway.connectors.base import Refused
from apps.gateway.connectors.feed.client import FeedClient
from apps.gateway.connectors.medusa.client import MedusaClient
from apps.gateway.records import CompetitorPrice, Message, Order, Variant
from tests.contract.shops import FAKE, ROOT, Shop, demo_shop

FEEDS = {"messages": "/demo/customer-messages", "competitor_prices": "/demo/competitor-prices"}
FLOOR = Decimal("0.85")  # cost as the largest share of a price


def connect(shop: Shop) -> MedusaClient:
    return MedusaClient(address=shop.address, secret=shop.secret, settings={})


def move(variant: Variant, price: CompetitorPrice) -> str:
    """How far a repricer that keeps the margin floor would move the price."""
    assert variant.cost is not None
    ours = variant.prices[price.currency]
    target = max(price.amount, (variant.cost / FLOOR).quantize(Decimal("0.01")))
    share = abs(target / ours - 1)
    bounds = ((Decimal("0.003"), "none"), (Decimal("0.05"), "small"), (Decimal("0.20"), "middle"),
              (Decimal("0.30"), "large"))  # fmt: skip
    return next((name for bound, name in bounds if share < bound), "out of range")


def test_size(shop: Shop) -> None:
    """The shop has 200 products, 60 orders in several states and 40 messages."""
    client = connect(shop)
    variants = [v for v in client.read("variants") if isinstance(v, Variant)]
    assert len({v.product_id for v in variants}) == 200
    assert len({v.sku for v in variants}) == len(variants)
    assert all(v.cost and set(v.prices) == {"EUR", "USD"} for v in variants)
    orders = [o for o in client.read("orders") if isinstance(o, Order)]
    assert len(orders) == 60
    assert {o.payment_status for o in orders} == {
        "captured", "partially_refunded", "refunded", "not_paid",
    }  # fmt: skip
    client.close()


def test_competitors_leave_work(shop: Shop) -> None:
    """Following the competitors gives small, larger and impossible price moves."""
    client, feed = connect(shop), FeedClient(shop.address, "", FEEDS)
    variants = {v.sku: v for v in client.read("variants") if isinstance(v, Variant)}
    moves = Counter(move(variants[price.sku], price) for price in feed.read("competitor_prices")
                    if isinstance(price, CompetitorPrice))  # fmt: skip
    assert moves == {"none": 25, "small": 15, "middle": 15, "out of range": 5}
    client.close()
    feed.close()


def test_messages(own_ledger: Path) -> None:
    """Messages are in three languages, know their orders, and continue after a known one."""
    with demo_shop(own_ledger) as shop:
        feed, client = FeedClient(shop.address, "", FEEDS), connect(shop)
        messages = [m for m in feed.read("messages") if isinstance(m, Message)]
        assert len(messages) == 40
        assert min(Counter(m.sender.rpartition(".")[2] for m in messages).values()) >= 10
        orders = {o.number: o for o in client.read("orders") if isinstance(o, Order)}
        numbered = [m for m in messages if m.order_number]
        assert len(numbered) > 25
        assert all(orders[str(m.order_number)].email == m.sender for m in numbered)
        assert messages == sorted(messages, key=lambda m: m.received_at)

        letter = {
            "sender": "eva@example.org",
            "subject": "?",
            "body": "Wo?",
            "order_number": "1001",
        }
        added = httpx2.post(f"{shop.address}/demo/messages", json=letter, trust_env=False)
        assert added.status_code == 201
        (new,) = feed.read("messages", after=messages[-1].message_id)
        assert isinstance(new, Message)
        assert (new.sender, new.order_number) == ("eva@example.org", "1001")
        assert len(feed.read("messages", after="unknown")) == 41
        client.close()
        feed.close()


def test_same_number_same_shop(tmp_path: Path) -> None:
    """Two shops of one seed sell the same at the same prices, another seed's differ."""
    found = []
    for name, seed in (("a", "5"), ("b", "5"), ("c", "6")):
        with demo_shop(tmp_path / name, "--seed", seed) as shop:
            client = connect(shop)
            found.append({v.sku: v.prices for v in client.read("variants")})  # type: ignore[attr-defined]
            client.close()
    assert found[0] == found[1] != found[2]


def test_survives_kill(own_ledger: Path) -> None:
    """After kill -9 and a new start the data are as they were, and not planted again."""
    with demo_shop(own_ledger) as shop:
        client = connect(shop)
        variant = client.read("variants", limit=1)[0]
        assert isinstance(variant, Variant)
        params = {"product_id": variant.product_id, "variant_id": variant.variant_id,
                  "currency": "EUR", "amount": "77.77"}  # fmt: skip
        before = client.snapshot("set_price", params)
        after = client.perform("set_price", params, key="k", snapshot=before).after
        shop.process.kill()
    with demo_shop(own_ledger) as shop:
        again = connect(shop)
        assert again.snapshot("set_price", params) == after
        assert len(again.read("orders")) == 60
        assert [line["key"] for line in shop.get("/demo/ledger")] == ["k"]
        again.close()
    client.close()


def test_ledger_is_append_only(own_ledger: Path) -> None:
    """Even the file itself refuses to change or lose a ledger line."""
    with demo_shop(own_ledger) as shop:
        client = connect(shop)
        order = next(o for o in client.read("orders")
                     if isinstance(o, Order) and o.payment_status == "captured"
                     and o.fulfillment_status == "not_fulfilled")  # fmt: skip
        params = {"order_id": order.order_id}
        before = client.snapshot("cancel_order", params)
        client.perform("cancel_order", params, key="k", snapshot=before)
        (line,) = shop.get("/demo/ledger")
        assert (line["action"], line["amount"]) == ("cancel_order", str(order.total))
        client.close()
        file = sqlite3.connect(own_ledger)
        for statement in ("DELETE FROM ledger", "UPDATE ledger SET amount = '0.00'"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                file.execute(statement)
        file.close()


def test_control(shop: Shop) -> None:
    """Rules are shown and cleared; odd ones are refused; a rule is used up."""
    url = f"{shop.address}/demo/control"
    shop.misbehave("error", path="/nothing", times=3)
    assert [rule["times"] for rule in shop.get("/demo/control")] == [3]
    assert httpx2.delete(url, trust_env=False).json() == []
    for odd in ({"behavior": "dance"}, {"behavior": "error", "path": "("}, {"behavior": "error",
                "times": "x"}):  # fmt: skip
        assert httpx2.post(url, json=odd, trust_env=False).status_code == 400


def test_foreign_host(shop: Shop) -> None:
    """A page elsewhere cannot reach the shop through a name that resolves to this machine."""
    answer = httpx2.get(f"{shop.address}/health", headers={"Host": "evil.example"}, trust_env=False)
    assert answer.status_code == 400


def test_pages(shop: Shop) -> None:
    """The ledger and the mailbox have pages that run no script."""
    for path, title in (("/", "Demo shop"), ("/mailbox", "Demo mailbox")):
        answer = httpx2.get(shop.address + path, trust_env=False)
        assert answer.status_code == 200
        assert f"<h1>{title}</h1>" in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_port_in_use(shop: Shop, own_ledger: Path) -> None:
    """A port in use gives one clear sentence and a failing exit code."""
    port = shop.address.rpartition(":")[2]
    done = subprocess.run([*FAKE, "--port", port, "--ledger", str(own_ledger)], cwd=ROOT,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_older_file_is_brought_up_to_date(own_ledger: Path) -> None:
    """A shop from before there were returns keeps its data and takes goods back."""
    with demo_shop(own_ledger):
        pass
    file = sqlite3.connect(own_ledger)
    for table in ("change_actions", "changes", "return_lines", "returns", "product_categories"):
        file.execute(f"DROP TABLE {table}")
    file.execute("PRAGMA user_version = 1")
    file.close()
    with demo_shop(own_ledger) as shop:
        client = connect(shop)
        order = next(o for o in client.read("orders")
                     if isinstance(o, Order) and o.fulfillment_status == "delivered")  # fmt: skip
        items = [{"line_id": order.lines[0].line_id, "quantity": 1}]
        params = {"order_id": order.order_id, "items": items}
        before = client.snapshot("return_items", params)
        after = client.perform("return_items", params, key="k", snapshot=before).after
        assert after["returned_total"] == str(order.lines[0].unit_price)
        client.close()


def test_a_refusal_on_request(shop: Shop) -> None:
    """A rule can be for one method; a refusal is Medusa's no and changes nothing."""
    shop.misbehave("refuse", path="/orders$", method="POST")
    client = connect(shop)
    assert client.read("orders", limit=1)
    order = next(o for o in client.read("orders")
                 if isinstance(o, Order) and o.fulfillment_status == "not_fulfilled"
                 and o.status == "pending")  # fmt: skip
    params = {"order_id": order.order_id}
    before = client.snapshot("cancel_order", params)
    shop.misbehave("refuse", path="/cancel$", method="POST")
    with pytest.raises(Refused, match="told to refuse"):
        client.perform("cancel_order", params, key="k", snapshot=before)
    assert client.snapshot("cancel_order", params) == before
    client.close()
    shop.behave()


@pytest.mark.parametrize("content", ["version", "garbage"])
def test_unusable_file(own_ledger: Path, content: str) -> None:
    """A file of another version, or none of ours, is left alone with a clear sentence."""
    if content == "version":
        file = sqlite3.connect(own_ledger)
        file.execute("PRAGMA user_version = 99")
        file.close()
    else:
        own_ledger.write_bytes(b"not a database" * 100)
    before = own_ledger.read_bytes()
    done = subprocess.run([*FAKE, "--port", "0", "--ledger", str(own_ledger)], cwd=ROOT,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 1
    assert str(own_ledger) in done.stderr
    assert "Traceback" not in done.stderr
    assert own_ledger.read_bytes() == before


def test_imports_no_django() -> None:
    """The shop starts fast: of AIOS it imports what money is, and no Django."""
    program = (
        "import sys, json; import apps.gateway.connectors.medusa.fake.server;"
        "print(json.dumps([m for m in sys.modules if m.split('.')[0] in ('django', 'celery')"
        " or (m.startswith('apps.') and 'medusa.fake' not in m)]))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True,
                          text=True, check=True)  # fmt: skip
    parents = {"apps.gateway", "apps.gateway.connectors", "apps.gateway.connectors.medusa"}
    assert set(json.loads(done.stdout)) <= parents | {"apps.money", "apps.money.currency"}


def test_secret_is_kept(own_ledger: Path) -> None:
    """Without a given key one is made up, said once, and the same after a restart."""
    said = []
    for _ in range(2):
        process = subprocess.Popen([*FAKE, "--port", "0", "--ledger", str(own_ledger)], cwd=ROOT,
                                   stdout=subprocess.PIPE, text=True)  # fmt: skip
        assert process.stdout
        said.append(json.loads(process.stdout.readline())["secret"])
        process.kill()
        process.wait()
        process.stdout.close()
    assert said[0] == said[1]
    assert said[0].startswith("sk_")


def test_times_are_recent(shop: Shop) -> None:
    """The demo data end at the moment of planting."""
    newest = shop.get("/demo/customer-messages")[-1]["received_at"]
    assert (datetime.now().astimezone() - datetime.fromisoformat(newest)).days < 1
