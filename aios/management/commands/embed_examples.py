"""`manage.py embed_examples`: keep the vectors of the refund desk's shipped examples in a file."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.agents.playbooks.refund_desk import vectors
from apps.agents.playbooks.refund_desk.examples import FILE, read


class Command(BaseCommand):
    """To be run after `examples.toml` was changed; the file belongs into the same commit."""

    help = "Compute the vectors of the refund desk's examples and keep them beside them."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, compute, write."""
        texts = [example.text for example in read(FILE)]
        vectors.save(texts)
        self.stdout.write(f"Kept the vectors of {len(texts)} examples in {vectors.FILE.name}.")
