"""Connector kinds by name. Adding one: copy a neighbour's folder, add a line here."""

from collections.abc import Mapping
from typing import Any

from apps.gateway.connectors.base import Client, FirstLook
from apps.gateway.connectors.feed.client import FeedClient
from apps.gateway.connectors.mail.client import MailClient
from apps.gateway.connectors.medusa.client import MedusaClient
from apps.gateway.connectors.null.client import NullClient

KINDS: dict[str, type[Client]] = {
    kind.kind: kind for kind in (MedusaClient, MailClient, FeedClient, NullClient)
}


def build(kind: str, *, address: str, secret: str, settings: dict[str, str]) -> Client:
    """A client of the named kind. Raises `LookupError` for a kind that does not exist."""
    try:
        client = KINDS[kind]
    except KeyError:
        raise LookupError(f"No connector kind '{kind}'; known: {', '.join(KINDS)}.") from None
    return client(address=address, secret=secret, settings=settings)  # type: ignore[call-arg]


def asked_first(kind: str, settings: Mapping[str, Any]) -> list[str]:
    """What a system is read for to see whether it works: one thing of a kind that names it, else
    everything it declares.
    """
    first = first_look(kind).resource
    found = readable(kind, settings)
    return [first] if first in found else sorted(found)


def first_look(kind: str) -> FirstLook:
    """How one sees whether a system of this kind works; an empty one for no kind that exists."""
    client = KINDS.get(kind)
    return client.first_look if client else FirstLook()


def readable(kind: str, settings: Mapping[str, Any]) -> frozenset[str]:
    """What a connector of these settings can be read for; nothing for a kind that does not exist.

    A kind may declare less than it could: `reads`, names with commas between them, narrows any.
    """
    client = KINDS.get(kind)
    if client is None:
        return frozenset()
    declared = getattr(client, "declared", None)
    found = declared(settings) if declared else client.resources
    named = {name.strip() for name in str(settings.get("reads") or "").split(",")} - {""}
    return found & named if named else found
