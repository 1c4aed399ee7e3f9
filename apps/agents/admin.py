"""Agents to configure and to run now; runs and their steps to read."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from pydantic import ValidationError as SchemaError
from unfold.admin import TabularInline
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget

from apps.accounts.permissions import can
from apps.accounts.scope import ReadOnly, WithinWorkspaces, person
from apps.agents import operations
from apps.agents.models import Agent, Run, Step
from apps.agents.playbooks.registry import PLAYBOOKS

CHANGEABLE = ("playbook", "enabled", "settings", "tier", "budget_usd", "priority")


class AgentForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """An agent; its settings are checked against the playbook's knobs."""

    playbook = forms.ChoiceField(
        choices=[(one.name, one.title) for one in PLAYBOOKS.values()],
        widget=UnfoldAdminSelectWidget(),
    )

    class Meta:
        model = Agent
        fields = ["workspace", "name", *CHANGEABLE]

    def clean(self) -> dict[str, Any]:
        """Refuse knobs the playbook does not have, or values it does not take."""
        cleaned = super().clean() or {}
        playbook = PLAYBOOKS.get(cleaned.get("playbook", ""))
        if playbook is not None:
            try:
                playbook.knobs.model_validate(cleaned.get("settings") or {})
            except SchemaError as error:
                problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
                raise ValidationError({"settings": "; ".join(problems)}) from error
        return cleaned


@admin.register(Agent)
class AgentAdmin(WithinWorkspaces):
    """Saving takes effect with the next run. The schedule is under Periodic tasks."""

    form = AgentForm
    list_display = ["name", "playbook", "enabled", "tier", "budget_usd", "priority"]
    list_filter = ["playbook", "enabled"]
    actions = ["run_now"]
    readonly_fields = ["knobs"]

    def get_readonly_fields(self, request: HttpRequest, obj: Agent | None = None) -> list[str]:
        """Which agent it is does not change."""
        return ["workspace", "name", "knobs"] if obj else ["knobs"]

    @admin.display(description="Knobs of the playbook")
    def knobs(self, agent: Agent) -> str:
        """What can be set, with the defaults."""
        playbook = PLAYBOOKS.get(agent.playbook)
        fields = playbook.knobs.model_fields if playbook else {}
        lines = [f"{name} = {field.default}: {field.description or name.replace('_', ' ')}"
                 for name, field in fields.items()]  # fmt: skip
        return "\n".join(lines)

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


class StepInline(TabularInline):  # type: ignore[misc]  # unfold ships no types
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
    list_filter = ["state", "agent"]
    ordering = ["-id"]
    inlines = [StepInline]
