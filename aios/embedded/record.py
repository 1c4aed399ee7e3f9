"""What a data folder must remember: keys made once, and where its servers listen."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

DATABASE = "aios"
OWNER = "aios_owner"  # owns the schema; migrates and seeds
APP = "aios_app"  # what web, workers and sweep sign in as: rows only, no TRUNCATE, no DDL


@dataclass(frozen=True)
class Record:
    """`embedded.json`. The settings read the first four."""

    secret_key: str
    credential_keys: str  # comma-separated Fernet keys, newest first
    database_url: str  # as the role aios_app
    redis_url: str
    owner_url: str  # as the role aios_owner
    superuser_password: str
    owner_password: str
    app_password: str
    valkey_password: str
    valkey_port: int
    shop_secret: str  # the demo shop's API key
    smtp_port: int  # where the demo shop takes mail
    sockets: str  # folder of PostgreSQL's socket

    @classmethod
    def generate(cls) -> "Record":
        """Fresh random keys; no addresses yet."""
        return cls(
            secret_key=secrets.token_urlsafe(50),
            credential_keys=base64.urlsafe_b64encode(os.urandom(32)).decode(),
            database_url="",
            redis_url="",
            owner_url="",
            superuser_password=secrets.token_urlsafe(32),
            owner_password=secrets.token_urlsafe(32),
            app_password=secrets.token_urlsafe(32),
            valkey_password=secrets.token_urlsafe(32),
            valkey_port=0,
            shop_secret="sk_" + secrets.token_urlsafe(32),  # as Medusa writes its keys
            smtp_port=0,
            sockets="",
        )

    def at(self, *, sockets: Path, valkey_port: int, smtp_port: int) -> "Record":
        """The same keys with the addresses of this start."""
        return Record(
            **{
                **asdict(self),
                "sockets": str(sockets),
                "valkey_port": valkey_port,
                "smtp_port": smtp_port,
                "database_url": _database_url(APP, self.app_password, sockets),
                "owner_url": _database_url(OWNER, self.owner_password, sockets),
                "redis_url": f"redis://:{self.valkey_password}@127.0.0.1:{valkey_port}/0",
            }
        )

    def to_json(self) -> str:
        """The text of `embedded.json`."""
        return json.dumps(asdict(self), indent=1) + "\n"


def _database_url(role: str, password: str, sockets: Path) -> str:
    return f"postgresql://{role}:{password}@/{DATABASE}?host={quote(str(sockets))}"
