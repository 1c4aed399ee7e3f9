"""Shops to test against: the demo shop as a process of its own, or a real Medusa."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

ROOT = Path(__file__).resolve().parents[2]
FAKE = [sys.executable, "-m", "aios.demo"]


@dataclass(frozen=True)
class Shop:
    """A running shop; `smtp_port` and `process` are those of the demo shop only."""

    kind: str
    address: str
    secret: str
    smtp_port: int = 0
    process: Any = None

    def get(self, path: str, **query: Any) -> Any:
        """JSON of one of the demo shop's side doors."""
        return httpx2.get(self.address + path, params=query, trust_env=False).json()

    def misbehave(self, behavior: str, **rule: Any) -> None:
        """Tell the demo shop to spoil the next requests."""
        answer = httpx2.post(
            f"{self.address}/demo/control", json={"behavior": behavior, **rule}, trust_env=False
        )
        assert answer.status_code == 201, answer.text

    def behave(self) -> None:
        """Have the demo shop forget how it was to misbehave."""
        httpx2.delete(f"{self.address}/demo/control", trust_env=False)


@contextmanager
def demo_shop(ledger: Path, *more: str) -> Iterator[Shop]:
    """The demo shop over `ledger` on free ports; killed at the end."""
    secret = "sk_" + "0" * 64
    command = [*FAKE, "--port", "0", "--smtp-port", "0", "--ledger", str(ledger)]
    process = subprocess.Popen(
        [*command, "--secret", secret, *more], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline() or "{}")
        assert said, "the demo shop did not start"
        yield Shop("fake", said["address"], secret, said["smtp_port"], process)
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
