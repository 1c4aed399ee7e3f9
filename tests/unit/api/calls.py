"""What the API's tests send, and what they check of every answer."""

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories.keys import Caller
from tests.factories.proposals import price_change


def body(amount: object = "55.50", **over: Any) -> dict[str, Any]:
    """A draft of one price change, as JSON."""
    action, params = price_change(str(amount))
    return {
        "title": "Follow the market",
        "rationale": "Two competitors are cheaper.",
        "changes": [{"action": action, "params": params}],
        **over,
    }


def problem(response: Any, status: int) -> dict[str, Any]:
    """The problem document of a response that must be one."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    content: dict[str, Any] = response.json()
    assert content["status"] == status
    return content


def verdict(seen: dict[str, Any], **over: Any) -> dict[str, Any]:
    """An approval of what was seen."""
    return {"verdict": "approve", "binding": seen["binding"], **over}


def bounded(caller: Caller, path: str, most: int, **query: Any) -> dict[str, Any]:
    """The JSON of a GET that used at most so many queries."""
    caller.get("/events")  # notes the key's use
    with CaptureQueriesContext(connection) as used:
        response = caller.get(path, **query)
    assert response.status_code == 200, response.content
    assert len(used) <= most, [query["sql"] for query in used]
    found: dict[str, Any] = response.json()
    return found
