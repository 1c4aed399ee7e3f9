"""Signed webhooks after the Standard Webhooks specification: one notice, one request."""

import json
from datetime import datetime

from apps.gateway import outbound
from apps.notifications import signing
from apps.notifications.messages import envelope
from apps.notifications.transports.base import Message, judge


def send(message: Message, now: datetime) -> None:
    """Post once. The id stays the same on every try, so that the receiver can tell a repeat."""
    item = message.items[0]
    body = json.dumps(
        envelope(item, message.place), ensure_ascii=False, separators=(",", ":")
    ).encode()
    signed = signing.headers(message.secrets, message_id=message.id, at=now, body=body)
    answer = outbound.post(
        message.address, body=body, headers={"Content-Type": "application/json", **signed}
    )
    judge(answer, now)
