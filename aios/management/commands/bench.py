"""`manage.py bench NAME --json`: how fast, beside a bare floor measured in the same run."""

import json
from argparse import ArgumentParser
from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

FOLDER = Path(settings.BASE_DIR) / "tests" / "bench"


class Command(BaseCommand):
    """Runs one benchmark of tests/bench against embedded servers of its own."""

    help = "Measure a benchmark of tests/bench; prints a table, or JSON on the last line."

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
        parser.add_argument("name", choices=names)
        parser.add_argument("--n", type=int, default=None, help="how many rounds")
        parser.add_argument("--json", action="store_true", help="one JSON object on the last line")

    def handle(self, *, name: str, n: int | None, json: bool, **options: Any) -> None:
        call_command("migrate", verbosity=0)
        benchmark = import_module(f"tests.bench.{name}")
        with Progress(console=Console(stderr=True), disable=json) as progress:
            result = benchmark.measure(n=n or benchmark.DEFAULT_N, progress=progress)
        missing = {"name", "n", "floor", "ratio"} - set(result)
        if missing:
            raise CommandError(f"The benchmark left out {sorted(missing)}.")
        if json:
            print(as_json(result))
        else:
            show(result)


def as_json(result: dict[str, Any]) -> str:
    """The result as one line."""
    return json.dumps(result)


def show(result: dict[str, Any]) -> None:
    """The result as a table."""
    table = Table(title=f"bench {result['name']}", show_header=False)
    for key, value in result.items():
        table.add_row(key, json.dumps(value) if isinstance(value, (dict, list)) else str(value))
    Console().print(table)
