"""What a model has answered in a piece of work: kept as it comes, and not paid for again.

A worker may die in the middle of a conversation. The work is done again from its checkpoint, and
comes to the same questions: those that were answered already are answered from here, exactly as
they were. A question that is not the same to the letter (something was looked up that has changed
meanwhile) is asked.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from apps.agents.models import Turn
from apps.agents.steps.base import Context
from apps.inference.providers.base import Completion, Tool

Messages = list[Mapping[str, Any]]
Ask = Callable[[Messages, list[Tool]], Completion]
SAID = TypeAdapter(Completion)
KEPT = timedelta(days=2)  # of work that was never finished


def once(context: Context, messages: Messages, tools: list[Tool], *, ask: Ask) -> Completion:
    """The model's answer to exactly this, asked only if it has not answered it in this work."""
    asked = digest(messages, tools, context.run.agent.tier)
    known = recorded(context, asked)
    if known is not None:
        return known
    said = ask(messages, tools)
    # Whoever has taken the work over meanwhile may have had an answer: the first one stands
    turn = Turn(
        workspace_id=context.run.workspace_id,
        run=context.run,
        work=context.work,
        digest=asked,
        said=SAID.dump_python(said, mode="json"),
        at=context.clock(),
    )
    Turn.objects.bulk_create([turn], ignore_conflicts=True)
    return said


def recorded(context: Context, asked: str) -> Completion | None:
    """What was answered to this before; None too where another version kept it."""
    turn = Turn.objects.filter(run=context.run, work=context.work, digest=asked).first()
    if turn is None:
        return None
    try:
        return SAID.validate_python(turn.said)
    except ValidationError:
        return None


def forget(run_id: UUID, work: str) -> None:
    """Drop the turns of work that is done, in the caller's transaction."""
    Turn.objects.filter(run_id=run_id, work=work).delete()


def forget_old(*, now: datetime) -> None:
    """Drop the turns of work that nobody has finished, nor will."""
    Turn.objects.filter(at__lt=now - KEPT).delete()


def digest(messages: Messages, tools: list[Tool], tier: str) -> str:
    """SHA-256 of all a model is asked."""
    offered = [[tool.name, tool.description, dict(tool.parameters)] for tool in tools]
    content = json.dumps([messages, offered, tier], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(content.encode()).hexdigest()
