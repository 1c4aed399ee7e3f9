"""Mail through Django's backend, as plain text and simple HTML."""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.utils import format_datetime, parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string

from apps.gateway.errors import Refused, Unproven, Unreachable
from apps.notifications.transports.base import Message
from apps.notifications.words import SHOWN, ordered, subject

SECONDS = 10.0  # for each answer of the server


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
    mail = EmailMultiAlternatives(
        subject=f"[AIOS] {context['subject']}",
        body=render_to_string("emails/notice.txt", context),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[message.address],
        headers={
            "Date": format_datetime(now),
            "Message-ID": f"<{message.id}@{domain()}>",
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
        },
        connection=get_connection(timeout=SECONDS),
    )
    mail.attach_alternative(render_to_string("emails/notice.html", context), "text/html")
    with understood():
        mail.send()


def domain() -> str:
    """The domain of the sender, which makes message ids unique."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"


@contextmanager
def understood() -> Iterator[None]:
    """What a server's answer means: 5xx is a no for good, all else may be tried again."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        raise reading(code, text) from error
    except smtplib.SMTPAuthenticationError as error:  # ours to mend; nothing is lost meanwhile
        raise Unreachable("The mail server refuses our sign-in.") from error
    except smtplib.SMTPResponseException as error:
        raise reading(error.smtp_code, error.smtp_error) from error
    except (smtplib.SMTPServerDisconnected, TimeoutError) as error:
        raise Unproven(f"The mail server was lost: {error}") from error
    except (OSError, smtplib.SMTPException) as error:
        raise Unreachable(f"The mail server does not answer: {error}") from error


def reading(code: int, text: bytes | str) -> Refused | Unreachable:
    """The error that a refusal of the server amounts to."""
    words = text.decode(errors="replace") if isinstance(text, bytes) else text
    said = f"The mail server says {code}: {words[:200]}"
    return Refused(said, code=str(code)) if code >= 500 else Unreachable(said)
