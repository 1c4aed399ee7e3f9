"""What an app is for others stands in its `__init__`, under "Public"; nothing else is imported."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APPS = sorted(path.parent.name for path in ROOT.glob("apps/*/__init__.py"))


def public(app: str) -> set[str]:
    """The modules that the app offers."""
    text = ast.get_docstring(ast.parse((ROOT / "apps" / app / "__init__.py").read_text())) or ""
    [names] = re.findall(r"^Public: ([^.]*)\.$", text, re.MULTILINE)
    return set(re.findall(r"`(\w+)`", names))


def modules(app: str) -> set[str]:
    """The modules there are, packages among them."""
    folder = ROOT / "apps" / app
    return {path.stem for path in folder.glob("*.py")} | {
        path.name for path in folder.iterdir() if (path / "__init__.py").exists()
    }


def reached(tree: ast.Module, importer: str) -> Iterator[tuple[str, str]]:
    """The (app, module) pairs that a module of `importer` imports from other apps."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("apps"):
            continue
        _, *parts = (node.module or "").split(".")
        for alias in node.names:
            app, module, *_ = [*parts, alias.name, ""]
            if app != importer:
                yield app, module


def from_outside() -> Iterator[tuple[str, str, str]]:
    """(file, app, module) of every import over the border of an app; migrations are history."""
    for top in ("apps", "aios"):
        for path in sorted((ROOT / top).rglob("*.py")):
            importer = path.relative_to(ROOT).parts[1] if top == "apps" else ""
            if "migrations" not in path.parts:
                for app, module in reached(ast.parse(path.read_text()), importer):
                    yield path.relative_to(ROOT).as_posix(), app, module


def test_only_what_is_public_is_imported() -> None:
    """By other apps, and by the project around them."""
    faces = {app: public(app) for app in APPS}
    found = [f"{path}: {app}.{module}" for path, app, module in from_outside()
             if module not in faces[app]]  # fmt: skip
    assert found == []


@pytest.mark.parametrize("app", APPS)
def test_what_is_public_is_there_and_used(app: str) -> None:
    """A face that nobody looks at is none."""
    used = {module for _, at, module in from_outside() if at == app}
    assert public(app) <= modules(app)
    assert public(app) - used == set()


@pytest.mark.parametrize("line", [
    "from apps.gateway.clients import client_of", "from apps.gateway import clients",
    "from apps.gateway.operations import grants, x\nfrom apps.policies.cost import Meter",
    "def late():\n    from apps.proposals.sole import why",
])  # fmt: skip
def test_a_line_past_the_face_is_found(line: str) -> None:
    """Wherever in a module it stands."""
    past = [
        (app, one) for app, one in reached(ast.parse(line), "console") if one not in public(app)
    ]
    assert past
    assert not list(reached(ast.parse("from apps.console.views import inbox"), "console"))
