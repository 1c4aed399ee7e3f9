"""Imports flow one way: the contracts of pyproject.toml, as a failing test."""

from importlinter.cli import lint_imports


def test_the_import_contracts_hold():
    """Every contract of `[tool.importlinter]` is kept."""
    assert lint_imports(cache_dir=None, no_cache=True) == 0
