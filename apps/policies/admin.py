"""Policies in the admin: a change that only tightens decides from the next decision on; one that
lets something new through waits for a second person.
"""

import json
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from pydantic import ValidationError as SchemaError
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldBooleanSwitchWidget

from apps.accounts.models import Workspace
from apps.accounts.scope import ByRole, ReadOnly, WithinWorkspaces, person
from apps.policies import limit_fields, operations, publishing
from apps.policies.assessing import assess
from apps.policies.cel import InvalidRule
from apps.policies.currency_admin import CurrencySettingAdmin, ExchangeRateAdmin
from apps.policies.models import (
    Asked,
    CurrencySetting,
    Decision,
    ExchangeRate,
    Policy,
    Publication,
    PublishingSetting,
    Stage,
    Version,
)
from apps.policies.publication_admin import (
    PublicationAdmin,
    PublishingSettingAdmin,
    VersionAdmin,
    lines,
    said,
)
from apps.policies.replaying import in_all, in_words
from apps.policies.window_calls import COUNTS, DRIFTS
from apps.policies.windows import SCOPES, SPANS

EMPTY = '[{"name": "", "when": "", "outcome": "review", "reason": ""}]'


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A policy with a field per limit and its rules as JSON; saving makes a version of both."""

    rules = forms.CharField(
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 24}),
        help_text="A list of {name, when (CEL), outcome (allow, review, deny), reason, actions, "
        "reviewers}. Limits are written limits.NAME, and what was let through in a time, "
        f"the change itself included, window('target', '24h').changes: of {', '.join(SCOPES)}; in "
        f"{', '.join(SPANS)}; {', '.join(COUNTS)}, of a target {', '.join(DRIFTS)} too. What is "
        "in no category, or for no known customer, counts together.",
    )
    new_limits = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text='More limits as JSON, e.g. {"refund_review": 25}.',
    )
    only_try = forms.BooleanField(
        required=False,
        label="Only try it",
        widget=UnfoldBooleanSwitchWidget(),
        help_text="Save nothing: say what these rules would have decided on the changes decided "
        "last, and whether they let anything new through. A version that does needs a second "
        "owner or operator to publish it; one that only tightens decides as soon as it is saved.",
    )

    class Meta:
        model = Policy
        fields = ["workspace", "name", "description"]

    tried: Sequence[str] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        active = self.active_version()
        self.fields["rules"].initial = json.dumps(active.rules, indent=2) if active else EMPTY
        for name, value in (active.limits if active else {}).items():
            self.fields[f"limit_{name}"] = limit_fields.field_of(name, value)

    def active_version(self) -> Version | None:
        """The version that decides now; None for a new policy."""
        if self.instance._state.adding:
            return None
        return Version.objects.filter(policy=self.instance, stage=Stage.ACTIVE).first()

    def clean(self) -> dict[str, Any]:
        """Refuse rules that do not compile, saying which and why."""
        cleaned = super().clean() or {}
        if self.errors:  # a limit that is missing would seem not to exist
            return cleaned
        active = self.active_version()
        try:
            cleaned["limits"] = {
                name: limit_fields.value_of(before, cleaned[f"limit_{name}"])
                for name, before in (active.limits if active else {}).items()
            } | dict(json.loads(cleaned.get("new_limits") or "{}"))
            cleaned["rules"] = json.loads(cleaned.get("rules") or "[]")
            if not isinstance(cleaned["rules"], list):
                raise TypeError("the rules are a list, in [ and ].")
            operations.check_draft(cleaned["rules"], cleaned["limits"])
        except (json.JSONDecodeError, SchemaError, InvalidRule, TypeError, ValueError) as error:
            raise ValidationError(f"The rules cannot be published: {error}") from error
        workspace = cleaned.get("workspace") or getattr(self.instance, "workspace", None)
        if workspace is not None:
            self.try_out(workspace, cleaned)
        return cleaned

    def try_out(self, workspace: Workspace, cleaned: dict[str, Any]) -> None:
        """Keep what the version would have decided; save nothing if only that is asked.

        Raises `ValidationError` then, and what was found is in `tried`.
        """
        assessed = assess(
            workspace_id=workspace.pk,
            policy_id=None if self.instance._state.adding else self.instance.pk,
            rules=cleaned["rules"],
            limits=cleaned["limits"],
            now=timezone.now(),
        )
        self.would_have_decided = in_all(assessed.replayed)
        if cleaned.get("only_try"):
            new = [f"New: {finding.rstrip('.')}." for finding in assessed.findings]
            verdict = "A second person has to publish it." if new else "It only tightens."
            self.tried = [verdict, *new, *in_words(assessed.replayed)]
            raise ValidationError("Nothing is saved: it was only tried.")


class VersionInline(ByRole, TabularInline):  # type: ignore[misc]  # unfold ships no types
    """Earlier versions, to be read."""

    model = Version
    fields = readonly_fields = ["number", "stage", "author", "published_at", "limits"]
    extra = 0
    can_delete = False
    ordering = ["-number"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Policy)
class PolicyAdmin(WithinWorkspaces):
    """Saving makes a new version if rules or limits differ from the active one."""

    form = PolicyForm
    inlines = [VersionInline]
    list_display = ["name", "workspace"]

    def get_fields(self, request: HttpRequest, obj: Policy | None = None) -> list[str]:
        """The policy, its limits one by one, then its rules."""
        limits = [f"limit_{name}" for name in self.active_limits(obj)]
        return ["workspace", "name", "description", *limits, "new_limits", "rules", "only_try"]

    def get_readonly_fields(self, request: HttpRequest, obj: Policy | None = None) -> list[str]:
        """Which policy it is does not change; make another one instead."""
        return ["workspace", "name"] if obj else []

    def active_limits(self, policy: Policy | None) -> dict[str, Any]:
        """Limits of the version that decides now."""
        active = policy and policy.versions.filter(stage=Stage.ACTIVE).first()
        return active.limits if active else {}

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kw: Any
    ) -> Any:
        """The form without its limit fields: they are made per policy when it is built."""
        kw["fields"] = ["workspace", "name", "description", "new_limits", "rules", "only_try"]
        return super().get_form(request, obj, change, **kw)

    def save_model(self, request: HttpRequest, obj: Policy, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        active = form.active_version()
        rules, limits = form.cleaned_data["rules"], form.cleaned_data["limits"]
        if active and active.limits == limits and active.rules == rules:
            messages.info(request, "Nothing changed: the rules and limits are those in force.")
            return
        now, by = timezone.now(), person(request).actor
        version = operations.draft(
            workspace=obj.workspace, name=obj.name, rules=rules, limits=limits, by=by, now=now
        )
        said(request, version, publishing.submit(version=version, by=by, now=now))
        messages.info(request, lines(form.would_have_decided))

    def message_user(self, request: HttpRequest, message: Any, *args: Any, **kw: Any) -> None:
        """What a save has done is told by `save_model`: changed is not in force."""

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kw: Any) -> Any:
        """The page; first of all what was only tried, which is no error."""
        form = context["adminform"].form
        if form.tried:
            context["errors"] = None
            messages.info(request, lines(form.tried))
        return super().render_change_form(request, context, *args, **kw)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kw: Any
    ) -> Any:
        """The page, which says first if a version of the policy waits for a second person."""
        if request.method == "GET" and object_id:
            mine = Publication.objects.filter(workspace_id__in=self.workspaces(request))
            for publication in mine.filter(version__policy_id=object_id, state=Asked.WAITING):
                messages.warning(request, publishing.waits_in_words(publication))
        return super().changeform_view(request, object_id, *args, **kw)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Decision)
class DecisionAdmin(ReadOnly):
    """Decisions, to be read."""

    list_display = ["at", "outcome", "rule", "reason", "version"]
    fields = ["at", "outcome", "rule", "reason", "version", "reviewers", "subject_id", "basis",
              "fired", "facts"]  # fmt: skip
    list_filter = ["outcome", "rule"]
    list_select_related = ["version__policy"]
    ordering = ["-id"]


admin.site.register(ExchangeRate, ExchangeRateAdmin)
admin.site.register(CurrencySetting, CurrencySettingAdmin)
admin.site.register(Publication, PublicationAdmin)
admin.site.register(PublishingSetting, PublishingSettingAdmin)
admin.site.register(Version, VersionAdmin)
