"""Which addresses the outside world has: everything else is ours, and nobody is sent there but to
the networks the operator of the installation lists (`OUTBOUND_ALLOW`).

A URL an operator typed may name a machine behind our own walls in many ways: as a private or
link-local address (cloud metadata), wrapped into IPv6, as one decimal number, or behind a name.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

PORTS = {"https": 443, "http": 80}
LONGEST = 2_000  # characters of a URL
PLAIN = re.compile(r"[\x21-\x7e]+")
LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
HOST = re.compile(rf"(?=.{{1,253}}\Z){LABEL}(?:\.{LABEL})*\.?")
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
# What is no public unicast address (IANA's registries of special purpose addresses); `is_global`
# of Python differs from version to version. The last is a cloud's own metadata (Azure).
SPECIAL = tuple(map(IPv4Network, (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
    "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32",
)))  # fmt: skip
UNICAST = IPv6Network("2000::/3")  # what is routed at all
# of those, what wraps or stands for another address: Teredo and its neighbours, 6to4, examples
WRAPPED = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))

Network = IPv4Network | IPv6Network
# Where clouds and the machine itself answer whoever asks, and what wraps another address: in no
# list, whatever an operator writes
NEVER: tuple[Network, ...] = (
    *map(IPv4Network, ("0.0.0.0/8", "169.254.0.0/16", "168.63.129.16/32", "100.100.100.200/32",
                       "192.0.0.192/32")),
    *map(IPv6Network, ("::/128", "::ffff:0:0/96", "64:ff9b::/96", "2002::/16", "fe80::/10",
                       "fd00:ec2::/32", "fd20:ce::/32")),
)  # fmt: skip


class ForbiddenAddress(ValueError):
    """The address may not be called; nothing was sent."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where a request goes: `path` with its query. Read once, so that no second reader differs."""

    scheme: str
    host: str
    port: int
    path: str


def read(url: str, *, plain: bool) -> Target:
    """The target a URL names. Raises `ForbiddenAddress` for what is no plain HTTPS address.

    With `plain`, http:// is read too; where it leads is judged by `require_outside`.
    """
    if len(url) > LONGEST or not PLAIN.fullmatch(url) or "\\" in url:
        raise ForbiddenAddress("The address is no URL of plain characters; write it like https://…")
    parts, port = split(url)
    if parts.scheme != "https" and not (plain and parts.scheme == "http"):
        either = "http:// or https://" if plain else "https://"
        raise ForbiddenAddress(f"The address has to begin with {either}.")
    if "@" in parts.netloc:
        raise ForbiddenAddress("The address holds a user name or password; leave it out.")
    host = (parts.hostname or "").lower()
    if not is_plain(host):
        raise ForbiddenAddress(
            f"'{host[:100]}' is no host name. Write a name like hooks.example.com."
        )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(scheme=parts.scheme, host=host, port=port or PORTS[parts.scheme], path=path)


def split(url: str) -> tuple[SplitResult, int | None]:
    """The URL's parts and its port, if it names one. Raises `ForbiddenAddress`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ForbiddenAddress(f"The address cannot be read: {error}.") from error
    if port == 0:
        raise ForbiddenAddress("The address names port 0.")
    return parts, port


def origin(address: str) -> str:
    """Where a secret for this address goes: scheme, host and port; all of it if it has no host."""
    try:
        parts = urlsplit(address)
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError:
        return address
    host = (parts.hostname or "").rstrip(".")
    is_plain_text = PLAIN.fullmatch(address) and "\\" not in address
    return f"{parts.scheme}://{host}:{port}" if host and is_plain_text else address


def is_plain(host: str) -> bool:
    """Whether it is a host name, or an address in its one canonical spelling."""
    if ":" in host:
        return literal(host) is not None and "%" not in host
    if not HOST.fullmatch(host):
        return False
    if NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        return literal(host) is not None  # 2130706433, 0x7f.1, 017700000001 and 127.1 are not
    return True


def literal(host: str) -> IPv4Address | IPv6Address | None:
    """The address a host is, if it is one and no name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def require_outside(addresses: list[str], host: str, *, allowed: Sequence[Network] = ()) -> None:
    """Raise `ForbiddenAddress` unless every address lies in the outside world or is allowed.

    One that does not spoils them all: a name may be given both to be let through by one of them.
    """
    if not addresses:
        raise ForbiddenAddress(f"{host} has no address.")
    for text in addresses:
        address = ip_address(text)
        if not (is_outside(address) or is_in(address, allowed)):
            raise ForbiddenAddress(
                f"{host} leads to {text}, which is not in the outside world, nor in a network "
                "this installation allows (OUTBOUND_ALLOW)."
            )


def is_outside(address: IPv4Address | IPv6Address) -> bool:
    """Whether it is a public unicast address that stands for no other."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in SPECIAL)
    return address in UNICAST and not any(address in network for network in WRAPPED)


def is_in(address: IPv4Address | IPv6Address, allowed: Sequence[Network]) -> bool:
    """Whether it lies in one of these networks; what is `NEVER` to be called lies in none."""
    return any(address in network for network in allowed) and not any(
        address in network for network in NEVER
    )
