"""The feed connector against the demo feeds and against servers that send nonsense."""

import json
from collections.abc import Callable, Iterator

import pytest

from apps.gateway.connectors.base import BadAnswer, ConnectorError, Refused, Unreachable
from apps.gateway.connectors.feed import client as module
from apps.gateway.connectors.feed.client import FeedClient
from apps.gateway.records import CompetitorPrice, Message
from tests.contract.shops import Shop

SETTINGS = {"messages": "/demo/customer-messages", "competitor_prices": "/demo/competitor-prices"}
MESSAGE = {"message_id": "m1", "sender": "a@b.example", "subject": "?", "body": "Where?",
           "order_number": None, "received_at": "2026-11-20T10:00:00Z"}  # fmt: skip


@pytest.fixture
def feed(shop: Shop) -> Iterator[FeedClient]:
    client = FeedClient(shop.address, "", SETTINGS)
    yield client
    client.close()


def test_reads(feed: FeedClient) -> None:
    """Both feeds give typed records; a query is passed on."""
    messages = feed.read("messages")
    assert len(messages) >= 40
    assert all(isinstance(m, Message) for m in messages)
    assert len(feed.read("messages", limit=3)) == 3
    last = messages[-2]
    assert isinstance(last, Message)
    assert feed.read("messages", after=last.message_id) == messages[-1:]
    prices = feed.read("competitor_prices")
    assert len(prices) == 60
    assert all(isinstance(p, CompetitorPrice) for p in prices)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b"<html>", BadAnswer),
        (200, b'{"messages": []}', BadAnswer),
        (200, json.dumps([MESSAGE, {**MESSAGE, "received_at": "soon"}]).encode(), BadAnswer),
        (200, json.dumps([{"sender": "a@b.example"}]).encode(), BadAnswer),
        (404, b"[]", Refused),
        (302, b"[]", Refused),
        (500, b"[]", Unreachable),
    ],
)
def test_nonsense(
    answering: Callable[[int, bytes], str], status: int, body: bytes, error: type[ConnectorError]
) -> None:
    """An answer that does not fit gives nothing at all, not the rows that happen to fit."""
    client = FeedClient(answering(status, body), "", SETTINGS)
    with pytest.raises(error):
        client.read("messages")
    client.close()


def test_unknown_fields(answering: Callable[[int, bytes], str]) -> None:
    """Fields the record does not have are dropped."""
    client = FeedClient(
        answering(200, json.dumps([{**MESSAGE, "role": "x"}]).encode()), "", SETTINGS
    )
    (message,) = client.read("messages")
    assert "role" not in message.model_dump()
    client.close()


def test_too_large(answering: Callable[[int, bytes], str], monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer beyond the limit is not read to its end."""
    monkeypatch.setattr(module, "LIMIT", 100)
    client = FeedClient(answering(200, b" " * 200), "", SETTINGS)
    with pytest.raises(BadAnswer, match="more than 100 bytes"):
        client.read("messages")
    client.close()


def test_nobody_listens(nowhere: str) -> None:
    """Without a connection the feed is unreachable."""
    client = FeedClient(f"http://{nowhere}", "", SETTINGS)
    with pytest.raises(Unreachable):
        client.read("messages")
    client.close()


@pytest.mark.parametrize("path", ["http://elsewhere.example/x", "//elsewhere.example/x", "x"])
def test_paths_stay(path: str) -> None:
    """A path cannot lead to another server."""
    with pytest.raises(ValueError, match="must start with one slash"):
        FeedClient("http://127.0.0.1:9", "", {"messages": path})


def test_nothing_to_do(feed: FeedClient) -> None:
    """A feed has no actions, and only the resources it is set up for."""
    assert not feed.actions
    with pytest.raises(Refused):
        feed.perform("set_price", {}, key="k", snapshot={})
    with pytest.raises(Refused):
        FeedClient("http://127.0.0.1:9", "", {}).read("messages")
