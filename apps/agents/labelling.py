"""Labelled examples of a workspace: what its customers write, and what they mean by it."""

from datetime import datetime

from django.db import IntegrityError, transaction

from apps.accounts.models import Workspace
from apps.agents.models import LabelledExample
from apps.agents.playbooks.refund_desk.intents import Intent
from apps.agents.playbooks.refund_desk.languages import NAMES
from apps.audit.events.knowledge import ExampleAdded, ExampleRemoved, Labelled
from apps.audit.operations import record

PLAYBOOK = "refund_desk"
SHORTEST, LONGEST = 3, 500  # characters of a text
MOST = 500  # examples of a workspace


class UnfitExample(ValueError):
    """The example cannot be taken; the text says what is wrong with it and what would fit."""


def add(
    *, workspace: Workspace, intent: str, language: str, text: str, by: str, now: datetime
) -> LabelledExample:
    """Keep an example of the refund desk; messages are read by it from the next run on.

    Raises `UnfitExample`.
    """
    clean = " ".join(text.split())
    check(intent, language, clean)
    try:
        with transaction.atomic():
            # The workspace's row: two people at once do not go past the limit
            Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
            kept = LabelledExample.objects.filter(workspace=workspace, playbook=PLAYBOOK)
            if kept.count() >= MOST:
                raise UnfitExample(f"A workspace keeps at most {MOST} examples; remove some first.")
            example = LabelledExample.objects.create(
                workspace=workspace,
                playbook=PLAYBOOK,
                intent=intent,
                language=language,
                text=clean,
                added_by=by,
                at=now,
            )
            record_example(ExampleAdded, example, by=by, now=now)
    except IntegrityError:
        known = LabelledExample.objects.get(workspace=workspace, playbook=PLAYBOOK, text=clean)
        raise UnfitExample(
            f"This text is an example already, of “{known.intent.replace('_', ' ')}”. Remove that "
            "one first if it means something else."
        ) from None
    return example


def check(intent: str, language: str, text: str) -> None:
    """Whether an example can be taken. Raises `UnfitExample`."""
    if intent not in set(Intent):
        raise UnfitExample(f"Choose what the customer wants: {', '.join(Intent)}.")
    if language not in NAMES:
        raise UnfitExample(f"Choose the language: {', '.join(NAMES.values())}.")
    if "\0" in text:
        raise UnfitExample("No text has a NUL in it.")
    if not SHORTEST <= len(text) <= LONGEST:
        raise UnfitExample(
            f"An example has {SHORTEST} to {LONGEST} characters, this one {len(text)}: a sentence "
            "or two as a customer would write them."
        )


@transaction.atomic
def remove(*, example: LabelledExample, by: str, now: datetime) -> bool:
    """Take an example away again; False if somebody else was faster."""
    gone, _ = LabelledExample.objects.filter(pk=example.pk).delete()
    if gone:
        record_example(ExampleRemoved, example, by=by, now=now)
    return bool(gone)


def record_example(
    event: type[Labelled], example: LabelledExample, *, by: str, now: datetime
) -> None:
    """Record what became of an example, in the caller's transaction."""
    record(
        event(intent=example.intent, language=example.language, text=example.text),
        workspace_id=example.workspace_id,
        actor=by,
        subject_kind="example",
        subject_id=example.pk,
        now=now,
    )
