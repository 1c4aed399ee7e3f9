"""What the connector says after a call that went wrong."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from apps.gateway.connectors.base import (
    BadAnswer,
    ConnectorError,
    Refused,
    Throttled,
    Unproven,
    Unreachable,
)
from apps.gateway.connectors.medusa import api as module
from apps.gateway.connectors.medusa.api import AdminApi, path

Answering = Callable[..., str]
ERROR = b'{"type": "not_allowed", "message": "No."}'


@pytest.mark.parametrize(
    ("status", "body", "read", "write"),
    [
        (400, ERROR, Refused, Refused),
        (401, b'{"message": "Unauthorized"}', Refused, Refused),
        (404, b"<html>not here</html>", BadAnswer, Unproven),
        (302, b"{}", BadAnswer, Unproven),
        (429, b"", Throttled, Throttled),
        (500, b'{"type": "unknown_error", "message": "?"}', Unreachable, Unproven),
        (502, b"<html>bad gateway</html>", Unreachable, Unproven),
        (200, b"<html>hello</html>", BadAnswer, Unproven),
        (200, b"[1, 2]", BadAnswer, Unproven),
        (200, b"[" * 100_000, BadAnswer, Unproven),
        (200, b"", BadAnswer, Unproven),
    ],
)
def test_answers(
    answering: Answering,
    status: int,
    body: bytes,
    read: type[ConnectorError],
    write: type[ConnectorError],
) -> None:
    """Each kind of answer gives exactly the claim it proves, for a read and for a write."""
    api = AdminApi(answering(status, body), "sk", timeout=5)
    with pytest.raises(read):
        api.get("/admin/x")
    with pytest.raises(write):
        api.post("/admin/x", {}, key="k")
    api.close()


def test_refusal_carries_the_code(answering: Answering) -> None:
    """A refusal carries the shop's own word and sentence."""
    api = AdminApi(answering(400, ERROR), "sk", timeout=5)
    with pytest.raises(Refused, match=r"No\.") as refusal:
        api.post("/admin/x", {}, key="k")
    assert refusal.value.code == "not_allowed"
    api.close()


@pytest.mark.parametrize(("asked", "pause"), [({}, None), ({"Retry-After": "7"}, 7)])
def test_a_busy_shop_may_say_for_how_long(
    answering: Answering, asked: dict[str, str], pause: int | None
) -> None:
    """Read or write, nothing was done, and what it asks for is passed on."""
    api = AdminApi(answering(429, b"", asked), "sk", timeout=5)
    for call in (lambda: api.get("/admin/x"), lambda: api.post("/admin/x", {}, key="k")):
        with pytest.raises(Throttled, match="429") as refusal:
            call()
        assert refusal.value.pause == (None if pause is None else timedelta(seconds=pause))
    api.close()


def test_nobody_listens(nowhere: str) -> None:
    """Without a connection the call was certainly not carried out."""
    api = AdminApi(f"http://{nowhere}", "sk", timeout=5)
    for call in (lambda: api.get("/admin/x"), lambda: api.post("/admin/x", {}, key="k")):
        with pytest.raises(Unreachable):
            call()
    api.close()


def test_too_large(answering: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer beyond the limit is not read to its end."""
    monkeypatch.setattr(module, "LIMIT", 1000)
    api = AdminApi(answering(200, b'{"a": "' + b"x" * 2000 + b'"}'), "sk", timeout=5)
    with pytest.raises(BadAnswer, match="more than 1000 bytes"):
        api.get("/admin/x")
    with pytest.raises(Unproven):
        api.post("/admin/x", {}, key="k")
    api.close()


@pytest.mark.parametrize("segment", ["", ".", ".."])
def test_odd_segments(segment: str) -> None:
    """A path never climbs: empty and dotted segments are refused."""
    with pytest.raises(Refused):
        path("products", segment)


def test_quoted_segments() -> None:
    """What could end a path or start a query is quoted."""
    assert path("orders", "a/b?c#d") == "/admin/orders/a%2Fb%3Fc%23d"
