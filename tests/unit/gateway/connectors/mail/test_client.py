"""The mail connector against the demo mailbox and against servers that fail at each step."""

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from apps.gateway.connectors.base import (
    CannotTell,
    ConnectorError,
    Refused,
    Unproven,
    Unreachable,
)
from apps.gateway.connectors.mail.client import MailClient
from tests.contract.shops import Shop

SENDER = "Alpine Shop <shop@alpine.example>"
MESSAGE = {"to": "zoe@example.net", "subject": "Votre commande n° 1017", "language": "fr",
           "body": "Bonjour Zoé,\n\nle remboursement de 12,50 € est en route.\n.\nFin"}  # fmt: skip


def send(client: MailClient, key: str, **changes: Any) -> Any:
    params = {**MESSAGE, **changes}
    return client.perform("send_message", params, key=key, snapshot={"to": params["to"]})


@pytest.fixture
def client(shop: Shop) -> MailClient:
    """A client of the demo mailbox that can look into it."""
    settings = {"from": SENDER, "mailbox_url": f"{shop.address}/demo/mailbox", "timeout": "5"}
    return MailClient(f"smtp://127.0.0.1:{shop.smtp_port}", "", settings)


@pytest.fixture
def talking() -> Iterator[Callable[[dict[str, str]], MailClient]]:
    """Start an SMTP server that answers each verb as told; "" hangs up. A client for it."""
    listeners: list[socket.socket] = []

    def start(answers: dict[str, str]) -> MailClient:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threading.Thread(target=_talk, args=(listener, answers), daemon=True).start()
        port = listener.getsockname()[1]
        return MailClient(f"smtp://127.0.0.1:{port}", "", {"from": SENDER, "timeout": "2"})

    yield start
    for listener in listeners:
        listener.close()


def _talk(listener: socket.socket, answers: dict[str, str]) -> None:
    """One conversation; the line after DATA up to the lone dot is the verb `text`."""
    said = {"hello": "220 test", "ehlo": "250 test", "mail": "250 ok", "rcpt": "250 ok",
            "data": "354 go on", "text": "250 kept", **answers}  # fmt: skip
    connection, _ = listener.accept()
    with connection, connection.makefile("rwb") as stream:

        def say(verb: str) -> bool:
            if said[verb]:
                stream.write(said[verb].encode() + b"\r\n")
                stream.flush()
            return bool(said[verb])

        if not say("hello"):
            return
        for line in stream:
            verb = line[:4].decode().lower()
            if verb not in said:
                return
            if not say(verb):
                return
            if verb == "data" and said["data"].startswith("354"):
                while stream.readline() not in (b".\r\n", b""):
                    pass
                if not say("text"):
                    return


def test_message_arrives(shop: Shop, client: MailClient) -> None:
    """The message arrives as it was written, is found by its key, and not by another."""
    snapshot = client.snapshot("send_message", MESSAGE)
    asked = {"key": "arrives", "snapshot": snapshot}
    assert client.find_effect("send_message", MESSAGE, **asked) is None
    receipt = client.perform("send_message", MESSAGE, **asked)
    assert receipt.reference == "<aios.arrives@alpine.example>"
    assert receipt.after == client.predict("send_message", MESSAGE, snapshot)
    found = client.find_effect("send_message", MESSAGE, **asked)
    assert found is not None
    assert found.reference == receipt.reference
    other = {**asked, "key": "arrives-not"}
    assert client.find_effect("send_message", MESSAGE, **other) is None

    (mail,) = shop.get("/demo/mailbox", message_id=receipt.reference)
    assert (mail["to"], mail["subject"], mail["sender"]) == (
        "zoe@example.net", MESSAGE["subject"], SENDER,
    )  # fmt: skip
    assert mail["body"].replace("\r\n", "\n").rstrip() == MESSAGE["body"]
    lines = [line for line in shop.get("/demo/ledger") if line["key"] == "arrives"]
    assert [line["action"] for line in lines] == ["send_message"]


def test_page_escapes(shop: Shop, client: MailClient) -> None:
    """A message that contains HTML is shown as text."""
    send(client, "html", subject="<script>alert(1)</script>", body="<img src=x onerror=alert(1)>")
    page = httpx2.get(f"{shop.address}/mailbox", trust_env=False).text
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_odd_key(client: MailClient) -> None:
    """A key that cannot stand in a Message-ID is hashed into it, the same each time."""
    receipt = send(client, "a b\r\n<c>@")
    assert receipt.reference.count("@") == 1
    assert "\r" not in receipt.reference
    params = {**MESSAGE}
    again = client.find_effect("send_message", params, key="a b\r\n<c>@", snapshot={"to": ""})
    assert again is not None
    assert again.reference == receipt.reference


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "Hello\r\nBcc: everybody@example.com"},
        {"subject": "Hello\u2028Bcc: x"},
        {"in_reply_to": "<a@b>\nX-Evil: 1"},
        {"language": "en\r\nX-Evil: 1"},
        {"to": "a@example.com,b@example.com"},
        {"to": "a@example.com>\r\nRCPT TO:<b@example.com"},
        {"to": "Zoe <zoe@example.net>"},
        {"to": "zoe"},
        {"to": "a,b@example.com"},
    ],
)
def test_no_injection(shop: Shop, client: MailClient, changes: dict[str, str]) -> None:
    """Header and envelope injection is refused before a connection is made."""
    before = len(shop.get("/demo/mailbox"))
    with pytest.raises(Refused):
        send(client, "injected", **changes)
    assert len(shop.get("/demo/mailbox")) == before


def test_unknown_recipient(client: MailClient) -> None:
    """A recipient the server does not know is refused with the server's code."""
    with pytest.raises(Refused, match="No such mailbox") as refusal:
        send(client, "unknown", to="nobody@nowhere.invalid")
    assert refusal.value.code == "550"


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"hello": ""}, Unreachable),
        ({"hello": "554 go away"}, Unreachable),
        ({"mail": "451 later"}, Unreachable),
        ({"mail": "550 no"}, Refused),
        ({"rcpt": "450 busy"}, Unreachable),
        ({"rcpt": "553 no"}, Refused),
        ({"rcpt": ""}, Unreachable),
        ({"data": "554 no"}, Refused),
        ({"text": "552 too big"}, Refused),
        ({"text": "451 try again"}, Unreachable),
        ({"text": ""}, Unproven),
    ],
)
def test_failing_step(
    talking: Callable[[dict[str, str]], MailClient],
    answers: dict[str, str],
    error: type[ConnectorError],
) -> None:
    """Only a connection lost after the text leaves the outcome open."""
    with pytest.raises(error):
        send(talking(answers), "k")


def test_nobody_listens(nowhere: str) -> None:
    """A refused connection means that nothing was sent."""
    with pytest.raises(Unreachable):
        send(MailClient(f"smtp://{nowhere}", "", {"from": SENDER}), "k")


def test_read_back_without_mailbox(talking: Callable[[dict[str, str]], MailClient]) -> None:
    """Without a mailbox to look into, the read-back names the message a person must look for."""
    with pytest.raises(CannotTell, match=r"<aios\.k@alpine\.example>"):
        talking({}).find_effect("send_message", MESSAGE, key="k", snapshot={})


def test_broken_mailbox(answering: Callable[[int, bytes], str], nowhere: str) -> None:
    """A mailbox that is away can be asked again; one that talks nonsense cannot tell."""
    for url, error in ((f"http://{nowhere}", Unreachable), (answering(500, b""), Unreachable),
                       (answering(200, b"{}"), CannotTell), (answering(200, b"x"), CannotTell)):  # fmt: skip
        client = MailClient("smtp://127.0.0.1:9", "", {"from": SENDER, "mailbox_url": url})
        with pytest.raises(error):
            client.find_effect("send_message", MESSAGE, key="k", snapshot={})


@pytest.mark.parametrize("address", ["http://x", "smtp://", "mail.example.com"])
def test_odd_address(address: str) -> None:
    """An address that is not SMTP is refused when the client is built."""
    with pytest.raises(ValueError, match="smtp://host:port"):
        MailClient(address, "", {"from": SENDER})


def test_only_messages(client: MailClient) -> None:
    """Mail carries out no other action and reads nothing."""
    with pytest.raises(Refused):
        client.snapshot("set_price", {})
    with pytest.raises(Refused):
        client.read("messages")
    with pytest.raises(Refused, match="no sender"):
        send(MailClient("smtp://127.0.0.1:9", "", {}), "k")
    with pytest.raises(Refused, match="no sender"):  # already before anybody approves
        MailClient("smtp://127.0.0.1:9", "", {}).predict("send_message", MESSAGE, {"to": "a@b.c"})
