"""`manage.py heartbeat`: which parts work, for a person and for a container's health check."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.audit import heartbeat
from apps.audit.health import Finding, Health, State


class Command(BaseCommand):
    """Print how each part is; end with 1 if one does not work."""

    help = "Say which of broker, sweeper and workers do their part; exit code 1 if one does not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--worker", metavar="NODE", help="judge this worker alone")

    def handle(self, *args: Any, **options: Any) -> None:
        """Judge and print."""
        health = heartbeat.report(now=timezone.now())
        if options["worker"]:
            self.judge_one(health, options["worker"])
            return
        for finding in (health.broker, health.sweeper, *health.workers):
            self.stdout.write(line(finding))
        if not health.workers:
            self.stdout.write("no worker has said that it is ready")
        if not health.fine:
            raise CommandError("Not every part works.")

    def judge_one(self, health: Health, node: str) -> None:
        """A worker nobody can judge now is left alone: a broker that is away is not its fault."""
        finding = health.worker(node)
        if finding is None:
            raise CommandError(f"{node} has not said that it is ready.")
        self.stdout.write(line(finding))
        if finding.state is State.DEAF:
            raise CommandError(f"{node} takes no messages. Restart it.")


def line(finding: Finding) -> str:
    """One part in words."""
    age = "never" if finding.age is None else f"{finding.age:.1f} s ago"
    return f"{finding.name}: {finding.state} (last heartbeat {age}) {finding.reason}".rstrip()
