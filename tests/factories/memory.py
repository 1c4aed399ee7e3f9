"""Items an agent knows."""

from datetime import datetime
from typing import Any

from apps.accounts.models import Workspace
from apps.memory import operations
from apps.memory.models import Item

PERSON = {"source": "review", "by": "user:1"}
AGENT = {"source": "run", "by": "agent:1"}


def item(workspace: Workspace, text: str, *, now: datetime, **fields: Any) -> Item:
    """A correction of the refund desk, said by a person, about nothing in particular."""
    defaults: dict[str, Any] = {
        "type": "correction",
        "namespace": "refunds",
        "subject": "",
        "data": {},
        "provenance": PERSON,
    }
    return operations.remember(workspace=workspace, text=text, now=now, **(defaults | fields))
