"""Every module can be imported: by this Python, and those of the product without any extra."""

import json
import os
import subprocess
import sys
from pathlib import Path

from aios.embedded.extras import EXTRAS

ROOT = Path(__file__).resolve().parents[2]
IMPORT = """
import importlib, json, sys
absent, modules = json.load(sys.stdin)
sys.modules.update(dict.fromkeys(absent))  # as if not installed
import django
django.setup()
failed = {}
for name in modules:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        failed[name] = error.name
print(json.dumps(failed))
"""
OF_THE_DEMO = ("apps.gateway.connectors.medusa.fake", "aios.demo")
OF_THE_EMBEDDINGS = {
    "aios.management.commands.embed_examples",
    "apps.agents.playbooks.refund_desk.hearing",
    "apps.agents.playbooks.refund_desk.nearest",
    "apps.agents.playbooks.refund_desk.vectors",
}


def modules() -> list[str]:
    """The names of all modules of `aios` and `apps` but those that are programs."""
    files = [file for top in ("aios", "apps") for file in sorted((ROOT / top).rglob("*.py"))]
    parts = [file.relative_to(ROOT).with_suffix("").parts for file in files]
    return [".".join(p).removesuffix(".__init__") for p in parts if p[-1] != "__main__"]


def failures(*absent: str) -> dict[str, str]:
    """Which modules a fresh process without the `absent` ones cannot import, and what they miss."""
    done = subprocess.run(
        [sys.executable, "-W", "error::SyntaxWarning", "-c", IMPORT],
        input=json.dumps([absent, modules()]), capture_output=True, text=True, cwd=ROOT, check=False,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "aios.settings"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_every_module_can_be_imported() -> None:
    """`.ci/run` asks it of later versions of Python, too."""
    assert len(modules()) > 400
    assert failures() == {}


def test_without_the_extras_only_what_belongs_to_them_is_missing() -> None:
    """A server with a database of its own never comes to need them."""
    failed = failures(*(module for names in EXTRAS.values() for module in names))
    assert {name for name in failed if not name.startswith(OF_THE_DEMO)} == OF_THE_EMBEDDINGS
    assert failed["aios.demo.server"].startswith("starlette")
