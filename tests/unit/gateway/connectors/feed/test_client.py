"""The feed connector against the demo feeds and against servers that send nonsense."""

import json
from collections.abc import Callable, Iterator

import pytest

from apps.gateway.connectors.base import BadAnswer, ConnectorError, Refused, Unreachable
from apps.gateway.connectors.feed.client import FeedClient
from apps.gateway.records import CompetitorPrice, Message
from apps.gateway.rows import Rows
from tests.contract.shops import Shop
from tests.factories.outside import Outside, message_row, outside, price_row

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
        (200, json.dumps([MESSAGE])[:-1].encode(), BadAnswer),
        (200, json.dumps([MESSAGE])[:-9].encode(), BadAnswer),
        (200, b"", BadAnswer),
        (404, b"[]", Refused),
        (302, b"[]", Refused),
        (500, b"[]", Unreachable),
    ],
)
def test_nonsense(
    answering: Callable[[int, bytes], str], status: int, body: bytes, error: type[ConnectorError]
) -> None:
    """An answer that is no feed, or not all of it, gives nothing at all."""
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


def test_too_large(answering: Callable[[int, bytes], str]) -> None:
    """An answer beyond the limit is not read to its end."""
    client = FeedClient(answering(200, b" " * 200), "", {**SETTINGS, "max_bytes": "100"})
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


@pytest.mark.parametrize(
    "settings",
    [{"format": "xml"}, {"delimiter": "--"}, {"delimiter": '"'}, {"decimal": "'"},
     {"max_bytes": "-1"}, {"max_rows": "many"}, {"timeout": "0"}, {"total_seconds": "nan"}],
)  # fmt: skip
def test_settings_that_no_feed_has(settings: dict[str, str]) -> None:
    """Are refused when they are set, not when a run reads."""
    with pytest.raises(ValueError, match=next(iter(settings))):
        FeedClient("http://127.0.0.1:9", "", settings)


@pytest.fixture
def system() -> Iterator[Outside]:
    with outside() as started:
        yield started


def read(system: Outside, resource: str = "competitor_prices", **settings: str) -> Rows:
    """What a client of these settings reads of the feed `/f`."""
    client = FeedClient(system.address, "", {resource: "/f", **settings})
    try:
        found = client.read(resource)
    finally:
        client.close()
    assert isinstance(found, Rows)
    return found


def test_one_odd_row_does_not_hide_the_others(system: Outside) -> None:
    """It is set aside, with where it stood."""
    system.feeds["/f"] = [price_row("A"), price_row("B", "n/a"), None, price_row("C")]
    found = read(system)
    assert [one.sku for one in found] == ["A", "C"]
    assert [odd.place for odd in found.odd] == ["row 2", "row 3"]


CSV = "sku,currency,amount,source,seen_at\nA,EUR,9.50,rival,2026-11-30T12:00:00Z\n"
LINES = "\n".join(json.dumps(price_row(sku)) for sku in "AB") + "\n"


@pytest.mark.parametrize(
    ("content_type", "body", "skus"),
    [
        ("application/json", json.dumps([price_row("A"), price_row("B")]), "AB"),
        ("text/plain", json.dumps([price_row("A"), price_row("B")], indent=2), "AB"),
        ("application/json", "[]", ""),
        ("application/json", " [ ] ", ""),
        ("application/x-ndjson", LINES, "AB"),
        ("application/json", LINES, "AB"),
        ("text/plain", LINES.rstrip(), "AB"),
        ("", LINES.replace("\n", "\r\n\r\n"), "AB"),
        ("application/jsonl", "", ""),
        ("application/x-ndjson", json.dumps(price_row("A"), indent=1) * 2, "AA"),
        ("text/csv", CSV, "A"),
        ("text/csv; charset=utf-8", "\ufeff" + CSV.replace(",", ";"), "A"),
        ("application/octet-stream", CSV.replace(",", "\t"), "A"),
        ("text/csv", CSV.replace("\n", "\r\n").rstrip(), "A"),
        ("text/csv", CSV.replace("sku,", '"SKU" ,'), "A"),
        ("text/csv", CSV.split("\n", maxsplit=1)[0] + "\n", ""),
    ],
)
def test_formats(system: Outside, content_type: str, body: str, skus: str) -> None:
    """Each as it is sent, whatever the server calls it."""
    system.feeds["/f"] = (content_type, body.encode())
    found = read(system)
    assert ("".join(one.sku for one in found), found.odd_count) == (skus, 0)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", '{"rows": [], "next": null}'),
        ("application/json", json.dumps({"prices": [price_row("A")]}, indent=2)),
        ("application/json", '[{"sku": "A"}] and more'),
        ("application/json", "null"),
        ("application/x-ndjson", LINES[:-20]),
        ("text/csv", CSV[:-30]),
        ("text/csv", "just words"),
        ("text/csv", "a,a\n1,2\n"),
        ("text/html", "<html>"),
        ("text/plain; charset=klingon", "[]"),
        ("text/plain; charset=base64", "[]"),
        ("text/csv; charset=utf-16", CSV),
        ("text/plain; charset=idna", "[]"),
        ("text/plain; charset=punycode", "[“”]"),
    ],
)
def test_what_is_no_feed_as_a_whole(system: Outside, content_type: str, body: str) -> None:
    """Cut off, wrapped, or something else: nothing of it is used, and it is said."""
    system.feeds["/f"] = (content_type, body.encode())
    with pytest.raises(BadAnswer, match="GET /f: "):
        read(system)


def test_a_connection_that_dies_is_no_half_feed(system: Outside) -> None:
    """Even where what came in is well-formed."""
    system.feeds["/f"] = ("application/x-ndjson", LINES.encode())
    system.promised = 10
    with pytest.raises(Unreachable):
        read(system)


def test_encodings(system: Outside) -> None:
    """As the server says or the first bytes do; one wrong byte hides nothing."""
    text = json.dumps([price_row("A", source="Bücher")], ensure_ascii=False)
    for content_type, body in (
        ("application/json; charset=iso-8859-1", text.encode("iso-8859-1")),
        ("application/json", text.encode("utf-16")),
        ("application/json", text.encode("utf-8-sig")),
    ):
        system.feeds["/f"] = (content_type, body)
        assert [one.source for one in read(system)] == ["Bücher"]
    system.feeds["/f"] = ("application/json", text.encode("iso-8859-1"))
    assert [one.source for one in read(system)] == ["B\ufffdcher"]


def test_rows_that_are_not_well_formed(system: Outside) -> None:
    """NaN, a missing quote, a control sign, a number without end: each hides only itself."""
    good = json.dumps(price_row("A"))
    for odd in ('{"sku": "B, "amount": 1}', "{'sku': 'B'}", '{"sku": "B", "amount": NaN}',
                '{"sku": "B", "amount": }', '{"sku": "B\n"}', '{"a": [{"x": 1}, {"y": }], "b": 2}',
                "[" * 100_000 + "]" * 100_000, '{"amount": ' + "9" * 5000 + "}", '"B"', "nope"):  # fmt: skip
        system.feeds["/f"] = ("application/json", f"[{good}, {odd}, {good}, {odd}]".encode())
        found = read(system)
        assert (len(found), found.left_out) == (2, 2), odd[:60]
        if "\n" not in odd:
            system.feeds["/f"] = ("application/x-ndjson", f"{good}\n{odd}\n{good}\n".encode())
            assert [len(found := read(system)), found.left_out] == [2, 1], odd[:60]


def test_rows_of_csv_that_are_not_well_formed(system: Outside) -> None:
    """Too many columns, a quote that is never closed, a field without end."""
    good = "A,EUR,9.50,rival,2026-11-30T12:00:00Z\n"
    for odd in ("B,EUR,9.50\n", "B,EUR,9,50,rival,2026-11-30\n", '"B,EUR,9.50,rival,x\n',
                f"B,EUR,{'9' * 300_000},r,x\n", "B\n"):  # fmt: skip
        system.feeds["/f"] = ("text/csv", (CSV + odd + good + odd + good).encode())
        found = read(system)
        assert (len(found), found.left_out) == (3, 2), odd[:60]


def test_a_comma_before_decimals_is_told_not_guessed(system: Outside) -> None:
    """Without a word about it 12,50 is set aside; SKUs are never touched."""
    body = "sku;currency;amount;source;seen_at\n1.234;EUR;{};r;2026-11-30T12:00:00Z\n"
    for written, amount in (("12,50", "12.50"), ("1.234,50", "1234.50"), ("1.234", "1234.00")):
        system.feeds["/f"] = ("text/csv", body.format(written).encode())
        if "," in written:
            assert not read(system)
        (found,) = read(system, decimal=",")
        assert (found.sku, str(found.amount)) == ("1.234", amount)


def test_rows_and_time_are_bounded(system: Outside) -> None:
    """A feed without end is left."""
    system.feeds["/f"] = [price_row("A")] * 50
    with pytest.raises(BadAnswer, match="more than 20 rows"):
        read(system, max_rows="20")
    with pytest.raises(BadAnswer, match="not here in full"):
        read(system, total_seconds="0.000001")


def test_messages_share_no_identifier(system: Outside) -> None:
    """Two customers under one number are both heard."""
    system.feeds["/f"] = [message_row(7, body="First"), message_row("7", body="Second")]
    found = read(system, "messages")
    assert len({one.message_id for one in found}) == 2


def test_equal_amounts_keep_their_own_digits(system: Outside) -> None:
    """Values are shared among records only where they are written alike."""
    system.feeds["/f"] = [price_row("A", 10), price_row("B", 10, currency="JPY"),
                          price_row("C", 10, currency="KWD")]  # fmt: skip
    found = read(system)
    assert [str(one.amount) for one in found] == ["10.00", "10", "10.000"]
    again = [CompetitorPrice.model_validate(one.model_dump(mode="json")) for one in found]
    assert again == list(found)
    changed = found[0].model_copy(update={"source": "other"})
    assert (changed.source, found[0].source) == ("other", "rival")
