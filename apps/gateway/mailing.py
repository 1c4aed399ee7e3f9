"""The one door for the product's own mail: one letter to the server of the installation."""

import smtplib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from django.core.mail import EmailMultiAlternatives, get_connection

from apps.gateway.errors import Refused, Unproven, Unreachable

SECONDS = 10.0  # for each answer of the server


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One mail to one address, as plain text and as simple HTML."""

    subject: str
    text: str
    html: str
    sender: str
    recipient: str
    headers: Mapping[str, str]


def send(letter: Letter) -> None:
    """Hand it to the server once. Raises `Refused`, `Unreachable`, `Unproven`."""
    mail = EmailMultiAlternatives(
        subject=letter.subject,
        body=letter.text,
        from_email=letter.sender,
        to=[letter.recipient],
        headers=dict(letter.headers),
        connection=get_connection(timeout=SECONDS),
    )
    mail.attach_alternative(letter.html, "text/html")
    with understood():
        mail.send()


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
