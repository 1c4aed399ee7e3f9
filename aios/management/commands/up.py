"""`manage.py up`: the whole of AIOS with one command, stopped with Ctrl-C.

`manage.py` has opened and locked the data folder and set the addresses before this runs.
"""

import os
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from aios.embedded.failures import Stopped
from aios.embedded.interrupt import Interrupt
from aios.embedded.start import Start


class Command(BaseCommand):
    """Start every part, say how to sign in, and keep the parts running."""

    help = "Start AIOS: database, broker, demo shop, web server and workers. Ctrl-C stops it."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--port", type=int, default=8000, help="of the web server")
        parser.add_argument("--shop-port", type=int, default=9000, help="of the demo shop")
        parser.add_argument("--data", metavar="DIR", help="data folder (default: .aios)")
        parser.add_argument("--workers", type=int, default=os.cpu_count() or 2)
        parser.add_argument("--no-demo", dest="demo", action="store_false", help="no shop, no data")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until told to stop, or until the start fails."""
        stop = Interrupt()
        start = Start(stop, port=options["port"], shop_port=options["shop_port"],
                      workers=options["workers"], demo=options["demo"])  # fmt: skip
        try:
            start.run()
            while not stop.asked:
                start.supervisor.look(time.monotonic())
                time.sleep(0.25)
        except Stopped:
            pass
        finally:
            start.stop()
