"""The first-run guide: five screens from an empty workspace to a first threshold.

Where somebody is follows from what exists, so each screen can be left and come back to.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.agents import trial
from apps.agents.operations import AgentDisabled
from apps.agents.playbooks.registry import PLAYBOOKS, UnknownPlaybook, policy_of
from apps.console import page
from apps.console.access import ConsoleRequest, Seat, operated
from apps.console.presenters import guide as words
from apps.console.presenters import thresholds as limits
from apps.console.presenters.shadow import show_shadow
from apps.gateway import onboarding
from apps.gateway.onboarding import CannotJoin
from apps.insights import setup as insights
from apps.insights.setup import Screen, Setup
from apps.policies import publishing, queries, thresholds
from apps.policies.cel import STRICTNESS, Outcome
from apps.policies.models import Stage, Version
from apps.policies.thresholds import InvalidLimit, NoPolicy

NO_POLICY = "There is no policy for this agent any more. Publish one in the admin, under Policies."


@require_safe
@operated
def open_guide(_request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """To the screen where there is something to do."""
    return go(insights.setup(seat.workspace.pk).here)


@require_safe
@operated
def welcome(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """What AIOS does."""
    return show(request, seat, insights.setup(seat.workspace.pk), Screen.WELCOME)


@require_http_methods(["GET", "HEAD", "POST"])
@operated
def shop(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """The form; a POST connects the shop that was typed in, or the demo shop that runs here."""
    posted = request.POST
    if request.method != "POST":
        return show(request, seat, insights.setup(seat.workspace.pk), Screen.SHOP)
    is_demo = posted.get("which") == "demo" and bool(settings.DEMO_SHOP_URL)
    systems = words.demo_systems() if is_demo else words.systems(posted)
    try:
        onboarding.connect(
            workspace=seat.workspace, systems=systems, by=seat.user.actor, now=timezone.now()
        )
    except CannotJoin as error:
        field = words.field_of(error.system)
        context = {"problems": {field: str(error)}, "posted": words.kept(posted)}
        return again(request, seat, Screen.SHOP, context)
    return go(Screen.AGENT)


@require_http_methods(["GET", "HEAD", "POST"])
@operated
def agent(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """The playbooks; a POST tries an agent of one of them out, in shadow."""
    if request.method != "POST":
        return show(request, seat, insights.setup(seat.workspace.pk), Screen.AGENT)
    try:
        trial.begin(
            workspace=seat.workspace,
            playbook=request.POST.get("playbook", ""),
            by=seat.user.actor,
            now=timezone.now(),
        )
    except (UnknownPlaybook, AgentDisabled) as error:
        return again(request, seat, Screen.AGENT, {"form_error": str(error)})
    return go(Screen.SHADOW)


@require_safe
@operated
def shadow(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """What the agent would have proposed; only that when htmx asks whether the run has ended."""
    found = insights.setup(seat.workspace.pk)
    if page.is_part_wanted(request, "shadowed"):
        context = build(found, Screen.SHADOW)
        return page.show_part(request, "console/guide/shadow.html", context)
    return show(request, seat, found, Screen.SHADOW)


@require_http_methods(["GET", "HEAD", "POST"])
@operated
def threshold(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """The limits; a POST shows what others would have decided (`act` is preview) or publishes."""
    found = insights.setup(seat.workspace.pk)
    if request.method != "POST":
        return show(request, seat, found, Screen.THRESHOLD)
    if found.agent is None or found.version is None:
        return again(request, seat, Screen.THRESHOLD, {"form_error": NO_POLICY})
    form = form_of(found, request.POST)
    if any(field.problem for field in form):
        return again(request, seat, Screen.THRESHOLD, {"form": form})
    wanted = limits.values(form)
    if request.POST.get("act") == "preview":
        context = {"form": form, "tally": foresee(seat, found, wanted), "is_preview": True}
        return show(request, seat, found, Screen.THRESHOLD, context)
    return publish(request, seat, found.version, wanted)


def publish(
    request: ConsoleRequest, seat: Seat, version: Version, wanted: Mapping[str, float]
) -> HttpResponseBase:
    """Publish the limits, or have them wait for a second person."""
    try:
        made = thresholds.set_limits(
            workspace=seat.workspace,
            name=version.policy.name,
            limits=wanted,
            by=seat.user.actor,
            now=timezone.now(),
        )
    except (NoPolicy, InvalidLimit) as error:
        return again(request, seat, Screen.THRESHOLD, {"form_error": str(error)})
    if made.stage == Stage.DRAFT:
        waits = publishing.waits_in_words(made.publication)
        return show(request, seat, insights.setup(seat.workspace.pk), Screen.THRESHOLD,
                    {"waits": waits})  # fmt: skip
    return go(Screen.THRESHOLD)


@require_POST
@operated
def switch_on(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """End the shadow: from now on the agent proposes, and policy decides who decides."""
    found = insights.setup(seat.workspace.pk)
    if found.agent is None:
        return go(Screen.AGENT)
    try:
        trial.go_live(agent=found.agent, by=seat.user.actor, now=timezone.now())
    except AgentDisabled as error:
        return again(request, seat, Screen.THRESHOLD, {"form_error": str(error)})
    return go(Screen.THRESHOLD)


def go(screen: Screen) -> HttpResponseBase:
    """To another screen."""
    return redirect(words.address(screen))


def again(
    request: ConsoleRequest, seat: Seat, screen: Screen, context: Mapping[str, Any]
) -> HttpResponseBase:
    """The screen once more, with what was typed and what was wrong."""
    return show(request, seat, insights.setup(seat.workspace.pk), screen, context, status=422)


def show(
    request: ConsoleRequest,
    seat: Seat,
    found: Setup,
    screen: Screen,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
) -> HttpResponseBase:
    """A whole screen."""
    built = {**build(found, screen), **(context or {})}
    if screen == Screen.THRESHOLD and found.version and "tally" not in built:
        built["tally"] = foresee(seat, found, {})
    return page.show(request, seat, "console/guide.html", built, status=status)


def build(found: Setup, screen: Screen) -> dict[str, Any]:
    """What every screen shows, and what this one does."""
    policy = policy_of(found.agent.playbook) if found.agent else None
    return {
        "setup": found,
        "screen": screen.value,
        "progress": words.progress(found, screen),
        "verbs": words.VERBS,
        "demo_shop": settings.DEMO_SHOP_URL,
        "playbooks": words.cards(PLAYBOOKS.values(), insights.missing(found.connectors)),
        "shadow": show_shadow(found.shadowed),
        "policy": policy,
        "form": form_of(found),
        "no_policy": NO_POLICY if found.agent and not found.version else "",
    }


def form_of(found: Setup, posted: Mapping[str, str] | None = None) -> list[limits.Input]:
    """The limits as they are, or as they were typed; empty without a policy."""
    if found.agent is None or found.version is None:
        return []
    setting = queries.currency_setting(found.version.policy.workspace_id)
    playbook = PLAYBOOKS.get(found.agent.playbook)
    fields = playbook.limit_fields if playbook else ()
    return limits.inputs(fields, found.version.limits, posted, counts_in=setting.currency)


def foresee(seat: Seat, found: Setup, wanted: Mapping[str, float]) -> Sequence[limits.Tally]:
    """What was tried in shadow, by how it was decided and how it would be with these limits."""
    if found.version is None:
        return []
    known = [
        proposal for proposal in found.shadowed if all(change.facts for change in proposal.changes)
    ]
    verdicts = iter(
        thresholds.foresee(
            workspace_id=seat.workspace.pk,
            name=found.version.policy.name,
            limits=wanted,
            facts=[change.facts for proposal in known for change in proposal.changes],
            now=timezone.now(),
        )
    )
    then = [strictest([next(verdicts).outcome for _ in proposal.changes]) for proposal in known]
    return limits.tally([proposal.verdict for proposal in known], then)


def strictest(outcomes: Sequence[Outcome]) -> Outcome:
    """A proposal is as strict as its strictest change."""
    return max(outcomes, key=lambda outcome: STRICTNESS[outcome])
