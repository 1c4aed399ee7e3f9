"""The mail that proves an invited address: its link is shown nowhere else."""

from datetime import datetime
from urllib.parse import urljoin
from uuid import uuid4

from django.conf import settings
from django.template.loader import render_to_string

from apps.accounts.models import Invitation
from apps.gateway import mailing
from apps.notifications.links import public_url
from apps.notifications.transports.mail import headers


def send(invitation: Invitation, path: str, now: datetime) -> None:
    """Mail the page at this path to the invited. Raises what `mailing.send` raises."""
    context = {"invitation": invitation, "url": urljoin(public_url(), path)}
    mailing.send(
        mailing.Letter(
            subject=f"[AIOS] Join {' '.join(str(invitation.workspace).split())}",
            text=render_to_string("emails/invitation.txt", context),
            html=render_to_string("emails/invitation.html", context),
            sender=settings.DEFAULT_FROM_EMAIL,
            recipient=invitation.email,
            headers=headers(f"invitation_{uuid4()}", now),
        )
    )
