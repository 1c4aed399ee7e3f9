"""The mail connector: one action, `send_message`.

Settings: `from` (required: the sender, with or without a name), `timeout` seconds (20),
`mailbox_url` (a mailbox that can be looked into, like the demo's: makes read-back possible).
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any, ClassVar

import httpx2
from pydantic import BaseModel, TypeAdapter, ValidationError

from apps.gateway.connectors.base import CannotTell, FirstLook, Receipt, Refused, Unreachable
from apps.gateway.connectors.mail.message import address, compose, message_id
from apps.gateway.connectors.mail.smtp import Server
from apps.gateway.connectors.transfer import NotJson, TooLarge, parse, read_limited
from apps.gateway.outbound import Transport
from apps.gateway.records import Record

ACTION = "send_message"
LIMIT = 4 * 1024 * 1024  # bytes of a mailbox answer


class Stored(BaseModel):
    """A message as a mailbox shows it."""

    message_id: str


STORED = TypeAdapter(list[Stored])


class MailClient:
    """One SMTP server. `secret` is the password of the user in `address`, if there is one."""

    kind: ClassVar[str] = "mail"
    actions: ClassVar[frozenset[str]] = frozenset({ACTION})
    resources: ClassVar[frozenset[str]] = frozenset()
    burst: ClassVar[int] = 1
    first_look: ClassVar[FirstLook] = FirstLook()

    def __init__(self, address: str, secret: str, settings: dict[str, str]) -> None:
        self._timeout = float(settings.get("timeout") or 20)
        self._server = Server(address, secret, timeout=self._timeout)
        self._sender = settings.get("from", "")
        self._mailbox = settings.get("mailbox_url", "")

    def greet(self) -> None:
        """Sign in at the server, and send nothing."""
        self._server.greet()

    def read(self, resource: str, **query: Any) -> Sequence[Record]:
        """Nothing can be read from an SMTP server."""
        raise Refused(f"Mail has no '{resource}' to read.", code="unknown_resource")

    def snapshot(self, action: str, params: dict[str, Any]) -> dict[str, Any]:
        """{"to": address}: a mailbox has no state that could change under an approval."""
        _known(action)
        return {"to": address(params["to"])}

    def predict(
        self, action: str, params: dict[str, Any], snapshot: dict[str, Any]
    ) -> dict[str, Any]:
        """The mailbox with the message in it. Raises `Refused` where nobody could have sent it."""
        _known(action)
        self._check_sender()
        shown = ("subject", "body", "language")
        return {**snapshot, **{name: params[name] for name in shown if name in params}}

    def perform(
        self, action: str, params: dict[str, Any], *, key: str, snapshot: dict[str, Any]
    ) -> Receipt:
        """Hand the message to the server; its acceptance is the proof."""
        message = self._compose(action, params, key)
        sender = address(parseaddr(self._sender)[1])
        answer = self._server.deliver(message, sender, address(params["to"]))
        return self._receipt(params, snapshot, key, {"accepted": answer[:500]})

    def find_effect(
        self, action: str, params: dict[str, Any], *, key: str, snapshot: dict[str, Any]
    ) -> Receipt | None:
        """Look for our Message-ID in the mailbox, where there is one to look into."""
        _known(action)
        if not self._mailbox:
            raise CannotTell(
                f"A sent message cannot be read back over SMTP. Look for "
                f"{message_id(key, self._sender)} in the logs of {self._server.host}."
            )
        wanted = message_id(key, self._sender)
        if not any(stored.message_id == wanted for stored in self._stored(wanted)):
            return None
        return self._receipt(params, snapshot, key, {"found_at": self._mailbox})

    def _compose(self, action: str, params: dict[str, Any], key: str) -> Any:
        _known(action)
        self._check_sender()
        return compose(params, sender=self._sender, key=key, now=datetime.now(UTC))

    def _check_sender(self) -> None:
        if not self._sender:
            raise Refused("The connector has no sender: set 'from'.", code="no_sender")

    def _receipt(
        self, params: dict[str, Any], snapshot: dict[str, Any], key: str, answer: dict[str, Any]
    ) -> Receipt:
        after = self.predict(ACTION, params, snapshot)
        return Receipt(reference=message_id(key, self._sender), after=after, answer=answer)

    def _stored(self, wanted: str) -> list[Stored]:
        """What the mailbox holds under the id. Raises `Unreachable`, `CannotTell`."""
        try:
            with (
                httpx2.Client(
                    transport=Transport(), timeout=self._timeout, trust_env=False
                ) as http,
                http.stream("GET", self._mailbox, params={"message_id": wanted}) as response,
            ):
                status, body = response.status_code, read_limited(response, LIMIT)
        except httpx2.RequestError as error:
            raise Unreachable(f"GET {self._mailbox}: {error}") from error
        except TooLarge as error:
            raise CannotTell(f"GET {self._mailbox}: {error}") from error
        if status >= 500:
            raise Unreachable(f"GET {self._mailbox}: status {status}")
        try:
            return STORED.validate_python(parse(body))
        except (NotJson, ValidationError) as error:
            raise CannotTell(f"GET {self._mailbox}: status {status}, {error}") from error


def _known(action: str) -> None:
    if action != ACTION:
        raise Refused(f"Mail cannot '{action}'.", code="unknown_action")
