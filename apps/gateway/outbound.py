"""The one door to addresses that people typed: to the outside world, and what is allowed beside.

Webhooks `post` once; connectors keep connections (`Transport` over HTTP, `connect` for mail).

Each connection goes to an address that was judged when it was opened (`apps.outbound`). No redirect
is followed, no proxy or cookie used, and the whole exchange has one deadline; only how
long a name is looked up is the system's to bound.
"""

import socket
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any
from urllib.parse import urlsplit

import httpcore2
import httpx2
from django.conf import settings

from apps.gateway.errors import Refused, Unproven, Unreachable
from apps.outbound import addresses, connections
from apps.outbound.addresses import (
    PORTS,
    Network,
    Target,
    is_in,
    literal,
    origin,
    read,
    require_outside,
)

__all__ = ["Answer", "ForbiddenAddress", "check", "origin", "post"]

SECONDS = 10.0  # from the first packet to the last
LIMIT = 64 * 1024  # bytes of an answer
NEVER_SENT = (httpcore2.ConnectError, httpcore2.ConnectTimeout, httpcore2.PoolTimeout)
LOST = (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.RemoteProtocolError)


class ForbiddenAddress(Refused):
    """The address may not be called; nothing was sent."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="forbidden_address")


@contextmanager
def refusing() -> Iterator[None]:
    """Tell of a forbidden address as of any call that was refused."""
    try:
        yield
    except addresses.ForbiddenAddress as error:
        raise ForbiddenAddress(str(error)) from error


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the other side said; a redirect is an answer like any other."""

    status: int
    body: bytes
    retry_after: str = ""


USUAL = {**PORTS, "smtp": 25, "smtp+tls": 25, "smtps": 465}
ANYWHERE: tuple[Network, ...] = (IPv4Network("0.0.0.0/0"), IPv6Network("::/0"))
LOOPBACK: tuple[Network, ...] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))


def allowed() -> Sequence[Network]:
    """The networks of its own that this installation may call: those its operator lists.

    And itself, where a demo or a test says so.
    """
    return (*settings.OUTBOUND_ALLOW, *(LOOPBACK if settings.OUTBOUND_LOOPBACK else ()))


@refusing()
def check(url: str) -> None:
    """Raise `ForbiddenAddress` for a URL that could never be called. Resolves no name."""
    own = allowed()
    target = read(url, plain=bool(own))
    if (address := literal(target.host)) is not None:
        require_outside([target.host], target.host, allowed=own)
    if target.scheme == "http" and not (is_in(address, own) if address else own):
        raise ForbiddenAddress("The address has to begin with https://.")


@refusing()
def post(url: str, *, body: bytes, headers: Mapping[str, str], seconds: float = SECONDS) -> Answer:
    """Send it once, and the answer.

    Raises:
        ForbiddenAddress: nothing was sent, and never will be to this address.
        Unreachable: nothing was sent; it may be tried again.
        Unproven: it may or may not have arrived.
    """
    target = read(url, plain=bool(allowed()))
    until = time.monotonic() + seconds
    with httpcore2.ConnectionPool(
        ssl_context=connections.authorities(), network_backend=Outside(target, until)
    ) as pool:
        try:
            return exchange(pool, target, body, headers)
        except NEVER_SENT as error:
            raise Unreachable(say(target, error)) from error
        except LOST as error:
            raise Unproven(say(target, error)) from error
        except httpcore2.LocalProtocolError as error:
            raise Refused(say(target, error), code="bad_request") from error


def exchange(
    pool: httpcore2.ConnectionPool, target: Target, body: bytes, headers: Mapping[str, str]
) -> Answer:
    """One request on a connection of its own."""
    url = httpcore2.URL(
        scheme=target.scheme, host=target.host, port=target.port, target=target.path
    )
    sent = {"User-Agent": "AIOS", "Accept-Encoding": "identity", "Connection": "close", **headers}
    with pool.stream("POST", url, headers=list(sent.items()), content=body) as response:
        said = {name.lower(): value for name, value in response.headers}
        return Answer(
            status=response.status,
            body=read_limited(response, target),
            retry_after=said.get(b"retry-after", b"").decode("ascii", "replace"),
        )


def read_limited(response: httpcore2.Response, target: Target) -> bytes:
    """The body of the answer. Raises `Unproven` when there is no end to it."""
    body = bytearray()
    for chunk in response.iter_stream():
        body += chunk
        if len(body) > LIMIT:
            raise Unproven(say(target, f"its answer is longer than {LIMIT} bytes"))
    return bytes(body)


def say(target: Target, why: object) -> str:
    """What went wrong there; never the path, which may be a secret."""
    return f"POST {target.scheme}://{target.host}: {str(why) or type(why).__name__}"


class Outside(httpcore2.NetworkBackend):
    """Opens connections to judged addresses only."""

    def __init__(self, target: Target, until: float) -> None:
        self._target, self._until = target, until
        self._sockets = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """A connection to the first of the host's addresses that answers."""
        found = connections.judged(host, port, lambda *_: allowed())
        if self._target.scheme == "http":
            require_own(found, host)
        failure: Exception = httpcore2.ConnectError("no address answered")
        for address in found:
            try:
                stream = self._sockets.connect_tcp(address, port, left(self._until))
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
            else:
                return Timed(stream, self._until)
        raise failure

    def connect_unix_socket(self, *args: Any, **options: Any) -> httpcore2.NetworkStream:
        """Never: a socket of this machine is not the outside world."""
        raise ForbiddenAddress("A socket of this machine is not the outside world.")


class Transport(connections.Transport):
    """HTTP for a connector's client: over judged connections, through no proxy.

    A request to a forbidden address raises `ForbiddenAddress`, and nothing was sent.
    """

    def __init__(self, limits: httpx2.Limits = connections.LIMITS) -> None:
        super().__init__(own, limits)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send it, or refuse it."""
        with refusing():
            return super().handle_request(request)


def connect(host: str, port: int, timeout: float) -> socket.socket:
    """A socket to the first judged address that answers. Raises `OSError`, `ForbiddenAddress`."""
    with refusing():
        return connections.connect(host, port, timeout, own)


def own(host: str, port: int) -> Sequence[Network]:
    """The networks a connector may call there beside the outside world.

    What the installation itself is set up with, like the demo's shop, may be wherever it says.
    """
    return ANYWHERE if (host, port) in named() else allowed()


def named() -> set[tuple[str | None, int | None]]:
    """Host and port of the servers this installation is set up with."""
    urls = urlsplit(settings.DEMO_SHOP_URL), urlsplit(settings.DEMO_SHOP_MAIL)
    return {(url.hostname, url.port or USUAL.get(url.scheme)) for url in urls if url.hostname}


class Timed(httpcore2.NetworkStream):
    """A connection whose reads and writes all end at one moment, however slowly they come."""

    def __init__(self, stream: httpcore2.NetworkStream, until: float) -> None:
        self._stream, self._until = stream, until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Bytes, as long as there is time left."""
        return self._stream.read(max_bytes, left(self._until))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send, as long as there is time left."""
        self._stream.write(buffer, left(self._until))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        """The same connection, encrypted; the certificate is the name's, not the address's."""
        inner = self._stream.start_tls(ssl_context, server_hostname, left(self._until))
        return Timed(inner, self._until)

    def get_extra_info(self, info: str) -> Any:
        """What the connection knows about itself."""
        return self._stream.get_extra_info(info)


def require_own(found: list[str], host: str) -> None:
    """Raise `ForbiddenAddress` unless plain HTTP stays in this installation's networks."""
    if not all(is_in(ip_address(address), allowed()) for address in found):
        raise ForbiddenAddress(f"{host} is called over https:// only.")


def left(until: float) -> float:
    """How many seconds are left. Raises httpcore's `ReadTimeout` when none are."""
    seconds = until - time.monotonic()
    if seconds <= 0:
        raise httpcore2.ReadTimeout("it took too long")
    return seconds
