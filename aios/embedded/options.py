"""The options of `manage.py up`, read twice: before the data folder is made, and by Django."""

import os
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path

DEFAULT_DATA = Path(__file__).resolve().parents[2] / ".aios"
MOST_WORKERS = 256


def declare(parser: ArgumentParser) -> None:
    """Add the options; a value that makes no sense ends the command with a message."""
    parser.add_argument("--port", type=port, default=8000, help="of the web server")
    parser.add_argument("--shop-port", type=port, default=9000, help="of the demo shop")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", default=named_data(), help="data folder (.aios)"
    )
    parser.add_argument("--workers", type=workers, default=min(os.cpu_count() or 2, MOST_WORKERS))
    parser.add_argument("--no-demo", dest="demo", action="store_false", help="no shop, no data")


def named_data() -> Path:
    """The data folder which the environment names, else `.aios`."""
    return Path(os.environ.get("AIOS_DATA") or DEFAULT_DATA)


def port(text: str) -> int:
    """A port number. Raises `ArgumentTypeError`."""
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        raise ArgumentTypeError(f"{text} is not a port; choose one between 1 and 65535.")
    return int(text)


def workers(text: str) -> int:
    """A number of worker processes. Raises `ArgumentTypeError`."""
    if not text.isdecimal() or not 0 < int(text) <= MOST_WORKERS:
        raise ArgumentTypeError(
            f"{text} is not a number of workers; choose one between 1 and {MOST_WORKERS}."
        )
    return int(text)
