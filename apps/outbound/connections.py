"""Connections to judged addresses only.

The name is resolved once, every address it has is judged, and the connection goes to exactly the
address that was judged: an answer that changes a moment later (DNS rebinding) is not asked for.
"""

import functools
import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import httpcore2
import httpx2

from apps.outbound.addresses import ForbiddenAddress, Network, require_outside

LIMITS = httpx2.Limits(max_connections=16, max_keepalive_connections=16, keepalive_expiry=5.0)
Own = Callable[[str, int], Sequence[Network]]  # the networks beside the outside, for host and port


def resolve(host: str, port: int) -> list[str]:
    """All addresses of the host, asked for once. Raises httpcore's `ConnectError`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore2.ConnectError(f"the name cannot be resolved: {error}") from error
    return list(dict.fromkeys(str(where[0]) for *_, where in found))


def judged(host: str, port: int, own: Own) -> list[str]:
    """The host's addresses, asked for once, all of which may be called.

    Raises `ForbiddenAddress`, and httpcore's `ConnectError` for a name that has none.
    """
    addresses = resolve(host, port)
    require_outside(addresses, host, allowed=own(host, port))
    return addresses


def connect(host: str, port: int, timeout: float, own: Own) -> socket.socket:
    """A socket to the first judged address that answers. Raises `OSError`, `ForbiddenAddress`."""
    failure: OSError = ConnectionError("no address answered")
    try:
        addresses = judged(host, port, own)
    except httpcore2.ConnectError as error:
        raise ConnectionError(str(error)) from error
    for address in addresses:
        try:
            return socket.create_connection((address, port), timeout)
        except OSError as error:
            failure = error
    raise failure


class Judged(httpcore2.NetworkBackend):
    """Opens a client's connections, each to an address that was judged when it was opened."""

    def __init__(self, own: Own) -> None:
        self._own = own
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
        failure: Exception = httpcore2.ConnectError("no address answered")
        for address in judged(host, port, self._own):
            try:
                return self._sockets.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    def connect_unix_socket(self, *args: Any, **options: Any) -> httpcore2.NetworkStream:
        """Never: a socket of this machine is not the outside world."""
        raise ForbiddenAddress("A socket of this machine is not the outside world.")


@functools.cache
def authorities() -> ssl.SSLContext:
    """The authorities whose certificates are trusted, read once: reading takes 35 ms.

    Those of the machine, or of the file or folder that `SSL_CERT_FILE` or `SSL_CERT_DIR` names.
    """
    return httpx2.create_ssl_context()


class Transport(httpx2.HTTPTransport):
    """HTTP over judged connections, through no proxy.

    A request to a forbidden address raises `ForbiddenAddress`, and nothing was sent.
    """

    def __init__(self, own: Own, limits: httpx2.Limits = LIMITS) -> None:
        super().__init__(verify=authorities(), trust_env=False, limits=limits)
        self._pool._network_backend = Judged(own)  # httpx2 has no place to hand one in
