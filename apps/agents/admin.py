"""Agents to configure, schedule and run now; runs and their steps to read."""

import json
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from pydantic import ValidationError as SchemaError
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget

from apps.accounts.permissions import can
from apps.accounts.scope import ByRole, ReadOnly, WithinWorkspaces, person
from apps.agents import operations
from apps.agents.models import Agent, Run, Step
from apps.agents.playbooks.calibration import FEWEST, Tally, measure
from apps.agents.playbooks.registry import PLAYBOOKS
from apps.proposals.judged import judged

for table in (PeriodicTask, IntervalSchedule, CrontabSchedule, ClockedSchedule, SolarSchedule):
    admin.site.unregister(table)  # their pages show and run the tasks of every workspace

CHANGEABLE = ("playbook", "enabled", "autonomy", "settings", "tier", "budget_usd", "priority")
HELP = {
    "autonomy": "Policy decides within this, never beyond. In shadow it proposes nothing; each run "
    "shows what it would have proposed. What waits already is not touched by a change."
}


class AgentForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """An agent; its settings are checked against the playbook's."""

    playbook = forms.ChoiceField(
        choices=[(playbook.name, playbook.title) for playbook in PLAYBOOKS.values()],
        widget=UnfoldAdminSelectWidget(),
    )

    class Meta:
        model = Agent
        fields = ["workspace", "name", *CHANGEABLE]
        help_texts = HELP

    def clean(self) -> dict[str, Any]:
        """Refuse settings the playbook does not have, or values it does not take."""
        cleaned = super().clean() or {}
        playbook = PLAYBOOKS.get(cleaned.get("playbook", ""))
        if playbook is not None:
            try:
                playbook.settings.model_validate(cleaned.get("settings") or {})
            except SchemaError as error:
                problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
                raise ValidationError({"settings": "; ".join(problems)}) from error
        return cleaned


def share(tally: Tally) -> str:
    """Between which shares the true one lies; nothing is said of too few."""
    if not tally.is_enough:
        return f"too few, {FEWEST} are needed"
    low, high = tally.interval
    return f"{low:.0%} to {high:.0%}"


@admin.register(Agent)
class AgentAdmin(WithinWorkspaces):
    """Saving takes effect with the next run. The schedule is under Periodic tasks."""

    form = AgentForm
    list_display = ["name", "playbook", "enabled", "autonomy", "tier", "budget_usd", "priority"]
    list_filter = ["playbook", "enabled", "autonomy"]
    actions = ["run_now", "start_hourly"]
    readonly_fields = ["known_settings", "calibration"]

    def get_readonly_fields(self, request: HttpRequest, obj: Agent | None = None) -> list[str]:
        """Which agent it is does not change."""
        shown = ["known_settings", "calibration"]
        return ["workspace", "name", *shown] if obj else shown

    @admin.display(description="Settings of the playbook")
    def known_settings(self, agent: Agent) -> str:
        """What can be set, with the defaults."""
        playbook = PLAYBOOKS.get(agent.playbook)
        fields = playbook.settings.model_fields if playbook else {}
        lines = [f"{name} = {field.default}: {field.description or name.replace('_', ' ')}"
                 for name, field in fields.items()]  # fmt: skip
        return "\n".join(lines)

    @admin.display(description="What people made of its proposals")
    def calibration(self, agent: Agent) -> str:
        """How often each reader was right, by what it read; what passed alone is not judged."""
        if agent._state.adding:
            return "Nothing is proposed yet."
        rows = judged(agent.workspace_id, playbook=agent.playbook, now=timezone.now())
        tallies = measure(rows).tallies
        head = ("Reader", "Read as", "Judged", "Approved as it was", "95 % interval")
        body = [
            (reader, intent.replace("_", " ") or "–", tally.judged, tally.right, share(tally))
            for (reader, intent), tally in sorted(tallies.items())
        ]
        if not body:
            return "Nobody has judged any of its proposals yet."
        cells = "<th class='px-2 text-left'>{}</th>" * len(head)
        lines = "<td class='px-2'>{}</td>" * len(head)
        return format_html(
            "<table><tr>{}</tr>{}</table>",
            format_html(cells, *head),
            format_html_join("", f"<tr>{lines}</tr>", body),
        )

    @action(description="Run now")
    def run_now(self, request: HttpRequest, queryset: QuerySet[Agent]) -> None:
        """Start the chosen agents on behalf of the person."""
        user = person(request)
        for agent in queryset.select_related("workspace"):
            if not can(user, "run", agent.workspace_id):
                messages.error(request, f"You may not start {agent}.")
                continue
            try:
                operations.start(
                    agent=agent,
                    trigger="person",
                    by=user.actor,
                    on_behalf_of=user.actor,
                    now=timezone.now(),
                )
            except operations.AgentDisabled as error:
                messages.error(request, f"{agent}: {error}")
                continue
            messages.success(request, f"{agent} runs.")

    @action(description="Start every hour")
    def start_hourly(self, request: HttpRequest, queryset: QuerySet[Agent]) -> None:
        """Schedule the chosen agents; one that has a schedule keeps it."""
        user = person(request)
        for agent in queryset.select_related("workspace"):
            if not can(user, "configure", agent.workspace_id):
                messages.error(request, f"You may not schedule {agent}.")
                continue
            every, now = timedelta(hours=1), timezone.now()
            operations.schedule(agent=agent, every=every, by=user.actor, now=now)
            messages.success(request, f"{agent} is scheduled: see Periodic tasks.")

    def save_model(self, request: HttpRequest, obj: Agent, form: Any, change: bool) -> None:
        """Configure, with its event."""
        saved = operations.configure(
            workspace=obj.workspace,
            name=obj.name,
            by=person(request).actor,
            now=timezone.now(),
            **{name: form.cleaned_data[name] for name in CHANGEABLE},
        )
        obj.pk, obj._state.adding = saved.pk, False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Its runs are history: switch it off instead."""
        return False


class StepInline(ByRole, TabularInline):  # type: ignore[misc]  # unfold ships no types
    """The steps of a run, in order."""

    model = Step
    fields = readonly_fields = ["number", "stage", "summary", "planner", "started_at",
                                "finished_at"]  # fmt: skip
    extra = 0
    can_delete = False
    ordering = ["number"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds."""
        return False


@admin.register(Run)
class RunAdmin(ReadOnly):
    """Runs, newest first."""

    list_display = ["started_at", "agent", "trigger", "state", "stage", "summary"]
    list_filter = ["state", ("agent", admin.RelatedOnlyFieldListFilter)]
    ordering = ["-id"]
    inlines = [StepInline]


@admin.register(PeriodicTask)
class ScheduleAdmin(ByRole, ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """When the agents of the person's workspaces start: change the interval or switch it off."""

    list_display = ["name", "enabled", "interval", "crontab", "last_run_at"]
    list_filter = ["enabled"]
    fields = ["name", "enabled", "interval", "crontab", "last_run_at"]
    readonly_fields = ["name", "last_run_at"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Schedules of agents of the person's workspaces."""
        agents = Agent.objects.filter(workspace__in=self.workspaces(request))
        calls = [json.dumps({"agent_id": str(pk)}) for pk in agents.values_list("pk", flat=True)]
        rows = super().get_queryset(request).select_related("interval", "crontab")
        return rows.filter(task=operations.START_TASK, kwargs__in=calls)

    def save_model(self, request: HttpRequest, obj: PeriodicTask, form: Any, change: bool) -> None:
        """Save, with an event of the agent."""
        super().save_model(request, obj, form, change)
        operations.note_change(
            Agent.objects.get(pk=json.loads(obj.kwargs)["agent_id"]),
            {name: str(form.initial.get(name)) for name in form.changed_data},
            {name: str(form.cleaned_data[name]) for name in form.changed_data},
            by=person(request).actor,
            now=timezone.now(),
        )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A schedule is made from the list of agents."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Switch it off instead."""
        return False


@admin.register(IntervalSchedule, CrontabSchedule)
class RhythmAdmin(ByRole, ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """Rhythms all workspaces share: one can be added, none changed under those who use it."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes."""
        return False
