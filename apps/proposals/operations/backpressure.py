"""Backpressure: new proposals are turned away before anything is written, approvals never.

What waits is counted at most once a second in each process, and never further than the limit;
in between each process counts what it takes on itself.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from apps.accounts.models import Workspace
from apps.gateway import queries as gateway
from apps.proposals import queries

COUNT_EVERY_SECONDS = 1.0
MOST_KNOWN = 10_000
QUEUE_DRAINS_SECONDS = 5  # a worker sees to this
PEOPLE_DECIDE_SECONDS = 60  # people see to that


class Overloaded(Exception):
    """Too much waits already; nothing was written. Ask again after `retry_after` seconds."""

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclass
class Room:
    """How many more may be taken on; counted anew after `until` (monotonic seconds)."""

    left: int
    until: float

    def holds(self, wanted: int, limit: int) -> bool:
        """Whether so many may be taken on; a batch above the limit if nothing waits."""
        return self.left >= max(min(wanted, limit), 1)


_known: dict[tuple[object, ...], Room] = {}


def check_room(*, workspace: Workspace, actions: Sequence[str]) -> None:
    """Take on one proposal for each of these first actions, or none. Raises `Overloaded`.

    Bounded are the proposals of a workspace that wait for a person, and the due executions of
    each connector. A batch larger than a limit passes when nothing waits.
    """
    if not actions:
        return
    limit = settings.PROPOSALS_WAITING_LIMIT
    waiting = room(
        ("waiting", workspace.pk, limit),
        lambda: limit - queries.count_waiting(workspace.pk, at_most=limit),
    )
    if not waiting.holds(len(actions), limit):
        raise Overloaded(
            f"{limit} proposals of this workspace wait for a person; decide some first.",
            retry_after=PEOPLE_DECIDE_SECONDS,
        )
    limit = settings.GATEWAY_QUEUE_LIMIT
    wanted = Counter(actions)
    queues = {action: queue_room(workspace.pk, action) for action in wanted}
    if not all(queues[action].holds(count, limit) for action, count in wanted.items()):
        raise Overloaded(
            f"{limit} changes wait to be carried out already.", retry_after=QUEUE_DRAINS_SECONDS
        )
    waiting.left -= len(actions)
    for action, count in wanted.items():
        queues[action].left -= count


def queue_room(workspace_id: UUID, action: str) -> Room:
    """The room in the queue of the connector which carries the action out; if there is none,
    that is told when the draft is examined."""
    limit = settings.GATEWAY_QUEUE_LIMIT

    def left() -> int:
        try:
            connector = gateway.connector_for(workspace_id, action)
        except LookupError:
            return limit
        return limit - gateway.count_due(connector.pk, at_most=limit)

    return room(("queue", workspace_id, action, limit), left)


def room(key: tuple[object, ...], count: Callable[[], int]) -> Room:
    """What is known of the room, counted anew if that is too long ago."""
    now = time.monotonic()
    known = _known.get(key)
    if known is None or known.until < now:
        if len(_known) > MOST_KNOWN:
            _known.clear()
        known = _known[key] = Room(left=count(), until=now + COUNT_EVERY_SECONDS)
    return known
