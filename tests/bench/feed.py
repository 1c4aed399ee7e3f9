"""A feed of 100,000 competitor prices, read as JSON, JSON lines and CSV in a process of its own.

The process is set up as a worker is, so its memory is what a worker needs. The floor is what the
same process does with the bare body: download it whole and parse it, checking nothing.
"""

import csv
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import django
import httpx2
import psutil
from rich.progress import Progress

from apps.gateway.connectors.feed.client import FeedClient
from tests.factories.outside import outside, price_row

DEFAULT_N = 100_000  # rows
MOST_SECONDS, MOST_MEGABYTES = 15.0, 200.0
FORMS = {"json": "application/json", "jsonl": "application/x-ndjson", "csv": "text/csv"}
ROUNDS = 3


def measure(*, n: int, progress: Progress) -> dict[str, Any]:
    """Seconds (the median of three), CPU seconds and peak memory for each format."""
    rows = [price_row(f"SKU-{i:06}", f"{i % 500 + 1}.95", source=f"rival.example/{i % 1000}")
            for i in range(n)]  # fmt: skip
    forms: dict[str, Any] = {}
    with outside() as system:
        for form, content_type in FORMS.items():
            system.feeds["/feed"] = (content_type, written(form, rows))
            task = progress.add_task(form, total=ROUNDS + 1)
            reads = []
            for _ in range(ROUNDS):
                reads.append(run("read", system.address, form))
                progress.advance(task)
            floor = run("floor", system.address, form)
            progress.advance(task)
            middle = sorted(reads, key=lambda one: float(one["seconds"]))[ROUNDS // 2]
            megabytes = len(system.feeds["/feed"][1]) / 1e6
            forms[form] = {**middle, "body_mb": round(megabytes, 1), "floor": floor}
    slowest = max(forms.values(), key=lambda one: float(one["seconds"]))
    return {
        "name": "feed",
        "n": n,
        "forms": forms,
        "seconds": slowest["seconds"],
        "peak_mb": max(one["peak_mb"] for one in forms.values()),
        "most": {"seconds": MOST_SECONDS, "peak_mb": MOST_MEGABYTES},
        "floor": slowest["floor"]["seconds"],
        "ratio": round(slowest["seconds"] / slowest["floor"]["seconds"], 2),
    }


def written(form: str, rows: list[dict[str, Any]]) -> bytes:
    """The rows in a format."""
    if form == "json":
        return json.dumps(rows).encode()
    if form == "jsonl":
        return "".join(f"{json.dumps(row)}\n" for row in rows).encode()
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def run(what: str, address: str, form: str) -> dict[str, Any]:
    """The figures of a process that reads once."""
    command = [sys.executable, "-m", "tests.bench.feed", what, address, form]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def read(address: str) -> int:
    """As the connector does it."""
    client = FeedClient(address, "", {"competitor_prices": "/feed"})
    rows = client.read("competitor_prices")
    client.close()
    return len(rows)


def floor(address: str, form: str) -> int:
    """Download and parse."""
    body = httpx2.get(f"{address}/feed", trust_env=False).content
    if form == "json":
        return len(json.loads(body))
    if form == "jsonl":
        return len([json.loads(line) for line in body.splitlines()])
    return len(list(csv.DictReader(io.StringIO(body.decode()))))


def tell(what: str, address: str, form: str) -> None:
    """Read once in this process and print the figures."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aios.settings")
    django.setup()
    before = psutil.Process().memory_info().rss
    begun, used = time.perf_counter(), time.process_time()
    count = read(address) if what == "read" else floor(address, form)
    print(json.dumps({
        "rows": count,
        "seconds": round(time.perf_counter() - begun, 2),
        "cpu_seconds": round(time.process_time() - used, 2),
        "base_mb": round(before / 1e6),
        "peak_mb": round(peak_bytes() / 1e6),
    }))  # fmt: skip


def peak_bytes() -> int:
    """The most memory this process had; unlike that of getrusage, not its parent's before it."""
    status = Path("/proc/self/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    tell(*sys.argv[1:])
