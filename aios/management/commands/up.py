"""`manage.py up`: the whole of AIOS with one command, stopped with Ctrl-C.

`manage.py` has opened and locked the data folder and set the addresses before this runs.
"""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from aios.embedded.failures import Stopped
from aios.embedded.interrupt import Interrupt
from aios.embedded.options import declare
from aios.embedded.start import Start


class Command(BaseCommand):
    """Start every part, say how to sign in, and keep the parts running."""

    help = "Start AIOS: database, broker, demo shop, web server and workers. Ctrl-C stops it."
    requires_system_checks = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Refuse shortened options: those read before this runs would be missed."""
        return super().create_parser(prog_name, subcommand, allow_abbrev=False, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        declare(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until told to stop, or until the start fails."""
        stop = Interrupt()
        start = Start(stop, port=options["port"], shop_port=options["shop_port"],
                      workers=options["workers"], demo=options["demo"])  # fmt: skip
        try:
            start.run()
            while not stop.asked:
                start.supervisor.look(time.monotonic())
                start.watch.look(time.monotonic())
                time.sleep(0.25)
        except Stopped:
            pass
        finally:
            start.stop()
