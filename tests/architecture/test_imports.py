"""Imports flow one way: the contracts of pyproject.toml, as a failing test."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


def test_the_import_contracts_hold():
    """Every contract of `[tool.importlinter]` is kept.

    In a process of its own: the linter sets logging up anew, and switches off what others log.
    """
    found = subprocess.run(
        [LINT_IMPORTS, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout + found.stderr
