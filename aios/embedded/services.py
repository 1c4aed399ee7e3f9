"""The product's own processes: web server, workers, beat, sweep, and the demo shop."""

import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

from celery.utils.nodenames import host_format

from aios.embedded.folder import Folder
from aios.embedded.ports import LOOPBACK
from aios.embedded.processes import Part
from aios.embedded.record import Record
from aios.embedded.servers import APP_STAGE, SHOP_STAGE

WEB_CONNECTIONS = 20
WORKER_NODE = host_format("aios@%h")
CHECKOUT = Path(__file__).resolve().parents[2]


def build_environment(
    folder: Folder, record: Record, *, mail: str | None, shop: str | None = None
) -> dict[str, str]:
    """What the product's processes see: the role `aios_app`, never the owner.

    `mail` and `shop` are the addresses of the demo's, if it runs.
    """
    given = dict(os.environ)
    if given.get("DATABASE_URL") == record.owner_url:
        given["DATABASE_URL"] = record.database_url
    if mail:
        given.setdefault("EMAIL_URL", mail)
    if shop:
        given["DEMO_SHOP_URL"] = shop
    return {**given, "AIOS_DATA": str(folder.path), "PYTHONUNBUFFERED": "1"}


def shop_part(folder: Folder, record: Record, port: int) -> Part:
    """The demo shop: a fake of Medusa with its own ledger."""
    argv = [
        sys.executable, "-m", "aios.demo",
        "--port", str(port),
        "--ledger", str(folder.shop / "ledger.sqlite3"),
        "--smtp-port", str(record.smtp_port),
    ]  # fmt: skip
    environment = {**os.environ, "AIOS_SHOP_SECRET": record.shop_secret}
    return Part("shop", argv, environment, SHOP_STAGE, grace=1, cwd=CHECKOUT)


def app_parts(environment: dict[str, str], *, port: int, workers: int) -> list[Part]:
    """The product's processes, in the order in which they are asked to stop."""
    celery = [sys.executable, "-m", "celery", "-A", "aios"]
    commands = {
        "web": [
            sys.executable, "-m", "uvicorn", "aios.asgi:application",
            "--host", LOOPBACK, "--port", str(port), "--lifespan", "off",
            "--no-access-log", "--no-proxy-headers", "--log-level", "warning",
            "--timeout-graceful-shutdown", "2",
        ],
        "worker": [
            *celery, "worker", "-Q", "urgent,default,bulk", "-c", str(workers),
            "--pool", "prefork", "-n", WORKER_NODE, "--loglevel", "WARNING",
            "--without-mingle", "--without-gossip", "--without-heartbeat",
        ],
        "beat": [*celery, "beat", "--loglevel", "WARNING"],
        "sweep": [sys.executable, "manage.py", "sweep"],
    }  # fmt: skip
    environment = {"CSRF_TRUSTED_ORIGINS": f"http://{LOOPBACK}:{port}", **environment}
    own = {"web": {"DATABASE_POOL": str(WEB_CONNECTIONS)}}
    return [
        Part(name, argv, {**environment, **own.get(name, {})}, APP_STAGE, cwd=CHECKOUT)
        for name, argv in commands.items()
    ]


def answers_http(port: int) -> bool:
    """Whether the web server answers on this loopback port without an error of its own."""
    try:
        urllib.request.urlopen(f"http://{LOOPBACK}:{port}/healthz", timeout=5).close()
    except urllib.error.HTTPError as e:
        return e.code < 500
    except OSError:
        return False
    return True
