"""`manage.py sweep`: finish all due work every few seconds, also with the broker switched off."""

import logging
import signal
import threading
import time
from argparse import ArgumentParser
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import close_old_connections
from django.utils import timezone
from django.utils.module_loading import import_string

from apps.audit import heartbeat

log = logging.getLogger(__name__)


class Heart(threading.Thread):
    """Sends the canaries beside the sweep, which takes long when it has all the work."""

    def __init__(self, every: float) -> None:
        """Beat every so many seconds, once started."""
        super().__init__(name="heart", daemon=True)
        self.every = every
        self.moved_at = timezone.now()
        self.ended = threading.Event()

    def run(self) -> None:
        """Beat until ended."""
        while not self.ended.is_set():
            close_old_connections()
            try:
                heartbeat.beat(moved_at=self.moved_at, now=timezone.now())
            except Exception:  # whatever it is, the heart beats on
                log.exception("A beat failed; the next one tries again.")
            self.ended.wait(self.every)

    def move(self) -> None:
        """The sweep has got on with its round."""
        self.moved_at = timezone.now()


class Command(BaseCommand):
    """Run the tasks of `settings.AUDIT_SWEEP` in this process, round after round."""

    help = "Finish due work whose message was lost; needs no broker."
    asked_to_stop = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--every", type=float, default=5.0, metavar="SECONDS")
        parser.add_argument("--once", action="store_true", help="one round, then end")
        parser.add_argument("--alive", type=Path, help="a file touched after each round")

    def handle(self, *args: Any, **options: Any) -> None:
        """Sweep until SIGTERM or SIGINT; a round under way is ended after its current task."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        heart = Heart(min(options["every"], heartbeat.EVERY_SECONDS))
        if not options["once"]:  # a single round says nothing about the next
            heart.start()
        while not self.asked_to_stop:
            self.sweep(heart)
            if options["alive"]:
                options["alive"].touch()
            if options["once"]:
                return
            self._rest(options["every"], heart)
        heart.ended.set()

    def sweep(self, heart: Heart) -> None:
        """One round: every task once, each for itself."""
        for path in import_string(settings.AUDIT_SWEEP):
            if self.asked_to_stop:
                return
            heart.move()
            close_old_connections()
            try:
                import_string(path)()
            except Exception:  # one sweep that fails keeps none of the others from its work
                log.exception("The sweep of %s failed; the next round tries again.", path)

    def _rest(self, seconds: float, heart: Heart) -> None:
        until = time.monotonic() + seconds
        while not self.asked_to_stop and time.monotonic() < until:
            heart.move()
            time.sleep(0.2)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.asked_to_stop = True
