"""Recorded faults of reading the world: one odd row, and look-ups that were not exact."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from apps.agents.playbooks.refund_desk.sense import sense as sense_messages
from apps.agents.playbooks.registry import playbook
from apps.agents.playbooks.repricing.sense import beside, fresh_prices
from apps.agents.playbooks.repricing.settings import Settings
from apps.gateway import queries as gateway
from apps.gateway.configuration import configure_connector
from apps.gateway.connectors.feed.client import FeedClient
from apps.gateway.records import CompetitorPrice, Variant
from apps.gateway.rows import Rows
from tests.factories.outside import (
    Outside,
    message_row,
    order_row,
    outside,
    price_row,
    variant_row,
)

NOW = datetime(2026, 11, 30, 13, tzinfo=UTC)
FEEDS = {"messages": "/messages", "competitor_prices": "/prices"}


@pytest.fixture
def system() -> Iterator[Outside]:
    """A shop and its feeds, which give exactly what a test says."""
    with outside() as started:
        started.feeds = {"/messages": [], "/prices": []}
        yield started


@pytest.fixture
def shop(workspace: Any, system: Outside) -> Outside:
    """The same, connected to the workspace."""
    connect(workspace, system)
    return system


def connect(workspace: Any, system: Outside) -> None:
    for name, kind, settings in (("shop", "medusa", {}), ("feeds", "feed", FEEDS)):
        configure_connector(workspace=workspace, name=name, kind=kind, address=system.address,
                            settings=settings, secret="sk", by="test", now=NOW)  # fmt: skip


def read_feed(system: Outside, resource: str) -> Rows:
    """What a feed client reads."""
    client = FeedClient(system.address, "", FEEDS)
    try:
        found = client.read(resource)
    finally:
        client.close()
    assert isinstance(found, Rows)
    return found


def variant(sku: str, price: str) -> Variant:
    return Variant(product_id="p", variant_id="v", sku=sku, product_title="Mug", title="Blue",
                   prices={"EUR": Decimal(price)})  # fmt: skip


@pytest.mark.case("29-feed-row-without-sku")
def test_an_empty_sku_identifies_nothing(case: Any) -> None:
    """Neither in the feed nor in the shop."""
    rows = [CompetitorPrice(**row, source="r", seen_at=NOW) for row in case["given"]["feed"]]
    cheapest = fresh_prices(rows, Settings(), now=NOW)
    assert not cheapest
    for given in case["given"]["variants"]:
        assert beside(variant(given["sku"], given["price"]), cheapest, Settings()) is None


@pytest.mark.parametrize("blank", ["", " ", "\u00a0", "\u200b", None])
def test_nor_does_a_blank_one(system: Outside, blank: str | None) -> None:
    """Whatever it is made of; the row is named, the others are read."""
    system.feeds["/prices"] = [price_row(blank, "4.00"), price_row("MUG", "9.00")]
    found = read_feed(system, "competitor_prices")
    assert [row.sku for row in found] == ["MUG"]
    assert "sku: it is empty" in found.odd[0].reason
    cheapest = fresh_prices(list(found), Settings(), now=NOW)
    for sku in ("", " ", "\u200b"):
        assert (
            beside(variant(sku, "40.00"), cheapest | {"": found[0], " ": found[0]}, Settings())
            is None
        )


@pytest.mark.case("31-feed-time-without-zone")
def test_a_time_without_a_zone_is_in_utc(case: Any, shop: Outside, workspace: Any) -> None:
    """And the run that senses goes on."""
    odd = case["given"]["competitor_prices row"]["seen_at"]
    shop.listings["product-variants"] = [variant_row("A"), variant_row("B")]
    shop.feeds["/prices"] = [price_row("A", seen_at=odd), price_row("B")]
    sensed = playbook("repricing").sense(workspace, Settings(), now=NOW)
    assert [offer.sku for offer in sensed.offers] == ["A", "B"]
    assert sensed.offers[0].seen_at == datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize("odd", ["soon", "0001-01-01T00:00:00Z", None, True, 1e30, "2026-13-01"])
def test_what_is_no_time_is_set_aside(shop: Outside, workspace: Any, odd: Any) -> None:
    """And named; the others are planned for."""
    shop.listings["product-variants"] = [variant_row("A"), variant_row("B")]
    shop.feeds["/prices"] = [price_row("A", seen_at=odd), price_row("B")]
    sensed = playbook("repricing").sense(workspace, Settings(), now=NOW)
    assert [offer.sku for offer in sensed.offers] == ["B"]
    assert read_feed(shop, "competitor_prices").odd[0].reason.startswith("seen_at: ")


@pytest.mark.case("33-feed-price-1e30")
@pytest.mark.parametrize("also", [None, 1e30, "-1", "NaN", True, "9" * 40, "1e-40", [], "1.299"])
def test_what_is_no_price_is_left_out(case: Any, shop: Outside, workspace: Any, also: Any) -> None:
    """The others are planned for."""
    odd = case["given"]["competitor_prices row"]["amount"] if also is None else also
    shop.listings["product-variants"] = [variant_row("A"), variant_row("B")]
    shop.feeds["/prices"] = [price_row("A", odd), price_row("B", "18.50")]
    settings = Settings()
    sensed = playbook("repricing").sense(workspace, settings, now=NOW)
    assert [offer.sku for offer in sensed.offers] == ["B"]
    assert playbook("repricing").plan(sensed, settings, now=NOW)


@pytest.mark.case("35-mail-without-subject-stops-all")
def test_a_mail_without_a_subject_stops_nobody(case: Any, system: Outside) -> None:
    """It is read with an empty one."""
    system.feeds["/messages"] = [
        message_row(row["message_id"], subject=row["subject"]) for row in case["given"]["messages"]
    ]
    found = read_feed(system, "messages")
    assert [(one.message_id, one.subject) for one in found] == [("1", "ok"), ("2", "")]
    assert not found.odd


@pytest.mark.parametrize("odd", [None, 7, "text", [], {}])
def test_what_is_no_mail_stops_nobody_either(system: Outside, odd: Any) -> None:
    """It is set aside."""
    system.feeds["/messages"] = [message_row("1"), odd, message_row("2")]
    found = read_feed(system, "messages")
    assert [one.message_id for one in found] == ["1", "2"]
    assert found.left_out == 1


@pytest.mark.case("36-feed-order-number-as-number")
def test_numbers_are_read_as_text(case: Any, system: Outside) -> None:
    """And text as numbers where it has one reading; else the row is left out and named."""
    number = case["given"]["messages"][0]["order_number"]
    system.feeds["/messages"] = [message_row(7, order_number=number), message_row("m")]
    found = read_feed(system, "messages")
    assert [(one.message_id, one.order_number) for one in found] == [("7", "1001"), ("m", None)]
    system.feeds["/prices"] = [price_row(12345), price_row("A", "n/a"), price_row("B", "12,50"),
                               price_row("C", 12.5)]  # fmt: skip
    prices = read_feed(system, "competitor_prices")
    assert [(one.sku, str(one.amount)) for one in prices] == [("12345", "9.50"), ("C", "12.50")]
    assert [odd.reason.partition(":")[0] for odd in prices.odd] == ["amount", "amount"]
    assert all(sku in odd.excerpt for sku, odd in zip("AB", prices.odd, strict=True))


@pytest.mark.case("37-order-quantity-1.5")
@pytest.mark.django_db
def test_goods_by_the_metre_are_read(case: Any, shop: Outside, workspace: Any) -> None:
    """With every other order of the listing."""
    metres = order_row(1, "ann@x.example")
    metres["items"][0] |= case["given"]["order line"]
    shop.listings["orders"] = [metres, order_row(2, "bob@x.example")]
    first, second = gateway.read(workspace.pk, "orders")
    assert str(first.lines[0].quantity) == "1.5"
    assert str(second.lines[0].quantity) == "1"
    assert type(first).model_validate(first.model_dump(mode="json")) == first


@pytest.mark.parametrize("odd", ["many", -1, True, None, 1e30])
def test_an_order_with_no_quantity_is_set_aside(shop: Outside, workspace: Any, odd: Any) -> None:
    """Its money cannot be told; the others are read."""
    broken = order_row(1, "ann@x.example")
    broken["items"][0]["quantity"] = odd
    shop.listings["orders"] = [broken, order_row(2, "bob@x.example")]
    found = gateway.read(workspace.pk, "orders")
    assert [one.number for one in found] == ["2"]
    assert "quantity" in found.odd[0].reason


@pytest.mark.case("39-fuzzy-mail-search-hides-the-order")
def test_the_only_order_of_the_sender_is_found(case: Any, shop: Outside, workspace: Any) -> None:
    """However many customers have an address that contains theirs."""
    given = case["given"]["message"]
    shop.listings["orders"] = [order_row(n, "joann@fuzzy.example") for n in range(26, 1, -1)]
    shop.listings["orders"].append(order_row(1, "ann@fuzzy.example"))
    shop.feeds["/messages"] = [message_row("m", sender=given["sender"], body=given["text"])]
    (found,) = sense_messages(workspace, playbook("refund_desk").settings(), now=NOW).cases
    assert (found.problem, found.order.number, found.order.total) == ("", "1", Decimal("20.00"))


def test_nor_is_it_mixed_up_with_others(shop: Outside, workspace: Any) -> None:
    """Two of the sender are two, in whatever case and spelling."""
    shop.listings["orders"] = [order_row(n, "xann@fuzzy.example") for n in range(300)]
    shop.listings["orders"] += [order_row(301, "ANN@fuzzy.example"), order_row(302, "ann@fuzzy.example.org")]  # fmt: skip
    shop.feeds["/messages"] = [message_row("m", sender="Ann <ann@Fuzzy.example>")]
    (found,) = sense_messages(workspace, playbook("refund_desk").settings(), now=NOW).cases
    assert found.order.number == "301"


@pytest.mark.case("48-sender-with-name-never-answered")
@pytest.mark.parametrize(
    ("place", "address"), [(0, "annlee@x.example"), (1, "ann@xn--bcher-kva.example")]
)
def test_a_sender_with_a_name_is_answered(
    case: Any, shop: Outside, workspace: Any, place: int, address: str
) -> None:
    """At the bare address; the order is found by it."""
    sender = case["given"]["messages"][place]["sender"]
    shop.listings["orders"] = [order_row(1, address), order_row(2, "other@x.example")]
    shop.feeds["/messages"] = [message_row("m", sender=sender, body=case["given"]["text"])]
    desk = playbook("refund_desk")
    sensed = desk.sense(workspace, desk.settings(), now=NOW)
    assert sensed.cases[0].order.number == "1"
    (planned,) = desk.plan(sensed, desk.settings(), now=NOW)
    (message,) = [params for action, params in planned.draft.changes if action == "send_message"]
    assert message["to"] == address


def test_a_sender_nobody_can_tell_finds_nobodys_order(shop: Outside, workspace: Any) -> None:
    """The message stays, as it was written; no stranger's order and no order without an address."""
    shop.listings["orders"] = [order_row(1, "")]
    shop.feeds["/messages"] = [message_row("m", sender="a@x.example, b@y.example"),
                               message_row("n", sender=None, order_number="1")]  # fmt: skip
    first, second = sense_messages(workspace, playbook("refund_desk").settings(), now=NOW).cases
    assert (first.order, first.message.sender) == (None, "")
    assert first.message.written_by == "a@x.example, b@y.example"
    assert (second.order, second.problem) == (None, "other_sender")
    assert first.customer != second.customer
