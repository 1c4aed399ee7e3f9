"""Labelled examples: what customers write and mean, those that ship and the workspace's own."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from apps.agents import labelling, queries
from apps.agents.playbooks.refund_desk.examples import shipped
from apps.agents.playbooks.refund_desk.intents import Intent
from apps.agents.playbooks.refund_desk.languages import NAMES
from apps.console import page
from apps.console.access import ConsoleRequest, Seat, operated

INTENTS = [(intent.value, intent.replace("_", " ")) for intent in Intent]


@require_http_methods(["GET", "HEAD", "POST"])
@operated
def show_examples(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """Examples by intent and language; a POST with `intent`, `language` and `text` adds one."""
    given = request.POST if request.method == "POST" else request.GET
    intent, language = given.get("intent", ""), given.get("language", "")
    if request.method != "POST":
        return page.show(
            request, seat, "console/examples.html", build(seat, intent=intent, language=language)
        )
    text = request.POST.get("text", "")
    try:
        labelling.add(
            workspace=seat.workspace,
            intent=intent,
            language=language,
            text=text,
            by=seat.user.actor,
            now=timezone.now(),
        )
    except labelling.UnfitExample as error:
        context = build(seat, intent=intent, language=language)
        context |= {"form_error": str(error), "text": text}
        return page.show(request, seat, "console/examples.html", context, status=422)
    return redirect(f"{reverse('console:examples')}?intent={intent}&language={language}")


@require_POST
@operated
def remove_example(_request: ConsoleRequest, seat: Seat, example_id: UUID) -> HttpResponseBase:
    """Take one of the workspace's own examples away; those that ship stay."""
    own = queries.labelled_examples(seat.workspace.pk, labelling.PLAYBOOK)
    example = own.filter(pk=example_id).first()
    if example is None:
        raise Http404("This workspace has no such example.")
    labelling.remove(example=example, by=seat.user.actor, now=timezone.now())
    return redirect(
        f"{reverse('console:examples')}?intent={example.intent}&language={example.language}"
    )


def meaning(intent: str, language: str) -> str:
    """What an example stands for, in words."""
    return f"{intent.replace('_', ' ')}, {NAMES.get(language, language)}"


def build(seat: Seat, *, intent: str, language: str) -> dict[str, Any]:
    """The context of `console/examples.html`: all of one's own, and those that ship if narrowed."""
    own = queries.labelled_examples(seat.workspace.pk, labelling.PLAYBOOK)
    if intent in set(Intent):
        own = own.filter(intent=intent)
    if language in NAMES:
        own = own.filter(language=language)
    fitting = [
        example
        for example in shipped()
        if intent in ("", example.intent) and language in ("", example.language)
    ]
    return {
        "intents": INTENTS,
        "languages": list(NAMES.items()),
        "intent": intent,
        "language": language,
        "own": [
            {"example": own_example, "meaning": meaning(own_example.intent, own_example.language)}
            for own_example in own
        ],
        "ours": fitting if intent and language else [],
        "ours_count": len(fitting),
        "longest": labelling.LONGEST,
    }
