"""Ports on the loopback interface."""

import socket
from contextlib import closing

from aios.embedded.failures import StartError

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def accepts(port: int) -> bool:
    """Whether something on this loopback port accepts a connection."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1):
            return True
    except OSError:
        return False


def find_free(preferred: int = 0) -> int:
    """The preferred port if it is free, else any free one."""
    if preferred and is_free(preferred):
        return preferred
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as listener:
        listener.bind((LOOPBACK, 0))
        return int(listener.getsockname()[1])


def require_free(port: int, what: str, option: str) -> None:
    """Stop with a suggestion if the port asked for `what` is taken or impossible.

    Raises:
        StartError: naming the port and the option that chooses another.
    """
    if not 0 < port < 65_536:
        raise StartError(f"{option} {port} is not a port; choose one between 1 and 65535.")
    if not is_free(port):
        raise StartError(
            f"port {port} for the {what} is in use by another program (or not allowed for you). "
            f"Choose another: manage.py up {option} {find_free()}"
        )


def require_ports(web: int, shop: int | None) -> None:
    """Stop with a suggestion unless the web server and the demo shop, if any, can listen.

    Raises:
        StartError: naming the port and the option that chooses another.
    """
    require_free(web, "web server", "--port")
    if shop is None:
        return
    if shop == web:
        raise StartError(f"--port and --shop-port are both {web}; they must differ.")
    require_free(shop, "demo shop", "--shop-port")
