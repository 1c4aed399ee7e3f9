"""What the person sees while AIOS starts and stops."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table


class Screen:
    """Progress on a terminal, plain lines anywhere else."""

    def __init__(self) -> None:
        """Write to standard output."""
        self.console = Console(highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, doing: str, done: str) -> Iterator[None]:
        """Show `doing` with a spinner, then `done` with the seconds it took."""
        began = time.monotonic()
        with self.console.status(f"{doing} ..."):
            yield
        took = time.monotonic() - began
        self.console.print(f"[green]✓[/green] {done} [dim]{took:.1f} s[/dim]")

    def say(self, text: str) -> None:
        """One line."""
        self.console.print(text, markup=False)

    def show_people(self, credentials: Path) -> None:
        """The sign-ins of the demo's people, as `seed` wrote them."""
        table = Table(title="Sign in as (shown once)", title_justify="left")
        for heading in ("who", "email", "password"):
            table.add_column(heading, no_wrap=True)
        for person in json.loads(credentials.read_text())["people"]:
            table.add_row(person["role"], person["email"], person["password"])
        self.console.print(table)
        self.say(f"These and an API key are kept in {credentials}")
