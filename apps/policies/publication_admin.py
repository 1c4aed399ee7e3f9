"""Policy changes in the admin: what waits for a second person, earlier versions, and the delay."""

import difflib
import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from unfold.decorators import action

from apps.accounts.models import User, Workspace
from apps.accounts.permissions import can
from apps.accounts.queries import names_of
from apps.accounts.scope import ReadOnly, WithinWorkspaces, person
from apps.policies import publishing
from apps.policies.models import (
    LEAST_HOURS,
    MOST_HOURS,
    Asked,
    Publication,
    PublishingSetting,
    Stage,
    Version,
)
from apps.policies.replaying import in_words
from apps.policies.second_person import NotYours


class PublicationAdmin(ReadOnly):
    """What lets something new through, to be read and agreed to, or turned down."""

    list_display = ["version", "state", "asked", "asked_at", "alone_from"]
    list_filter = ["state"]
    list_select_related = ["version__policy"]
    fields = ["version", "state", "asked", "asked_at", "what_is_new", "difference",
              "would_have_decided", "decide", "decided", "decided_at",
              "is_exception"]  # fmt: skip
    readonly_fields = ["asked", "what_is_new", "would_have_decided", "difference", "decide",
                       "decided"]  # fmt: skip
    ordering = ["-asked_at"]
    actions = ["publish", "turn_down"]

    def get_object(self, request: HttpRequest, *args: Any, **kw: Any) -> Any:
        """The change, and who looks at it."""
        found = super().get_object(request, *args, **kw)
        if found is not None:
            found.reader = person(request)
        return found

    def get_fields(self, request: HttpRequest, obj: Publication | None = None) -> list[str]:
        """Who has decided, or how one decides."""
        is_open = obj is None or obj.state == Asked.WAITING
        left_out = {"decided", "decided_at", "is_exception"} if is_open else {"decide"}
        return [name for name in self.fields if name not in left_out]

    @admin.display(description="Asked by", ordering="asked_by")
    def asked(self, publication: Publication) -> str:
        """Whoever asked, by name."""
        return name_of(publication.asked_by)

    @admin.display(description="Decided by")
    def decided(self, publication: Publication) -> str:
        """Whoever decided, by name."""
        return name_of(publication.decided_by)

    @staticmethod
    def decide(publication: Publication) -> str:
        """The buttons, as far as the reader may press them, and why not."""
        reader: User = publication.reader  # type: ignore[attr-defined]  # by `get_object`
        why_not = publishing.why_not(publication, reader, now=timezone.now())
        context = {"publication": publication, "why_not": why_not,
                   "page": reverse("admin:policies_publication_changelist")}  # fmt: skip
        return render_to_string("admin/policies/decide.html", context)

    @staticmethod
    def what_is_new(publication: Publication) -> str:
        """A line for each finding."""
        return lines(publication.findings)

    @staticmethod
    def would_have_decided(publication: Publication) -> str:
        """What it was tried on, a line each."""
        return lines(in_words(publication.replayed))

    @staticmethod
    def difference(publication: Publication) -> str:
        """The version beside the one before it, line by line."""
        version = publication.version
        before = version.policy.versions.filter(number__lt=version.number).exclude(
            stage=Stage.DRAFT
        )
        changed = difflib.unified_diff(
            written(before.order_by("-number").first()), written(version), "before", "then", n=2,
            lineterm="",
        )  # fmt: skip
        return format_html("<pre>{}</pre>", "\n".join(changed))

    @action(description="Publish")  # type: ignore[untyped-decorator]  # unfold ships no types
    def publish(self, request: HttpRequest, queryset: QuerySet[Publication]) -> None:
        """Agree to the chosen ones."""
        for publication in queryset.select_related("version__policy"):
            try:
                publishing.agree(publication=publication, user=person(request), now=timezone.now())
            except (NotYours, publishing.Outdated) as error:
                messages.error(request, f"{publication.version}: {error}")
                continue
            messages.success(request, f"{publication.version} published.")

    @action(description="Turn down")  # type: ignore[untyped-decorator]  # unfold ships no types
    def turn_down(self, request: HttpRequest, queryset: QuerySet[Publication]) -> None:
        """Do not publish the chosen ones."""
        for publication in queryset.filter(state=Asked.WAITING).select_related("version__policy"):
            publishing.turn_down(publication=publication, user=person(request), now=timezone.now())
            messages.success(request, f"{publication.version} is turned down.")


class VersionAdmin(ReadOnly):
    """Every version of every policy, to be read and to go back to."""

    list_display = ["__str__", "stage", "author", "published_at"]
    list_filter = ["stage"]
    list_select_related = ["policy"]
    fields = ["policy", "number", "stage", "author", "created_at", "published_at", "limits",
              "rules"]  # fmt: skip
    ordering = ["policy__name", "-number"]
    actions = ["go_back"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Versions of policies of the person's workspaces."""
        return Version.objects.filter(policy__workspace_id__in=self.workspaces(request))

    @action(description="Go back to this version")  # type: ignore[untyped-decorator]  # unfold ships no types
    def go_back(self, request: HttpRequest, queryset: QuerySet[Version]) -> None:
        """A new version that says what the chosen one said; it needs the same as any change."""
        for version in queryset.filter(stage=Stage.RETIRED).select_related("policy__workspace"):
            by = person(request)
            if not can(by, "configure", version.policy.workspace_id):
                continue
            draft, waits = publishing.again(version=version, by=by.actor, now=timezone.now())
            said(request, draft, waits)


class PublishingSettingForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable
    """How many hours a sole owner waits."""

    class Meta:
        model = PublishingSetting
        fields = ["workspace", "sole_owner_delay_hours"]
        help_texts = {
            "sole_owner_delay_hours": "A version that lets something new through needs a second "
            "person. Who is the only owner or operator may publish it alone after so many hours, "
            f"from {LEAST_HOURS} to {MOST_HOURS}. Everybody in the workspace is told, and it is "
            "recorded. A shorter delay holds once the longer one has passed.",
        }

    def clean_sole_owner_delay_hours(self) -> int:
        """Within its bounds."""
        hours = int(self.cleaned_data["sole_owner_delay_hours"])
        if not LEAST_HOURS <= hours <= MOST_HOURS:
            raise forms.ValidationError(f"From {LEAST_HOURS} to {MOST_HOURS} hours.")
        return hours


class PublishingSettingAdmin(WithinWorkspaces):
    """For owners: the delay for what they publish alone."""

    verb = "administer"
    form = PublishingSettingForm
    list_display = ["workspace", "sole_owner_delay_hours", "shorter_from"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Whose setting it is does not change."""
        return ["workspace"] if obj else []

    def save_model(
        self, request: HttpRequest, obj: PublishingSetting, form: Any, change: bool
    ) -> None:
        """Set it, with its event."""
        publishing.set_delay(
            workspace=Workspace.objects.get(pk=obj.workspace_id),
            hours=form.cleaned_data["sole_owner_delay_hours"],
            by=person(request).actor,
            now=timezone.now(),
        )
        obj._state.adding = False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It is changed, never gone."""
        return False


def said(request: HttpRequest, version: Version, waits: Publication | None) -> None:
    """Tell whether a version decides now or waits."""
    if waits is None:
        messages.success(request, f"Version {version.number} published.")
    else:
        messages.warning(request, publishing.waits_in_words(waits))


def lines(texts: list[str]) -> str:
    """Texts as a list."""
    items = format_html_join("", '<li class="mb-1">{}</li>', ((text,) for text in texts))
    return format_html("<ul>{}</ul>", items)


def name_of(actor: str) -> str:
    """A person by name; who is none here any more as the audit log has them."""
    return names_of({actor}).get(actor, actor)


def written(version: Version | None) -> list[str]:
    """Limits and rules of a version as lines; none of a policy without one."""
    if version is None:
        return []
    content = {"limits": version.limits, "rules": version.rules}
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False).splitlines()
