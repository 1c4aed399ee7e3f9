"""README says what there is: settings, folders, files and commands."""

import re
from pathlib import Path

import pytest

from aios.environment import table

ROOT = Path(__file__).resolve().parents[3]
README = (ROOT / "README.md").read_text()
PATHS = sorted({path for path in re.findall(r"[`(]((?:apps|aios|tests|static|templates)/[\w./-]+)[`)]", README)
                if "NAME" not in path})  # fmt: skip


def test_the_table_of_settings_is_that_of_the_class() -> None:
    """After a change: `uv run python -m aios.environment`, and put it in."""
    assert table() in README


@pytest.mark.parametrize("path", PATHS)
def test_what_it_names_is_there(path: str) -> None:
    """A file or a folder."""
    assert (ROOT / path).exists()


def test_the_map_has_every_app() -> None:
    """And nothing that is none."""
    start = README.index("## The map")
    rows = README[start : README.index("## How to add things")].splitlines()
    listed = {name for row in rows if row.startswith("| `apps/")
              for name in re.findall(r"`apps/(\w+)`", row.split("|")[1])}  # fmt: skip
    assert listed == {file.parent.name for file in (ROOT / "apps").glob("*/apps.py")} | {
        file.parent.name for file in (ROOT / "apps").glob("*/__init__.py")}  # fmt: skip


def test_the_commands_it_names_are_there() -> None:
    """Of `manage.py`, and of `bench`."""
    commands = ROOT / "aios/management/commands"
    for name in re.findall(r"manage\.py (\w+)", README):
        assert (commands / f"{name}.py").exists(), name
    for name in re.findall(r"manage\.py bench (\w+)", README):
        assert (ROOT / f"tests/bench/{name}.py").exists(), name
