"""The audit log in the admin, with names: to be read, never written.

It is here because names are of people and of agents, and which votes are still secret is told by
proposals: the log itself knows nothing of either, and stays whole.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from apps.accounts import queries as accounts
from apps.accounts.models import User
from apps.accounts.scope import ReadOnly, person
from apps.agents import queries as agents
from apps.audit.models import Event
from apps.audit.queries import load_unnumbered
from apps.proposals import blind

ALTERED = "Changed after it was recorded: what is stored does not fit the digest of this event."
UNATTESTED = "Somebody in the name of {}"
UNTOLD = "Somebody; who and how is told once the others have voted"


@admin.register(Event)
class EventAdmin(ReadOnly):
    """Events, newest first."""

    list_display = ["at", "kind", "named", "subject_kind", "subject_id"]
    list_filter = ["kind"]
    search_fields = ["subject_id", "actor"]
    ordering = ["-id"]
    fields = ["at", "kind", "named", "subject_kind", "subject_id", "run_id", "content"]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list, with what may be seen of its page, and the names in it, looked up at once."""
        page = super().get_changelist_instance(request)
        show(page.result_list, person(request))
        return page

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """One event, as the person may see it."""
        event = super().get_object(request, object_id, from_field)
        if event is not None:
            show([event], person(request))
        return event

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        """What is found; a vote that is secret is not found by who gave it."""
        found, many = super().get_search_results(request, queryset, search_term)
        if search_term:
            hidden = blind.secret_votes(person(request))
            named = Q(subject_id__icontains=search_term.strip())
            found = found.exclude(~named, kind__in=blind.TELLING, subject_id__in=hidden)
        return found, many

    @admin.display(description="Actor")
    def named(self, event: Event) -> str:
        """Who acted: by name, or as recorded if nobody has one."""
        return str(getattr(event, "name", event.actor))

    @admin.display(description="Content")
    def content(self, event: Event) -> str:
        """The payload, or a word that it was erased or altered."""
        if getattr(event, "is_altered", False):
            return ALTERED
        fields = getattr(event, "shown_fields", None)
        if fields is None:
            return "erased"
        text = json.dumps(fields, indent=2, ensure_ascii=False, sort_keys=True)
        return format_html('<pre class="whitespace-pre-wrap">{}</pre>', text)


def show(events: Sequence[Event], user: User) -> None:
    """Give each event its `name`, `shown_fields` and `is_altered`, as this person may see them."""
    names = names_in(events)
    told = load_unnumbered(events)
    for event, seen in zip(events, blind.visible_events(told, user), strict=True):
        is_secret = seen.actor == blind.HIDDEN
        name = names.get(event.actor, event.actor)
        name = name if seen.attested else UNATTESTED.format(name)
        event.name = UNTOLD if is_secret else name  # type: ignore[attr-defined]
        event.shown_fields = seen.fields  # type: ignore[attr-defined]
        event.is_altered = seen.altered  # type: ignore[attr-defined]


def names_in(events: Iterable[Event]) -> dict[str, str]:
    """Names of the people, keys and agents that acted, by actor."""
    events = list(events)
    names = accounts.names_of({e.actor for e in events if e.actor.startswith(("user:", "key:"))})
    for workspace_id in {e.workspace_id for e in events if e.actor.startswith("agent:")}:
        names |= {agent.actor: agent.name for agent in agents.agents_of(workspace_id)}
    return names
