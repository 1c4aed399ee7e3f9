"""Mail as plain text and simple HTML."""

from datetime import datetime
from email.utils import format_datetime, parseaddr

from django.conf import settings
from django.template.loader import render_to_string

from apps.gateway import mailing
from apps.notifications.messages import SHOWN, ordered, subject
from apps.notifications.transports.base import Message


def send(message: Message, now: datetime) -> None:
    """Hand it to the server once; a lost connection proves nothing, so a retry may double it."""
    items = ordered(message.items)
    context = {
        "items": items[:SHOWN],
        "left": len(items) - len(items[:SHOWN]),
        "subject": subject(message.items, message.place),
        "place": message.place,
        "recipient": message.recipient,
        "preferences_url": message.preferences_url,
    }
    letter = mailing.Letter(
        subject=f"[AIOS] {context['subject']}",
        text=render_to_string("emails/notice.txt", context),
        html=render_to_string("emails/notice.html", context),
        sender=settings.DEFAULT_FROM_EMAIL,
        recipient=message.address,
        headers=headers(message.id, now),
    )
    mailing.send(letter)


def headers(message_id: str, now: datetime) -> dict[str, str]:
    """What tells a mail from another, and other programs not to answer it."""
    return {
        "Date": format_datetime(now),
        "Message-ID": f"<{message_id}@{domain()}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }


def domain() -> str:
    """The domain of the sender, which makes message ids unique."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
