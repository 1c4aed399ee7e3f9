"""A pytest plugin: real PostgreSQL and Valkey for the session, started before the settings load.

Loaded with `-p tests.embedded_parts`. The addresses are in `os.environ`, so that every process a
test starts shares them. Each worker of pytest-xdist has servers of its own: in one cluster, a long
transaction of one database would hold back the numbers of another one's events. A DATABASE_URL
already set is used.
"""

import os
from collections.abc import Generator
from contextlib import ExitStack

import execnet
import pytest

from aios.embedded import UNCONNECTED, temporary

ADDRESSES = ("AIOS_DATA", "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "CREDENTIAL_KEYS")
OWN_SERVERS = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Start the servers; a wrapper, because pytest-django's own hook reads the settings."""
    early_config.stash[OWN_SERVERS] = "DATABASE_URL" not in os.environ
    if early_config.stash[OWN_SERVERS]:
        start_servers(early_config)
    else:
        for name, value in UNCONNECTED.items():
            os.environ.setdefault(name, value)
    return (yield)


def pytest_xdist_setupnodes(config: pytest.Config, specs: list[execnet.XSpec]) -> None:
    """Give each worker servers of its own; the first has those of the session."""
    for number, spec in enumerate(specs if config.stash[OWN_SERVERS] else ()):
        if number:
            start_servers(config)
        spec.env.update((name, os.environ[name]) for name in ADDRESSES)


def start_servers(config: pytest.Config) -> None:
    """Fresh servers, named in `os.environ` and ended with the session."""
    stack = ExitStack()
    stack.enter_context(temporary(fsync="off", synchronous_commit="off"))
    config.add_cleanup(stack.close)
