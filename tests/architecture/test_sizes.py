"""Small files, small functions: what grows past a page is cut where it holds two things."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST_LINES, MOST_OF_A_FUNCTION = 400, 50


def sources(*endings: str) -> Iterator[Path]:
    """The files of these endings that we write; migrations and what others wrote are not ours."""
    for top in ("apps", "aios", "tests", "static"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix in endings and not {"migrations", "vendor"} & set(path.parts):
                yield path


def test_no_file_is_too_long() -> None:
    """Python, sheets and scripts alike."""
    files = {path: len(path.read_text().splitlines()) for path in sources(".py", ".css", ".js")}
    assert len(files) > 900
    found = {str(path.relative_to(ROOT)): n for path, n in files.items() if n > MOST_LINES}
    assert found == {}


def test_no_function_is_too_long() -> None:
    """From its `def` to its last line."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in sources(".py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= MOST_OF_A_FUNCTION
    ]
    assert found == []
