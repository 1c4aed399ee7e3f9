"""Start the demo shop: `python -m aios.demo --port P --ledger FILE`."""

import argparse
import json
import os
import secrets
import socket
import sqlite3
import sys
from pathlib import Path

from aios.demo.seed import plant
from aios.demo.server import build, serve
from apps.gateway.connectors.medusa.fake.store import Store, WrongVersion

SECRET_NAME = "AIOS_SHOP_SECRET"  # noqa: S105 - the name of a variable, not a secret


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="demo shop", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, required=True, help="HTTP port, 0 for any free one")
    parser.add_argument(
        "--ledger", type=Path, required=True, help="SQLite file of state and ledger"
    )
    parser.add_argument("--smtp-port", type=int, help="port of the mailbox, 0 for any free one")
    parser.add_argument("--secret", help=f"API key; default {SECRET_NAME}, else a random one")
    parser.add_argument("--seed", type=int, default=1, help="number the demo data is made from")
    return parser.parse_args()


def listen(host: str, port: int) -> socket.socket:
    """An open socket, or a clear end."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        sys.exit(
            f"The demo shop cannot listen on {host}:{port}: {error.strerror}. Use another port."
        )
    listener.listen(128)
    return listener


def choose_secret(store: Store, given: str | None) -> str:
    """The key given, else the one used before, else a new one; remembered in the file."""
    secret = given or os.environ.get(SECRET_NAME) or store.setting("secret")
    secret = secret or f"sk_{secrets.token_hex(32)}"
    store.remember("secret", secret)
    return secret


def main() -> None:
    """Open the file, plant the demo data once, say where it listens, serve."""
    options = arguments()
    http = listen(options.host, options.port)
    smtp = None if options.smtp_port is None else listen(options.host, options.smtp_port)
    try:
        store = Store(options.ledger)
    except WrongVersion as error:
        sys.exit(str(error))
    except (sqlite3.Error, OSError) as error:
        sys.exit(f"The demo shop cannot use {options.ledger}: {error}.")
    plant(store, options.seed)
    secret = choose_secret(store, options.secret)
    app = build(store, secret, smtp, [options.host, "127.0.0.1", "localhost"])
    said = {
        "address": f"http://{options.host}:{http.getsockname()[1]}",
        "smtp_port": smtp.getsockname()[1] if smtp else None,
        "secret": None if options.secret or os.environ.get(SECRET_NAME) else secret,
    }
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
    serve(app, http)


if __name__ == "__main__":
    main()
