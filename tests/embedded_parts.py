"""A pytest plugin: real PostgreSQL and Valkey for the session, started before the settings load.

Loaded with `-p tests.embedded_parts`. The addresses are in `os.environ`, so that the workers of
pytest-xdist and every process a test starts share them; each worker has a database of its own in
both. A DATABASE_URL already set is used.
"""

import os
from collections.abc import Generator
from contextlib import ExitStack
from urllib.parse import urlsplit

import execnet
import pytest

from aios.embedded import UNCONNECTED, temporary


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Start the servers; a wrapper, because pytest-django's own hook reads the settings."""
    if "DATABASE_URL" in os.environ:
        for name, value in UNCONNECTED.items():
            os.environ.setdefault(name, value)
    else:
        stack = ExitStack()
        stack.enter_context(temporary(fsync="off", synchronous_commit="off"))
        early_config.add_cleanup(stack.close)
    return (yield)


def pytest_xdist_setupnodes(specs: list[execnet.XSpec]) -> None:
    """Give each worker its own of the 16 databases of Valkey; pytest-django does it for SQL."""
    for number, spec in enumerate(specs):
        address = urlsplit(os.environ["REDIS_URL"])
        spec.env["REDIS_URL"] = address._replace(path=f"/{number}").geturl()
