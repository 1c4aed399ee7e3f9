"""Templates, scripts and styles: where a part stands, and where the names of events are said."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.template import TemplateDoesNotExist
from django.template.loader import get_template

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
SCRIPTS = ROOT / "static" / "js"
EVENTS = SCRIPTS / "events.js"
WIDTH = 120  # columns
EVENT = re.compile(r"\baios:[a-z]+\b")
INCLUDED = re.compile(r'{%\s*(?:include|extends) "([^"]+)"')
RENDERED = re.compile(r'"((?:[\w-]+/)+[\w-]+\.html)"')


def names_of(pattern: re.Pattern[str], folder: Path, ending: str) -> Iterator[tuple[Path, str]]:
    """Each file with each template that it names."""
    for path in sorted(folder.rglob(f"*{ending}")):
        for name in pattern.findall(path.read_text()):
            yield path, name


@cache
def includers() -> Counter[str]:
    """How many templates name a template, or, from Python, how many modules."""
    found = {*names_of(INCLUDED, TEMPLATES, ".html"), *names_of(RENDERED, ROOT / "apps", ".py")}
    return Counter(name for _, name in found)


def parts(folder: Path) -> list[str]:
    """The templates under a folder, as they are named."""
    return [path.relative_to(TEMPLATES).as_posix() for path in sorted(folder.rglob("*.html"))]


def test_no_line_is_too_long() -> None:
    """Of a template, a sheet or a script; what others wrote (`vendor`) is theirs."""
    files = [*TEMPLATES.rglob("*.html"), *TEMPLATES.rglob("*.txt"), *(ROOT / "static").rglob("*.css"),
             *(path for path in (ROOT / "static").rglob("*.js") if "vendor" not in path.parts)]  # fmt: skip
    assert len(files) > 100
    too_long = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > WIDTH
    ]
    assert too_long == []


def test_a_component_is_shared() -> None:
    """What one page alone includes stands beside that page."""
    count = includers()
    shared = [f"_components/{path.name}" for path in (TEMPLATES / "_components").glob("*.html")]
    assert shared
    assert [name for name in shared if count[name] < 2] == []


@pytest.mark.parametrize("name", parts(TEMPLATES / "console") + parts(TEMPLATES / "_components"))
def test_a_template_is_used(name: str) -> None:
    """By a view or by another template."""
    assert includers()[name]


def test_a_template_that_is_named_exists() -> None:
    """Here, or in a package."""
    missing = set()
    for name in includers():
        try:
            get_template(name)
        except TemplateDoesNotExist:
            missing.add(name)
    assert not missing


def test_parts_stand_beside_what_they_are_parts_of() -> None:
    """A folder of parts has its page beside it, and nobody from another folder reaches into it."""
    for folder in [path for path in (TEMPLATES / "console").rglob("*") if path.is_dir()]:
        assert folder.with_suffix(".html").is_file(), folder
    for path, name in names_of(INCLUDED, TEMPLATES / "console", ".html"):
        page = path.relative_to(TEMPLATES / "console").with_suffix("").parts[0]
        if name.startswith("console/"):
            assert name.startswith(f"console/{page}/"), f"{path} includes {name}"


def test_custom_events_are_listed_in_one_place() -> None:
    """Scripts import their names; what templates and views say is in the list."""
    listed = set(EVENT.findall(EVENTS.read_text()))
    for path in sorted(SCRIPTS.glob("*.js")):
        if path != EVENTS:
            assert not listed & set(EVENT.findall(path.read_text())), path
    told = [path for folder, ending in ((TEMPLATES, "html"), (ROOT / "apps/console/views", "py"))
            for path in folder.rglob(f"*.{ending}")]  # fmt: skip
    said = {name for path in told for name in EVENT.findall(path.read_text())}
    assert said
    assert said <= listed
