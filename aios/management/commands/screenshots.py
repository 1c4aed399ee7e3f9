"""`manage.py screenshots OUT`: a picture of every page, for a person to look at."""

from argparse import ArgumentParser
from importlib import import_module
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """Starts a demo of its own and takes pictures of all its pages."""

    help = "Take a picture of every page, wide and narrow, light and dark, into a folder."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("out", type=Path, metavar="OUT", help="folder; made if missing")
        parser.add_argument("--only", default="", metavar="WORD", help="pages with this in a name")

    def handle(self, *, out: Path, only: str, **options: Any) -> None:
        """Take them, and print where each is."""
        try:
            pictures = import_module("tests.screenshots")
        except ModuleNotFoundError as error:  # the tools of developers are not installed
            raise CommandError(
                f"{error.name} is missing: run `uv sync` with its groups."
            ) from error
        try:
            taken = pictures.take(out, say=self.stdout.write, only=only)
        except pictures.NoBrowser as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{len(taken)} pictures are in {out}")
