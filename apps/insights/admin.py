"""The audit log in the admin, with names: to be read, never written.

It is here because names are of people and of agents, which the log itself knows nothing of.
"""

import json
from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html

from apps.accounts import queries as accounts
from apps.accounts.scope import ReadOnly
from apps.agents import queries as agents
from apps.audit.models import Event, Payload


@admin.register(Event)
class EventAdmin(ReadOnly):
    """Events, newest first."""

    list_display = ["at", "kind", "named", "subject_kind", "subject_id"]
    list_filter = ["kind"]
    search_fields = ["subject_id", "actor"]
    ordering = ["-id"]
    fields = ["at", "kind", "named", "subject_kind", "subject_id", "run_id", "content"]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list, with the names of its page looked up at once."""
        page = super().get_changelist_instance(request)
        names = names_in(page.result_list)
        for event in page.result_list:
            event.name = names.get(event.actor, event.actor)
        return page

    @admin.display(description="Actor", ordering="actor")
    def named(self, event: Event) -> str:
        """Who acted: by name, or as recorded if nobody has one."""
        name = getattr(event, "name", None) or names_in([event]).get(event.actor)
        return name or event.actor

    @admin.display(description="Content")
    def content(self, event: Event) -> str:
        """The payload, or a word that it was erased."""
        payload = Payload.objects.filter(event_id=event.id).first()
        if payload is None:
            return "erased"
        text = json.dumps(payload.fields, indent=2, ensure_ascii=False, sort_keys=True)
        return format_html('<pre class="whitespace-pre-wrap">{}</pre>', text)


def names_in(events: Iterable[Event]) -> dict[str, str]:
    """Names of the people, keys and agents that acted, by actor."""
    events = list(events)
    names = accounts.names_of({e.actor for e in events if e.actor.startswith(("user:", "key:"))})
    for workspace_id in {e.workspace_id for e in events if e.actor.startswith("agent:")}:
        names |= {agent.actor: agent.name for agent in agents.agents_of(workspace_id)}
    return names
