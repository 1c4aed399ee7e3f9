"""The feed connector: JSON lists over HTTP, read only.

Settings: `messages` and `competitor_prices` are paths under the address (a resource without one
cannot be read); `timeout` seconds (20). A secret is sent as a bearer token.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, NoReturn

import httpx2
from pydantic import TypeAdapter, ValidationError

from apps.gateway.connectors.base import BadAnswer, Receipt, Refused, Unreachable
from apps.gateway.connectors.transfer import NotJson, TooLarge, parse, read_limited
from apps.gateway.records import CompetitorPrice, Message, Record

LIMIT = 8 * 1024 * 1024  # bytes of one answer
SHAPES: dict[str, TypeAdapter[Any]] = {
    "messages": TypeAdapter(list[Message]),
    "competitor_prices": TypeAdapter(list[CompetitorPrice]),
}


class FeedClient:
    """One server of feeds. Query names of a read are passed on as they are (`after`, `limit`)."""

    kind: ClassVar[str] = "feed"
    actions: ClassVar[frozenset[str]] = frozenset()
    resources: ClassVar[frozenset[str]] = frozenset(SHAPES)
    burst: ClassVar[int] = 1

    def __init__(self, address: str, secret: str, settings: dict[str, str]) -> None:
        self._paths = {name: settings[name] for name in SHAPES if settings.get(name)}
        for name, path in self._paths.items():
            if not path.startswith("/") or path.startswith("//"):
                raise ValueError(f"The path of '{name}' must start with one slash: '{path}'.")
        self._http = httpx2.Client(
            base_url=address.rstrip("/"),
            headers={"Authorization": f"Bearer {secret}"} if secret else {},
            timeout=float(settings.get("timeout") or 20),
            trust_env=False,
        )

    def read(self, resource: str, **query: Any) -> Sequence[Record]:
        """messages(after=message id), competitor_prices(). All rows are checked, or none taken."""
        if resource not in self._paths:
            raise Refused(f"This feed has no '{resource}' to read.", code="unknown_resource")
        path = self._paths[resource]
        asked = {name: str(value) for name, value in query.items() if value is not None}
        status, body = self._get(path, asked)
        if status >= 500:
            raise Unreachable(f"GET {path}: status {status}")
        if status != 200:
            raise Refused(f"GET {path}: status {status}", code=str(status))
        try:
            rows: list[Record] = SHAPES[resource].validate_python(parse(body))
        except (NotJson, ValidationError) as error:
            raise BadAnswer(f"GET {path}: {str(error)[:500]}") from error
        return rows

    def snapshot(self, action: str, params: dict[str, Any]) -> dict[str, Any]:
        """A feed has no actions."""
        _refuse(action)

    def predict(
        self, action: str, params: dict[str, Any], snapshot: dict[str, Any]
    ) -> dict[str, Any]:
        """A feed has no actions."""
        _refuse(action)

    def perform(
        self, action: str, params: dict[str, Any], *, key: str, snapshot: dict[str, Any]
    ) -> Receipt:
        """A feed has no actions."""
        _refuse(action)

    def find_effect(
        self, action: str, params: dict[str, Any], *, key: str, snapshot: dict[str, Any]
    ) -> Receipt | None:
        """A feed has no actions."""
        _refuse(action)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _get(self, path: str, query: dict[str, str]) -> tuple[int, bytes]:
        try:
            with self._http.stream("GET", path, params=query) as response:
                return response.status_code, read_limited(response, LIMIT)
        except httpx2.RequestError as error:
            raise Unreachable(f"GET {path}: {error}") from error
        except TooLarge as error:
            raise BadAnswer(f"GET {path}: {error}") from error


def _refuse(action: str) -> NoReturn:
    raise Refused(f"A feed cannot '{action}'.", code="unknown_action")
