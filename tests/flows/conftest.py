"""The whole system as a person starts it, and browsers signed in as its demo people."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from aios.embedded.ports import find_free

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "CREDENTIAL_KEYS", "AIOS_DATA")
OWNER, REVIEWER, JUNIOR = "owner@demo.example", "reviewer@demo.example", "junior@demo.example"
READY_SECONDS = 90


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


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """`manage.py up` on free ports with a folder of its own, stopped at the end."""
    folder = tmp_path_factory.mktemp("system")
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


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium, in a sandbox only where we are not root."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        message = "No Chromium on this machine: apt-get install chromium."
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {**browser_type_launch_args, "executable_path": path, "args": args}


SignIn = Callable[..., Page]


@pytest.fixture
def sign_in(browser: Browser, system: System) -> Iterator[SignIn]:
    """Opens the inbox as a person, in a browser of their own; errors on the page fail the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_inbox(email: str, **options: Any) -> Page:
        given = {"viewport": {"width": 1280, "height": 900}, **options}
        context = browser.new_context(base_url=system.url, **given)
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto("/")
        page.get_by_label("Email").fill(email)
        page.get_by_label("Password").fill(system.password(email))
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("/")
        return page

    yield open_inbox
    for context in contexts:
        context.close()
    assert errors == []
