"""The embedded default: real PostgreSQL and Valkey as child processes, and who uses them.

`provided` is the one thing `manage.py` calls: it puts into the environment what the settings will
ask for, before they are read.
"""

import argparse
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from aios.embedded import extras
from aios.embedded import folder as folders
from aios.embedded.failures import StartError
from aios.embedded.options import declare, named_data
from aios.embedded.ports import require_ports
from aios.embedded.processes import stop_leftovers
from aios.embedded.servers import settle_record
from aios.embedded.temporary import OWN_SERVERS, temporary

__all__ = ["StartError", "provided", "temporary"]

AS_OWNER = {"create_workspace", "migrate", "seed"}  # they do what the product's role may not
WITHOUT_DATA = {
    "help", "--help", "-h", "version", "--version", "check", "collectstatic", "screenshots",
}  # fmt: skip
UNCONNECTED = {
    "SECRET_KEY": "no-secret-is-needed-to-describe-the-commands-or-check-the-settings",
    "CREDENTIAL_KEYS": "bm8tY3JlZGVudGlhbC1pcy1zZWFsZWQtYnktdGhpcy0=",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}


@contextmanager
def provided(argv: Sequence[str]) -> Iterator[None]:
    """What the command line `argv` needs in the environment, for as long as it runs."""
    command = argv[1] if len(argv) > 1 else "help"
    asks_help = bool({"-h", "--help"} & set(argv))
    try:
        if command == "up" and not asks_help:
            options = _read(argv[2:])
            _require_installed(options)
            with _opened_for_up(options):
                yield
        elif _needs_fresh_servers(command) and not asks_help:
            with temporary():
                yield
        else:
            _describe(command, asks_help)
            yield
    except StartError as e:
        raise SystemExit(f"AIOS cannot start: {e}") from None
    except ModuleNotFoundError as e:
        if (extra := extras.named(e)) is None:
            raise
        raise SystemExit(f"This command cannot run: {extras.missing(extra)}") from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _needs_fresh_servers(command: str) -> bool:
    return command == "bench" or (command == "makemigrations" and not _configured())


def _require_installed(options: argparse.Namespace) -> None:
    if not (_given("DATABASE_URL") and _given("REDIS_URL")):
        extras.require("embedded", OWN_SERVERS)
    if options.demo:
        extras.require("demo", "Or start without the demo shop: `manage.py up --no-demo`.")


@contextmanager
def _opened_for_up(options: argparse.Namespace) -> Iterator[None]:
    if not options.data.expanduser().exists():
        # in a folder that exists, a leftover of an earlier start may hold them and is stopped first
        require_ports(options.port, options.shop_port if options.demo else None)
    with folders.opened(options.data) as folder:
        for name in stop_leftovers(folder.processes):
            sys.stderr.write(f"Stopped a leftover of an earlier start: {name}\n")
        record = settle_record(folder)
        os.environ["AIOS_DATA"] = str(folder.path)
        _set_unless_given(DATABASE_URL=record.owner_url, REDIS_URL=record.redis_url)
        # Until `up` listens itself nothing runs that would have to be stopped, and Django's
        # imports may wrap a KeyboardInterrupt in an error of their own
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        yield


def _describe(command: str, asks_help: bool) -> None:
    """Set what a command needs that starts no server itself."""
    record = folders.Folder(named_data()).record
    if command in AS_OWNER and not _given("DATABASE_URL") and record.exists():
        os.environ["DATABASE_URL"] = folders.read_record(folders.Folder(named_data())).owner_url
    if (command in WITHOUT_DATA or asks_help) and not _configured():
        _set_unless_given(**UNCONNECTED)


def _read(options: Sequence[str]) -> argparse.Namespace:
    """The options of `up`; ends the command with a message if one makes no sense."""
    parser = argparse.ArgumentParser("manage.py up", add_help=False, allow_abbrev=False)
    declare(parser)
    return parser.parse_known_args(options)[0]


def _configured() -> bool:
    return _given("DATABASE_URL") or folders.Folder(named_data()).record.exists()


def _given(name: str) -> bool:
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def _set_unless_given(**values: str) -> None:
    for name, value in values.items():
        if not _given(name):
            os.environ[name] = value
