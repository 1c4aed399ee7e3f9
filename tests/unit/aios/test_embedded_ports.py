"""A taken port is told together with one that is free."""

import re
import socket

import pytest

from aios.embedded.failures import StartError
from aios.embedded.ports import LOOPBACK, find_free, is_free, require_free, require_ports


@pytest.fixture
def taken() -> int:
    """A port somebody listens on."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        yield listener.getsockname()[1]


def test_a_taken_port_is_told_with_a_free_one(taken: int) -> None:
    """The person can copy the command."""
    with pytest.raises(StartError, match=f"port {taken} for the web server is in use") as refusal:
        require_free(taken, "web server", "--port")
    suggested = re.search(r"manage.py up --port (\d+)", str(refusal.value))
    assert suggested
    assert is_free(int(suggested[1]))


@pytest.mark.parametrize("port", [0, -1, 65_536])
def test_an_impossible_port_is_told(port: int) -> None:
    """Before anything is started."""
    with pytest.raises(StartError, match="is not a port"):
        require_free(port, "web server", "--port")


def test_a_preferred_port_is_kept_while_it_is_free(taken: int) -> None:
    """Addresses change only if they must."""
    free = find_free()
    assert find_free(free) == free
    assert find_free(taken) != taken


def test_one_port_for_two_servers_is_refused() -> None:
    """Unless the second of them is not started."""
    port = find_free()
    require_ports(port, None)
    with pytest.raises(StartError, match=f"--port and --shop-port are both {port}"):
        require_ports(port, port)
