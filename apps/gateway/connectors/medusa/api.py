"""The admin API over HTTP: one client, and what is known after a call that went wrong."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx2

from apps.gateway.connectors.base import BadAnswer, Refused, Throttled, Unproven, Unreachable
from apps.gateway.connectors.gate import ask_first
from apps.gateway.connectors.transfer import NotJson, TooLarge, parse, read_limited
from apps.gateway.outbound import Transport
from apps.gateway.retry_after import asked_pause

LIMIT = 32 * 1024 * 1024  # bytes of one answer
CONNECT_SECONDS = 3.0
# Below the 5 s after which Node and uvicorn close an idle connection: a request sent on a
# connection that is just being closed could not be told from one that was carried out.
KEEPALIVE_SECONDS = 2.0
NEVER_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
    httpx2.LocalProtocolError,
)
BUSY = 429


def path(*segments: str) -> str:
    """An admin path from segments, each quoted. Raises `Refused` for a segment like '..'."""
    for segment in segments:
        if not segment.strip("."):
            raise Refused(f"'{segment}' is not an identifier of the shop.", code="invalid_data")
    return "/admin/" + "/".join(quote(segment, safe="") for segment in segments)


class Answer(NamedTuple):
    """What the shop said; `pause` is how long it asks to be left alone, if it does."""

    status: int
    body: bytes
    pause: timedelta | None = None


class AdminApi:
    """Calls to one Medusa server; `timeout` is in seconds and holds for each wait."""

    def __init__(self, address: str, secret: str, *, timeout: float) -> None:
        self.address = address.rstrip("/")
        self._http = httpx2.Client(
            base_url=self.address,
            auth=httpx2.BasicAuth(secret, ""),  # a secret key is the user name, without password
            timeout=httpx2.Timeout(timeout, connect=min(CONNECT_SECONDS, timeout)),
            transport=Transport(
                httpx2.Limits(max_connections=16, keepalive_expiry=KEEPALIVE_SECONDS)
            ),
            trust_env=False,
        )

    def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """Read. Raises `Unreachable`, `Refused`, `BadAnswer`."""
        try:
            answer = self._call("GET", path, params=query)
        except httpx2.RequestError as error:
            raise Unreachable(self._say("GET", path, error)) from error
        except TooLarge as error:
            raise BadAnswer(self._say("GET", path, error)) from error
        self._heed(answer, "GET", path)
        if answer.status >= 500:
            raise Unreachable(self._say("GET", path, f"status {answer.status}"))
        try:
            return self._judge("GET", path, answer)
        except NotJson as error:
            raise BadAnswer(self._say("GET", path, error)) from error

    def post(self, path: str, body: dict[str, Any], *, key: str) -> dict[str, Any]:
        """Write once. Raises `Unreachable`, `Refused`, `Unproven`.

        Medusa ignores the `Idempotency-Key` header; it is sent for the logs of the shop and of
        what stands before it.
        """
        return self._write("POST", path, key=key, json=body)

    def delete(self, path: str, *, key: str) -> dict[str, Any]:
        """Take something away once. Raises as `post`."""
        return self._write("DELETE", path, key=key)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _write(self, method: str, path: str, *, key: str, **options: Any) -> dict[str, Any]:
        ask_first()
        try:
            answer = self._call(method, path, headers={"Idempotency-Key": key}, **options)
        except NEVER_SENT as error:
            raise Unreachable(self._say(method, path, error)) from error
        except (httpx2.RequestError, TooLarge) as error:
            raise Unproven(self._say(method, path, error)) from error
        self._heed(answer, method, path)
        if answer.status >= 500:
            raise Unproven(self._say(method, path, f"status {answer.status}"))
        try:
            return self._judge(method, path, answer)
        except NotJson as error:
            raise Unproven(self._say(method, path, error)) from error

    def _call(self, method: str, path: str, **options: Any) -> Answer:
        with self._http.stream(method, path, **options) as response:
            header = response.headers.get("retry-after", "")
            return Answer(
                response.status_code,
                read_limited(response, LIMIT),
                asked_pause(header, now=datetime.now(UTC)),
            )

    def _heed(self, answer: Answer, method: str, path: str) -> None:
        """Raise `Throttled` where the shop asks to be called less often."""
        if answer.status == BUSY:
            text = self._say(method, path, f"the shop is busy ({BUSY})")
            raise Throttled(text, pause=answer.pause)

    def _judge(self, method: str, path: str, answer: Answer) -> dict[str, Any]:
        """The JSON object of a success; `Refused` for an error in Medusa's own shape."""
        status, said = answer.status, parse(answer.body)
        if not isinstance(said, dict):
            raise NotJson(f"not a JSON object: {answer.body[:80]!r}")
        if 200 <= status < 300:
            return said
        if not 400 <= status < 500 or "message" not in said:
            raise NotJson(f"status {status} without Medusa's error body")
        code = str(said.get("type") or ("unauthorized" if status == 401 else status))
        raise Refused(self._say(method, path, str(said["message"])[:500]), code=code)

    def _say(self, method: str, path: str, what: object) -> str:
        text = str(what) or type(what).__name__
        return f"{method} {self.address}{path}: {text}"
