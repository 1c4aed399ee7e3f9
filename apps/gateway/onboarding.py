"""Connecting a shop for the first time: each system is really asked before anything is saved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit

from django.db import transaction

from apps.accounts.models import Workspace
from apps.gateway import configuration, queries
from apps.gateway.configuration import InvalidConnector
from apps.gateway.errors import BadAnswer, ConnectorError, Refused, Unreachable
from apps.gateway.models import Connector
from apps.gateway.rows import odd_of

PATIENCE = {"timeout": "6"}  # seconds of a wait while a person watches
NO_KEY = frozenset({"unauthorized", "401", "403"})


@dataclass(frozen=True, kw_only=True)
class System:
    """An outside system to be connected; `resource` is what it is asked for first, if anything."""

    name: str
    kind: str
    address: str
    secret: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    resource: str = ""


class CannotJoin(InvalidConnector):
    """A system could not be connected; the text says what was wrong, `system` which one."""

    def __init__(self, message: str, system: System) -> None:
        super().__init__(message)
        self.system = system


def connect(
    *, workspace: Workspace, systems: Sequence[System], by: str, now: datetime
) -> list[Connector]:
    """Ask each system, then make a connector of each: all of them or none.

    One of the same name is changed. Raises `CannotJoin`.
    """
    for system in systems:
        ask(system)
    with transaction.atomic():
        return [save(workspace, system, by=by, now=now) for system in systems]


def ask(system: System) -> None:
    """Ask the system for a little, as an agent would. Raises `CannotJoin` in plain words."""
    if not has_host(system.address):
        raise CannotJoin(
            f"“{system.address}” is no address. One looks like https://shop.example.com.", system
        )
    if not system.resource:
        return
    try:
        found = queries.sample(
            kind=system.kind,
            address=system.address,
            secret=system.secret,
            settings={**system.settings, **PATIENCE},
            resource=system.resource,
        )
    except (ConnectorError, LookupError, ValueError) as error:
        raise CannotJoin(explain(system, error), system) from error
    odd, count = odd_of(found)
    if count and not found:
        raise CannotJoin(
            f"{system.address} answers, but none of its {count} rows can be read; "
            f"{odd[0].place}: {odd[0].reason}.",
            system,
        )


def try_out(system: System) -> None:
    """Ask a system for a little of what its settings declare. Raises `CannotJoin` in plain words.

    One that nothing is read from, such as a mail server, is asked whether it lets one in.
    """
    resources = queries.asked_first(system.kind, dict(system.settings))
    for resource in resources:
        ask(replace(system, resource=resource))
    if not resources:
        greet(system)


def greet(system: System) -> None:
    """Sign in, where that is all one can do. Raises `CannotJoin` in plain words."""
    try:
        queries.greet(
            kind=system.kind,
            address=system.address,
            secret=system.secret,
            settings={**system.settings, **PATIENCE},
        )
    except (ConnectorError, LookupError, ValueError) as error:
        raise CannotJoin(explain(system, error), system) from error


def has_host(address: str) -> bool:
    """Whether it names a host at all."""
    try:
        return bool(urlsplit(address).hostname)
    except ValueError:
        return False


def explain(system: System, error: Exception) -> str:
    """What went wrong, for somebody who has never seen an error of ours."""
    at, (key_hint, address_hint) = system.address, queries.hints(system.kind)
    match error:
        case Unreachable():
            return f"Nothing answers at {at}. Is the address right, and does it run?"
        case Refused(code=code) if code in NO_KEY:
            return f"{at} answers, but does not accept the key. {key_hint}".rstrip()
        case Refused(code="forbidden_address"):
            return f"Nothing was sent: {error}"
        case Refused():
            return f"{at} answers, but refused: {error}"
        case BadAnswer():
            return f"Something answers at {at}, but not as expected. {address_hint}".rstrip()
        case _:
            return f"This cannot be used: {error}"


def save(workspace: Workspace, system: System, *, by: str, now: datetime) -> Connector:
    """The connector of the system. Raises `CannotJoin`."""
    try:
        return configuration.configure_connector(
            workspace=workspace,
            name=system.name,
            kind=system.kind,
            address=system.address,
            settings=system.settings,
            secret=system.secret,
            by=by,
            now=now,
        )
    except InvalidConnector as error:
        raise CannotJoin(str(error), system) from error
