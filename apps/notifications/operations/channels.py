"""Configuring channels. A secret goes in, and never comes out in a page, an event or a log."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from apps.accounts.models import Workspace
from apps.audit.events.connectors import ChannelChanged
from apps.audit.operations import record
from apps.gateway import outbound
from apps.gateway.outbound import origin
from apps.gateway.secret import seal, unseal
from apps.notifications import signing
from apps.notifications.models import FOR_CHANNELS, Channel, ChannelKind
from apps.proposals.models import Risk

ROTATION = timedelta(hours=24)  # in which the earlier secret signs too


class InvalidChannel(ValueError):
    """A channel cannot be made of this; `field` says what is wrong, the text what to do."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


@transaction.atomic
def configure_channel(
    *,
    workspace: Workspace,
    name: str,
    kind: str,
    address: str,
    secret: str,
    by: str,
    now: datetime,
    enabled: bool = True,
    kinds: Sequence[str] = (),
    minimum_risk: str = Risk.LOW,
) -> Channel:
    """Make or change the channel of this name; an empty secret keeps the one there is.

    That of another kind is of no use and is not kept; of a webhook it belongs to the host it was
    entered for. A Slack channel's secret is its webhook's
    URL; only its host is kept in the clear. Recorded only if something differs.

    Raises `InvalidChannel`, and nothing is written.
    """
    existing = Channel.objects.select_for_update().filter(workspace=workspace, name=name).first()
    channel = existing or Channel(workspace=workspace, name=name, changed_at=now)
    if existing and (existing.kind != kind or leads_elsewhere(existing, address)):
        channel.sealed, channel.earlier, channel.rotated_at = None, None, None
    if kind == ChannelKind.SLACK:
        address = shown(secret) if secret else channel.address
    check(channel, kind=kind, address=address, secret=secret)
    check_choice(kinds, minimum_risk)
    wanted = {"kind": kind, "address": address, "enabled": enabled, "kinds": list(kinds),
              "minimum_risk": minimum_risk}  # fmt: skip
    before = {field: getattr(channel, field) for field in wanted} if existing else {}
    rotated = put_secret(channel, secret, now=now)
    changed = [field for field, value in wanted.items() if before.get(field) != value]
    if changed or rotated:
        for field, value in wanted.items():
            setattr(channel, field, value)
        channel.changed_at, channel.retry_at = now, None
        channel.save()
        after = {field: wanted[field] for field in changed}
        note(channel, before, after, rotated=rotated, by=by, now=now)
    return channel


def leads_elsewhere(channel: Channel, address: str) -> bool:
    """Whether the webhook would go to another host than its secret was entered for."""
    return channel.kind == ChannelKind.WEBHOOK and origin(channel.address) != origin(address)


def check(channel: Channel, *, kind: str, address: str, secret: str) -> None:
    """Raise `InvalidChannel` for what could never be sent to."""
    if kind not in ChannelKind.values:
        known = ", ".join(ChannelKind.values)
        raise InvalidChannel(f"'{kind}' is no kind of channel; known: {known}.", field="kind")
    if kind == ChannelKind.MAIL:
        check_mail(address)
        return
    if not secret and channel.sealed is None:
        what = "the webhook's URL" if kind == ChannelKind.SLACK else "a signing secret"
        raise InvalidChannel(f"Write {what} into the field of the secret.", field="secret")
    if kind == ChannelKind.WEBHOOK:
        check_url(address, field="address")
        check_key(secret)
    elif secret:
        check_url(secret, field="secret")


def check_mail(address: str) -> None:
    """Raise `InvalidChannel` unless it is one mail address."""
    try:
        validate_email(address)
    except ValidationError as error:
        raise InvalidChannel("Write one address like ops@example.com.", field="address") from error


def check_url(url: str, *, field: str) -> None:
    """Raise `InvalidChannel` for a URL the gateway would not call."""
    try:
        outbound.check(url)
    except outbound.ForbiddenAddress as error:
        raise InvalidChannel(str(error), field=field) from error


def check_key(secret: str) -> None:
    """Raise `InvalidChannel` for a signing secret the specification does not allow."""
    try:
        if secret:
            signing.key_of(secret)
    except signing.BadSecret as error:
        raise InvalidChannel(str(error), field="secret") from error


def check_choice(kinds: Sequence[str], minimum_risk: str) -> None:
    """Raise `InvalidChannel` for kinds of notice and risks there are none of."""
    if unknown := set(kinds) - {kind.value for kind in FOR_CHANNELS}:
        raise InvalidChannel(f"Unknown kinds: {', '.join(sorted(unknown))}.", field="kinds")
    if minimum_risk not in Risk.values:
        raise InvalidChannel(f"'{minimum_risk}' is no risk.", field="minimum_risk")


def shown(url: str) -> str:
    """What may be shown of a URL that is itself a secret: where it leads, not its path."""
    try:
        return f"https://{urlsplit(url).hostname or ''}/…"
    except ValueError:
        return "https://…"


def put_secret(channel: Channel, secret: str, *, now: datetime) -> bool:
    """Seal a new secret; the earlier one goes on signing for a while. False if nothing is new."""
    if not secret or (channel.sealed is not None and unseal(channel.sealed) == secret):
        return False
    if channel.sealed is not None:
        channel.earlier, channel.rotated_at = channel.sealed, now
    channel.sealed = seal(secret)
    return True


def secrets_of(channel: Channel, *, now: datetime) -> tuple[str, ...]:
    """The secrets that are valid now, the newest first; none for mail."""
    if channel.sealed is None:
        return ()
    known = [channel.sealed]
    if channel.earlier is not None and channel.rotated_at and now < channel.rotated_at + ROTATION:
        known.append(channel.earlier)
    return tuple(unseal(sealed) for sealed in known)


def note(
    channel: Channel,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    rotated: bool,
    by: str,
    now: datetime,
) -> None:
    """Record what changed about a channel, and whether its secret did; never the secret."""
    record(
        ChannelChanged(
            name=channel.name,
            before={field: before[field] for field in after if field in before},
            after=dict(after),
            secret_replaced=rotated,
        ),
        workspace_id=channel.workspace_id,
        actor=by,
        subject_kind="channel",
        subject_id=channel.pk,
        now=now,
    )
