"""Names of actors and of what kill switches stop, looked up once per list of events."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from apps.accounts import queries as accounts
from apps.agents import queries as agents
from apps.audit.queries import Recorded
from apps.console.presenters.events import Told, in_words, session_of
from apps.insights import stops


def tell_all(
    workspace_id: UUID, events: Sequence[Recorded], known: Mapping[str, str] | None = None
) -> list[Told]:
    """The events in words, with names for who acted and what they concern; at most five queries.

    Names that are `known`, by actor, are not looked up.
    """
    names = dict(known or {})
    actors = {event.actor for event in events} | {
        f"user:{event.subject_id}" for event in events if event.subject_kind == "user"
    }
    actors -= set(names)
    people = {actor for actor in actors if actor.startswith(("user:", "key:"))}
    names |= accounts.names_of(people) if people else {}
    if any(event.subject_kind == "switch" for event in events):
        found = stops.stoppable(workspace_id)
        names |= {f"{stoppable.scope}:{stoppable.target}": stoppable.name for stoppable in found}
    elif any(actor.startswith("agent:") for actor in actors):
        names |= {agent.actor: agent.name for agent in agents.agents_of(workspace_id)}
    return [in_words(event, names) for event in events]


def session_in_words(event: Recorded) -> str:
    """In whose session the event was recorded, with names; "" if the database does not know."""
    return session_of(event, accounts.names_of(set((event.session or "").split())))
