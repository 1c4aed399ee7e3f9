"""Names of actors, looked up once per list of events."""

from collections.abc import Sequence
from uuid import UUID

from apps.accounts import queries as accounts
from apps.agents import queries as agents
from apps.audit.queries import Recorded
from apps.console.presenters.events import Told, tell


def tell_all(workspace_id: UUID, events: Sequence[Recorded]) -> list[Told]:
    """The events in words, with the names of who acted; at most three queries."""
    actors = {event.actor for event in events}
    people = {actor for actor in actors if actor.startswith(("user:", "key:"))}
    names = accounts.names_of(people) if people else {}
    if any(actor.startswith("agent:") for actor in actors):
        names |= {agent.actor: agent.name for agent in agents.agents_of(workspace_id)}
    return [tell(event, names) for event in events]
