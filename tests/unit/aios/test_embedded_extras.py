"""What is installed only on request, and what is said where it is missing."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from aios.embedded.extras import EXTRAS

ROOT = Path(__file__).resolve().parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
NOTHING_SET = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "CREDENTIAL_KEYS"}
COMMAND = """
import json, runpy, sys
sys.modules.update(dict.fromkeys(json.loads(sys.argv[1])))  # as if not installed
sys.argv = ["manage.py", *sys.argv[2:]]
runpy.run_path("manage.py", run_name="__main__")
"""


def refusal(extra: str, *command: str, **environment: str) -> str:
    """What `manage.py COMMAND` says where the extra is not installed; it must not succeed."""
    known = {name: value for name, value in os.environ.items() if name not in NOTHING_SET}
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, json.dumps(EXTRAS[extra]), *command],
        env={**known, **environment}, cwd=ROOT, capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    return done.stderr


def test_the_extras_are_those_of_the_project() -> None:
    """By the names of their modules."""
    extras = PROJECT["project"]["optional-dependencies"]
    assert {name: {module(one) for one in every} for name, every in extras.items()} == {
        name: set(modules) for name, modules in EXTRAS.items()
    }


def module(requirement: str) -> str:
    """What a requirement is imported as."""
    name = re.match(r"[\w.-]+", requirement)
    assert name
    return name[0].replace("-", "_")


def test_uv_run_installs_all_of_them() -> None:
    """README's two commands have no option: the group `dev` brings every extra."""
    assert f"aios[{','.join(EXTRAS)}]" in PROJECT["dependency-groups"]["dev"]


@pytest.mark.parametrize(
    ("extra", "command", "instead"),
    [
        ("embedded", ["up"], "DATABASE_URL and REDIS_URL"),
        ("embedded", ["bench", "gateway"], "DATABASE_URL and REDIS_URL"),
        ("demo", ["up"], "manage.py up --no-demo"),
    ],
)
def test_what_needs_an_extra_says_how_to_install_it(
    tmp_path: Path, extra: str, command: list[str], instead: str
) -> None:
    """Before anything is made or started, with what can be done instead."""
    data = tmp_path / "data"
    said = refusal(extra, *command, *(["--data", str(data)] if command == ["up"] else []))
    assert f"uv sync --no-dev --inexact --extra {extra}" in said
    assert instead in said
    assert not data.exists()


def test_a_command_that_comes_to_need_an_extra_names_it() -> None:
    """Instead of showing the line at which a module was missing."""
    said = refusal("embeddings", "embed_examples", DATABASE_URL="postgresql://none@127.0.0.1:1/none",
                   REDIS_URL="redis://127.0.0.1:1/0", SECRET_KEY="s", CREDENTIAL_KEYS="c")  # fmt: skip
    assert "uv sync --no-dev --inexact --extra embeddings" in said
