"""The whole system as a person starts it, and how one signs in to it."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from aios.embedded.ports import find_free

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "CREDENTIAL_KEYS", "AIOS_DATA")
READY_SECONDS = 180
BROWSERS = ("chromium", "chromium-browser")


@dataclass(frozen=True)
class System:
    """A running AIOS with its demo shop."""

    url: str
    shop: str
    data: Path

    def password(self, email: str) -> str:
        """What `credentials.json` says."""
        people = json.loads((self.data / "credentials.json").read_text())["people"]
        return next(one["password"] for one in people if one["email"] == email)

    def api_key(self) -> str:
        """The demo's API key."""
        return str(json.loads((self.data / "credentials.json").read_text())["api_key"])

    def ledger(self) -> list[dict[str, Any]]:
        """Every effective write of the shop, in order."""
        return httpx2.get(f"{self.shop}/demo/ledger", trust_env=False).raise_for_status().json()

    def write_message(self, **message: str) -> None:
        """A customer writes to the shop."""
        answer = httpx2.post(f"{self.shop}/demo/messages", json=message, trust_env=False)
        answer.raise_for_status()

    def sign_in(self, email: str) -> httpx2.Client:
        """An HTTP client with the person's session."""
        client = httpx2.Client(base_url=self.url, trust_env=False, follow_redirects=True)
        client.get("/accounts/login/")
        form = {"login": email, "password": self.password(email),
                "csrfmiddlewaretoken": client.cookies["csrftoken"]}  # fmt: skip
        assert client.post("/accounts/login/", data=form).url.path == "/"
        return client

    def owner_url(self) -> str:
        """The database, as its owner."""
        return str(json.loads((self.data / "embedded.json").read_text())["owner_url"])


@contextmanager
def running(folder: Path) -> Iterator[System]:
    """`manage.py up` on free ports with its data in `folder`, stopped at the end."""
    port, shop_port = find_free(), find_free()
    environment = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    command = [sys.executable, str(ROOT / "manage.py"), "up", "--data", str(folder / "data"),
               "--port", str(port), "--shop-port", str(shop_port), "--workers", "1"]  # fmt: skip
    log = folder / "up.out"
    with log.open("w") as output:
        up = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=output,
                              stderr=subprocess.STDOUT, start_new_session=True)  # fmt: skip
    try:
        wait_until(lambda: "AIOS is ready at" in log.read_text() or up.poll() is not None,
                   READY_SECONDS, log.read_text)  # fmt: skip
        assert up.poll() is None, log.read_text()
        yield System(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{shop_port}", folder / "data")
    finally:
        up.terminate()
        up.wait(20)


def wait_until(
    condition: Callable[[], object], seconds: float, explain: Callable[[], str] = str
) -> None:
    """Wait for the condition; fail with an explanation if it never holds."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, explain() or "It never became true."
        time.sleep(0.2)


def find_browser() -> str | None:
    """Where the system's Chromium is; None without one."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def browser_arguments() -> list[str]:
    """A sandbox only where we are not root: there it cannot be had."""
    return ["--no-sandbox"] if os.geteuid() == 0 else []
