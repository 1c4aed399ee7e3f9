"""Which connectors a workspace reads from, and acts through, when it has several of a kind."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.audit.kinds import Kind
from apps.audit.models import Event
from apps.gateway import last_known, onboarding, queries, sources
from apps.gateway.configuration import configure_connector
from apps.gateway.errors import Unreachable
from apps.gateway.models import Connector, Source
from tests.factories.outside import (
    Outside,
    message_row,
    order_row,
    outside,
    price_row,
    variant_row,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def first() -> Iterator[Outside]:
    with outside() as system:
        yield system


@pytest.fixture
def second() -> Iterator[Outside]:
    with outside() as system:
        yield system


@pytest.fixture
def connect(workspace, now) -> Any:
    """Connects a system under a name."""

    def make(name: str, system: Outside, kind: str = "feed", **settings: str) -> Connector:
        secret = "sk" if kind == "medusa" else ""
        return configure_connector(workspace=workspace, name=name, kind=kind, address=system.address,
                                   settings=settings, secret=secret, by="test", now=now)  # fmt: skip

    return make


def choose(workspace, resource: str, connector: Connector | None) -> None:
    sources.choose(workspace=workspace, resource=resource, connector=connector, by="user:olga",
                   now=timezone.now())  # fmt: skip


def test_a_feed_is_read_for_what_its_settings_name(workspace, connect, first, second) -> None:
    """Not for all a feed could have: two feeds with a resource each do not get in each other's way."""
    connect("Competitor prices", first, competitor_prices="/p")
    connect("Customer messages", second, messages="/m")
    first.feeds["/p"], second.feeds["/m"] = [price_row("A")], [message_row("m")]
    assert [one.sku for one in queries.read(workspace.pk, "competitor_prices")] == ["A"]
    assert [one.message_id for one in queries.read(workspace.pk, "messages")] == ["m"]


def test_a_shop_can_be_declared_to_have_less(workspace, connect, first, second) -> None:
    """`reads` narrows it."""
    connect("Old", first, "medusa", reads="orders, order")
    connect("New", second, "medusa", reads="variants")
    first.listings["orders"] = [order_row(1, "a@x.example")]
    second.listings["product-variants"] = [variant_row("A")]
    assert len(queries.read(workspace.pk, "orders")) == 1
    assert len(queries.read(workspace.pk, "variants")) == 1
    assert queries.connector_for(workspace.pk, "set_price").name == "New"
    assert queries.connector_for(workspace.pk, "refund_payment").name == "Old"


def test_several_feeds_are_read_together(workspace, connect, first, second) -> None:
    """A shop watches several competitors."""
    connect("One", first, competitor_prices="/p")
    connect("Two", second, competitor_prices="/p")
    first.feeds["/p"], second.feeds["/p"] = [price_row("A")], [price_row("B")]
    assert [one.sku for one in queries.read(workspace.pk, "competitor_prices")] == ["A", "B"]
    reading = queries.read_or_recall(workspace.pk, "competitor_prices")
    assert (len(reading.rows), reading.connector, reading.caveat()) == (2, "One, Two", "")


def test_messages_of_two_mailboxes_never_share_a_name(workspace, connect, first, second) -> None:
    """Each counts its own, and those of the first keep theirs when it is switched off."""
    old = connect("Old", first, messages="/m")
    connect("New", second, messages="/m")
    first.feeds["/m"], second.feeds["/m"] = [message_row(7)], [message_row(7)]
    keys = [one.key for one in queries.read(workspace.pk, "messages")]
    assert keys == ["7", "New:7"]
    Connector.objects.filter(pk=old.pk).update(enabled=False)
    assert [one.key for one in queries.read(workspace.pk, "messages")] == keys[1:]


def test_one_that_does_not_answer_hides_nobody(workspace, connect, first, second) -> None:
    """The others are read, and planning says what is missing; none at all is an error."""
    connect("One", first, competitor_prices="/p", messages="/m")
    connect("Two", second, competitor_prices="/gone", messages="/gone")
    first.feeds["/p"], first.feeds["/m"] = [price_row("A")], [message_row("m")]
    assert len(queries.read(workspace.pk, "messages")) == 1
    reading = queries.read_or_recall(workspace.pk, "competitor_prices")
    assert [one.sku for one in reading.rows] == ["A"]
    assert "Not read: GET /gone: status 404" in reading.caveat()
    first.feeds.clear()
    with pytest.raises(Exception, match="404"):
        queries.read(workspace.pk, "messages")
    with pytest.raises(Exception, match="404"):
        queries.read_or_recall(workspace.pk, "competitor_prices")


def test_what_is_recalled_of_one_of_several_says_so(now) -> None:
    """With its age."""
    fresh = last_known.Reading(rows=[1], at=now, connector="One")
    stale = last_known.Reading(rows=[2], at=now - timedelta(hours=1), connector="Two", stale=True)
    found = last_known.together([fresh, stale], missing=[str(Unreachable("Three is away"))])
    assert list(found.rows) == [1, 2]
    assert found.at == stale.at
    assert found.caveat() == f"{stale.caveat()} Not read: Three is away"
    assert last_known.together([stale], missing=[]) is stale


def test_two_shops_are_not_mixed_up(workspace, connect, first, second) -> None:
    """Nothing is read and nothing carried out until somebody says which."""
    connect("Alpine", first, "medusa")
    connect("Beach", second, "medusa")
    for resource in ("orders", "variants", "order"):
        with pytest.raises(sources.Undecided, match="'Alpine', 'Beach'"):
            queries.read(workspace.pk, resource)
    with pytest.raises(queries.NoConnector, match="Choose one"):
        queries.connector_for(workspace.pk, "refund_payment")
    assert not first.asked
    assert not second.asked


def test_the_chosen_shop_is_read_and_acted_on(workspace, connect, first, second) -> None:
    """An action goes to the shop its record is read from."""
    alpine = connect("Alpine", first, "medusa")
    beach = connect("Beach", second, "medusa")
    choose(workspace, "orders", beach)
    choose(workspace, "variants", alpine)
    second.listings["orders"] = [order_row(1, "a@x.example")]
    assert len(queries.read(workspace.pk, "orders")) == 1
    assert queries.connector_for(workspace.pk, "refund_payment") == beach
    assert queries.connector_for(workspace.pk, "return_items") == beach
    assert queries.connector_for(workspace.pk, "set_price") == alpine
    assert [one.name for one in queries.connectors_with(workspace.pk, "order")] == ["Beach"]


def test_a_chosen_one_that_is_gone_is_not_replaced_in_silence(
    workspace, connect, first, second
) -> None:
    """Reading on from another shop would mix them up."""
    beach = connect("Beach", second, "medusa")
    connect("Alpine", first, "medusa")
    choose(workspace, "orders", beach)
    Connector.objects.filter(pk=beach.pk).update(enabled=False)
    with pytest.raises(sources.Undecided, match="switched off"):
        queries.read(workspace.pk, "orders")


def test_one_mailbox_of_several_can_be_chosen(workspace, connect, first, second) -> None:
    """And be let go again."""
    connect("One", first, messages="/m")
    two = connect("Two", second, messages="/m")
    first.feeds["/m"], second.feeds["/m"] = [message_row("a")], [message_row("b")]
    choose(workspace, "messages", two)
    assert [one.message_id for one in queries.read(workspace.pk, "messages")] == ["b"]
    choose(workspace, "messages", None)
    assert len(queries.read(workspace.pk, "messages")) == 2


def test_a_choice_is_recorded_once(workspace, elsewhere, connect, first) -> None:
    """With what was before; another workspace's connector cannot be chosen."""
    one = connect("One", first, messages="/m")
    for _ in range(2):
        choose(workspace, "messages", one)
    choose(workspace, "messages", None)
    choose(workspace, "messages", None)
    events = Event.objects.filter(kind=Kind.SOURCE_CHOSEN)
    assert events.count() == 2
    with pytest.raises(sources.InvalidSource):
        choose(elsewhere, "messages", one)
    assert not Source.objects.exists()


def test_the_guide_with_both_feeds_leads_to_agents_that_can_read(workspace, first, now) -> None:
    """A shop, a feed of prices and a feed of messages, as its form makes them."""
    first.feeds["/p.csv"] = (
        "text/csv",
        b"sku,currency,amount,source,seen_at\nA,EUR,1,r,2026-11-30\n",
    )
    first.feeds["/m"] = [message_row("m")]
    systems = [
        onboarding.System(name="Shop", kind="medusa", address=first.address, resource="variants"),
        onboarding.System(name="Competitor prices", kind="feed", address=first.address,
                       settings={"competitor_prices": "/p.csv"}, resource="competitor_prices"),
        onboarding.System(name="Customer messages", kind="feed", address=first.address,
                       settings={"messages": "/m"}, resource="messages"),
    ]  # fmt: skip
    onboarding.connect(workspace=workspace, systems=systems, by="user:olga", now=now)
    assert len(queries.read(workspace.pk, "messages")) == 1
    assert len(queries.read(workspace.pk, "competitor_prices")) == 1


def test_a_feed_none_of_whose_rows_can_be_read_is_not_connected(workspace, first, now) -> None:
    """And the first reason is told."""
    first.feeds["/p"] = [price_row("A", "12,50"), price_row("")]
    feed = onboarding.System(name="Feed", kind="feed", address=first.address,
                          settings={"competitor_prices": "/p"}, resource="competitor_prices")  # fmt: skip
    with pytest.raises(
        onboarding.CannotJoin, match="none of its 2 rows can be read; row 1: amount"
    ):
        onboarding.connect(workspace=workspace, systems=[feed], by="user:olga", now=now)
