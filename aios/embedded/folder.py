"""The data folder: everything `manage.py up` writes lives in it, and only one `up` runs on it.

`version` names the layout; `embedded.json` (0600) holds the keys, made once; the rest is made
again if it is missing. Every step can be repeated, so that a start cut short is simply continued.
"""

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aios.embedded.failures import StartError
from aios.embedded.record import Record

LAYOUT = "1"
MINIMUM_FREE_BYTES = 300 * 2**20
MAY_PRECEDE = {"lock", "static"}  # left by a start that got no further, or by collectstatic


@dataclass(frozen=True)
class Folder:
    """Where each part keeps its files; `path` is absolute."""

    path: Path

    @property
    def postgres(self) -> Path:
        """Parent of the PostgreSQL cluster; as root it belongs to another user."""
        return self.path / "postgres"

    @property
    def valkey(self) -> Path:
        """Append-only file and configuration of Valkey."""
        return self.path / "valkey"

    @property
    def shop(self) -> Path:
        """Ledger of the demo shop."""
        return self.path / "shop"

    @property
    def logs(self) -> Path:
        """One log per child process."""
        return self.path / "logs"

    @property
    def static(self) -> Path:
        """Where `collectstatic` would put files; the web server looks there too."""
        return self.path / "static"

    @property
    def record(self) -> Path:
        """Keys and addresses, read by the settings."""
        return self.path / "embedded.json"

    @property
    def processes(self) -> Path:
        """Which child processes run, for the next start to find."""
        return self.path / "processes.json"

    @property
    def credentials(self) -> Path:
        """Passwords of the demo's people."""
        return self.path / "credentials.json"


@contextmanager
def opened(path: Path) -> Iterator[Folder]:
    """The data folder, made if missing, checked, and locked for this process.

    Raises:
        StartError: not writable, no space, of another version, not ours, or in use.
    """
    folder = Folder(path.expanduser().resolve())
    try:
        _make_path(folder.path)
        with _locked(folder):
            _check_layout(folder)
            for made in (folder.valkey, folder.shop, folder.logs, folder.static):
                made.mkdir(mode=0o700, exist_ok=True)
            yield folder
    except OSError as e:
        if not _concerns(folder.path, e):
            raise
        raise StartError(
            f"the data folder cannot be used: {e}. Choose another one: manage.py up --data DIR"
        ) from e


def _concerns(path: Path, e: OSError) -> bool:
    """Whether the system refused the data folder, or has no room left for it."""
    named = Path(e.filename) if isinstance(e.filename, str) else None
    return e.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS) or (
        named is not None and (named in (path, *path.parents) or path in named.parents)
    )


def _make_path(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)
    if path.stat().st_uid != os.geteuid():
        raise StartError(
            f"the data folder {path} belongs to user id {path.stat().st_uid}, and you are "
            f"{os.geteuid()}. Run as that user, or choose another: manage.py up --data DIR"
        )
    free = shutil.disk_usage(path).free
    if free < MINIMUM_FREE_BYTES:
        raise StartError(
            f"only {free // 2**20} MB are free on the disk of {path}; "
            f"at least {MINIMUM_FREE_BYTES // 2**20} MB are needed. Nothing was changed."
        )


@contextmanager
def _locked(folder: Folder) -> Iterator[None]:
    with open(folder.path / "lock", "a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise StartError(
                f"AIOS already runs on the data folder {folder.path} "
                f"(process {lock.read().strip() or 'unknown'}). Stop it first, or choose another "
                "folder and ports: manage.py up --data DIR --port N --shop-port N"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _check_layout(folder: Folder) -> None:
    version = folder.path / "version"
    found = {entry.name for entry in folder.path.iterdir()}
    if version.name not in found:
        if found - MAY_PRECEDE:
            raise StartError(
                f"{folder.path} is neither empty nor a data folder of AIOS (it holds "
                f"{', '.join(sorted(found - MAY_PRECEDE)[:3])}). Nothing was changed. "
                "Choose another: manage.py up --data DIR"
            )
        # root's PostgreSQL runs as another user and must pass through; the files inside are 0600
        folder.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
        write_private(version, LAYOUT + "\n")
    if (written := version.read_text().strip()) != LAYOUT:
        raise StartError(
            f"the data folder {folder.path} was written by another version of AIOS (layout "
            f"{written or 'unreadable'}, this version uses {LAYOUT}). Nothing was changed. Run "
            "the version that wrote it, or choose another folder: manage.py up --data DIR"
        )


def read_record(folder: Folder) -> Record:
    """The keys of this data folder, made and written at the first start.

    Raises:
        StartError: the record is damaged, or lost while data that needs it exists.
    """
    if not folder.record.exists():
        if (folder.postgres / "cluster").exists():
            raise StartError(_lost(folder, "is missing"))
        record = Record.generate()
        write_record(folder, record)
        return record
    try:
        return Record(**json.loads(folder.record.read_text()))
    except (ValueError, TypeError):
        raise StartError(_lost(folder, "cannot be read")) from None


def _lost(folder: Folder, what: str) -> str:
    return (
        f"{folder.record} {what}; it holds the keys to the database beside it. Nothing was "
        "changed. Bring it back from a backup, or choose another folder: manage.py up --data DIR"
    )


def write_record(folder: Folder, record: Record) -> None:
    """Keep the record; the old one stays whole until the new one is."""
    write_private(folder.record, record.to_json())


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner may read, in one step: it is whole or not there."""
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
