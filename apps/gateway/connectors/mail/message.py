"""The message as it goes out: headers from checked parts only, an id derived from the key."""

import hashlib
import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Any

from apps.gateway import email_address
from apps.gateway.connectors.base import Refused

CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]")
TOKEN = re.compile(r"[A-Za-z0-9._-]{1,100}")


def address(text: str) -> str:
    """One bare address, its domain in ASCII. Raises `Refused` for a list, a name, anything odd."""
    try:
        return email_address.sole(text)
    except email_address.NoAddress as error:
        raise Refused(str(error), code="bad_address") from error


def header(text: str, name: str) -> str:
    """A header value on one line. Raises `Refused` for control characters (header injection)."""
    if CONTROL.search(text):
        raise Refused(f"The {name} holds a control character.", code="bad_header")
    return text


def message_id(key: str, sender: str) -> str:
    """The Message-ID of the message sent for `key`: the same key gives the same id."""
    token = key if TOKEN.fullmatch(key) else hashlib.sha256(key.encode()).hexdigest()
    domain = parseaddr(sender)[1].rpartition("@")[2]
    return f"<aios.{token}@{domain if domain.isascii() else email_address.ascii_domain(domain)}>"


def compose(params: dict[str, Any], *, sender: str, key: str, now: datetime) -> EmailMessage:
    """The message for the parameters of `send_message`. Raises `Refused`."""
    name, sender_address = parseaddr(header(sender, "sender"))
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(display_name=name, addr_spec=address(sender_address))
    message["To"] = Address(addr_spec=address(params["to"]))
    message["Subject"] = header(params["subject"], "subject")
    message["Date"] = format_datetime(now)
    message["Message-ID"] = message_id(key, sender)
    message["Content-Language"] = header(params.get("language", "en"), "language")
    if earlier := params.get("in_reply_to"):
        reference = header(earlier, "reference")
        message["In-Reply-To"] = reference if "<" in reference else f"<{reference}>"
        message["References"] = message["In-Reply-To"]
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(params["body"])
    return message
