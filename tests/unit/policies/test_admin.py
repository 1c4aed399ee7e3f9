"""Policies in the admin: published by saving, and only within the person's workspaces."""

import html
import json
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from uuid_utils.compat import uuid7

from apps.accounts.models import User, Workspace
from apps.agents.playbooks.registry import DefaultPolicy, default_policies
from apps.audit.models import Event
from apps.policies import operations
from apps.policies.models import Decision, Policy, Publication, Version
from tests.conftest import Cast


def sign_in(client: Client, user: User) -> Client:
    """The client, used by this person."""
    client.force_login(user)
    return client


@pytest.fixture
def olgas(cast: Cast, client: Client) -> Client:
    """Olga, who owns the workspace of the policy."""
    return sign_in(client, cast.olga)


@pytest.fixture
def mallorys(cast: Cast, client: Client) -> Client:
    """Mallory, who owns another workspace."""
    return sign_in(client, cast.mallory)


def form(version: Version, **changes: Any) -> dict[str, Any]:
    """What the page of the policy sends."""
    limits = {f"limit_{name}": str(value) for name, value in version.limits.items()}
    values = {"workspace": version.policy.workspace_id, "name": version.policy.name,
              "description": "", "new_limits": "", "rules": json.dumps(version.rules),
              "versions-TOTAL_FORMS": "0", "versions-INITIAL_FORMS": "0"}  # fmt: skip
    return values | limits | changes


def change(version: Version) -> str:
    """The page of the policy."""
    return reverse("admin:policies_policy_change", args=[version.policy_id])


def test_saving_another_limit_publishes_it(olgas: Client, policy: Version) -> None:
    """A new version decides from then on; saving it again publishes nothing."""
    assert olgas.get(change(policy)).status_code == 200
    assert "Limits are written limits.NAME" in olgas.get(change(policy)).content.decode()
    for told in ("Version 2 published.", "Nothing changed"):
        answer = olgas.post(change(policy), form(policy, limit_most="900"), follow=True)
        assert told in answer.content.decode()
    active = policy.policy.versions.get(stage="active")
    assert (active.number, active.limits["most"]) == (2, 900)


def test_a_policy_is_made(olgas: Client, workspace: Workspace, policy: Version) -> None:
    """And decides at once."""
    add = reverse("admin:policies_policy_add")
    assert olgas.get(add).status_code == 200
    values = form(policy, name="More", new_limits=json.dumps(policy.limits))
    assert olgas.post(add, values).status_code == 302
    made = Policy.objects.get(workspace=workspace, name="More")
    assert made.versions.get().stage == "active"  # beside the other one it lets nothing new through


def test_trying_says_what_would_be_decided_and_saves_nothing(
    olgas: Client, policy: Version
) -> None:
    """Whether a second person is needed, and what each rule matches."""
    for most, verdict in (("900", "It only tightens."), ("2000", "A second person has to")):
        values = form(policy, limit_most=most, only_try="on")
        page = html.unescape(olgas.post(change(policy), values).content.decode())
        assert "Nothing is saved: it was only tried." in page
        assert verdict in page
        assert "Nothing has been decided here lately" in page
        assert "Rule “too much” matches 0 of those changes" in page
    assert Version.objects.count() == 1


def test_a_second_person_sees_what_is_new_and_publishes_it(
    olgas: Client, cast: Cast, policy: Version
) -> None:
    """On one page, with who asked, the difference, what would have been decided, and buttons."""
    olgas.post(change(policy), form(policy, limit_most="2000"))
    waits = Publication.objects.get()
    page = reverse("admin:policies_publication_change", args=[waits.pk])
    assert "another owner or operator has to agree to it" in olgas.get(page).content.decode()
    other = Client()
    other.force_login(cast.otto)
    shown = html.unescape(other.get(page).content.decode())
    for words in ("Olga", "denied becomes waiting for a person where", '+    "most": 2000',
                  "Rule “too much” matches", 'value="publish"'):  # fmt: skip
        assert words in shown
    other.post(reverse("admin:policies_publication_changelist"),
               {"action": "publish", "_selected_action": str(waits.pk)})  # fmt: skip
    shown = other.get(page).content.decode()
    assert "Otto" in shown
    assert 'value="publish"' not in shown
    assert policy.policy.versions.get(stage="active").limits["most"] == 2000


def test_a_policy_does_not_move(olgas: Client, elsewhere: Workspace, policy: Version) -> None:
    """Neither to another workspace nor to another name, even for a member of both."""
    owner = User.objects.get(name="Olga")
    elsewhere.memberships.create(user=owner, role="owner")
    olgas.post(change(policy), form(policy, workspace=elsewhere.pk, name="Other"))
    kept = Policy.objects.get(pk=policy.policy_id)
    assert (kept.workspace_id, kept.name) == (policy.policy.workspace_id, policy.policy.name)


def test_no_policy_is_made_in_a_workspace_of_others(
    mallorys: Client, workspace: Workspace, policy: Version
) -> None:
    """The page neither offers the workspace nor takes it."""
    add = reverse("admin:policies_policy_add")
    assert workspace.name not in mallorys.get(add).content.decode()
    values = form(policy, name="Mine", new_limits=json.dumps(policy.limits))
    assert mallorys.post(add, values).status_code == 200
    assert not Policy.objects.filter(name="Mine").exists()


def test_a_policy_of_others_is_neither_seen_nor_changed(mallorys: Client, policy: Version) -> None:
    """Reading leads away, saving publishes nothing."""
    listed = mallorys.get(reverse("admin:policies_policy_changelist")).content.decode()
    assert policy.policy.name not in listed
    events = Event.objects.count()
    history = reverse("admin:policies_policy_history", args=[policy.policy_id])
    assert mallorys.get(change(policy)).status_code == 302
    assert mallorys.get(history).status_code in (302, 404)
    assert mallorys.post(change(policy), form(policy, limit_most="9")).status_code == 302
    assert Version.objects.count() == 1
    assert Event.objects.count() == events


def test_decisions_of_others_are_not_seen(
    mallorys: Client, workspace: Workspace, policy: Version, now: datetime
) -> None:
    """Not in the list, not on their page, and no rule's name in the filter."""
    made = Decision.objects.create(workspace=workspace, subject_id=uuid7(), version=policy,
                                   basis="b", outcome="review", rule="their secret rule",
                                   reason="r", at=now)  # fmt: skip
    page = mallorys.get(reverse("admin:policies_decision_changelist"))
    assert page.status_code == 200
    assert made.rule not in page.content.decode()
    one = reverse("admin:policies_decision_change", args=[made.pk])
    assert mallorys.get(one).status_code == 302


def test_own_decisions_are_read(
    olgas: Client, workspace: Workspace, policy: Version, now: datetime
) -> None:
    """In the list and on their page, and never changed."""
    made = Decision.objects.create(workspace=workspace, subject_id=uuid7(), version=policy,
                                   basis="b", outcome="review", rule="own rule",
                                   reason="r", at=now)  # fmt: skip
    page = olgas.get(reverse("admin:policies_decision_changelist")).content.decode()
    assert made.rule in page
    one = reverse("admin:policies_decision_change", args=[made.pk])
    assert olgas.get(one).status_code == 200
    assert olgas.post(one, {"outcome": "allow"}).status_code == 403


@pytest.mark.parametrize("default", default_policies(), ids=lambda one: one.name)
def test_every_policy_a_workspace_starts_with_can_be_saved(
    olgas: Client, workspace: Workspace, now: datetime, default: DefaultPolicy
) -> None:
    """As its page shows it nothing changes; with a rule more, all limits stay as they are."""
    version = operations.draft(workspace=workspace, name=default.name, rules=default.rules,
                               limits=default.limits, by="seed", now=now)  # fmt: skip
    operations.publish(version=version, by="seed", now=now)
    typed = as_shown(olgas, version)
    answer = olgas.post(change(version), typed, follow=True).content.decode()
    assert "Nothing changed" in answer
    more = {"name": "m", "when": "hour < limits.more", "outcome": "deny", "reason": "x"}
    changes = {"new_limits": '{"more": 2}', "rules": json.dumps([*version.rules, more])}
    answer = olgas.post(change(version), typed | changes, follow=True)
    assert "Version 2 published." in answer.content.decode()
    active = version.policy.versions.get(stage="active")
    assert active.limits == default.limits | {"more": 2}
    kinds = {name: type(value) for name, value in active.limits.items()}
    assert kinds == {name: type(value) for name, value in (default.limits | {"more": 2}).items()}


def as_shown(client: Client, version: Version) -> dict[str, Any]:
    """What the browser sends when nothing was typed: the form's own values, off switches left out."""
    shown = client.get(change(version)).context["adminform"].form
    values = {name: field.initial for name, field in shown.fields.items()}
    limits = {name: value for name, value in values.items() if name.startswith("limit_")}
    assert len(limits) == len(version.limits)
    sent = {name: "on" if value is True else str(value) for name, value in limits.items()
            if value is not False}  # fmt: skip
    return form(version, **sent, rules=values["rules"], description=version.policy.description)


KINDS = {"text": "EUR", "empty": "", "whole": 60, "other": 0.1, "on": True, "off": False,
         "many": ["JPY", "KRW"], "record": {"JPY": 8000}, "tiny": 1e-07, "large": 12345678901,
         "nothing": None, "currency": "KWD"}  # fmt: skip


def test_a_limit_of_any_kind_comes_back_as_it_was(
    olgas: Client, workspace: Workspace, now: datetime
) -> None:
    """Texts, switches, lists, whole numbers and others, however large."""
    rules = [{"name": "r", "when": "true", "outcome": "review", "reason": "x"}]
    version = operations.draft(workspace=workspace, name="All", rules=rules, limits=KINDS, by="t",
                               now=now)  # fmt: skip
    operations.publish(version=version, by="t", now=now)
    typed = {f"limit_{name}": json.dumps(value) if isinstance(value, (list, dict, type(None)))
             else str(value) for name, value in KINDS.items() if value is not False}  # fmt: skip
    sent = {k: v for k, v in form(version).items() if not k.startswith("limit_")} | typed
    assert "Nothing changed" in olgas.post(change(version), sent, follow=True).content.decode()
    changes = {"limit_text": "CHF", "limit_off": "on", "limit_whole": "2.5",
               "limit_record": '{"JPY": 9000}'}  # fmt: skip
    olgas.post(change(version), sent | changes)
    made = version.policy.versions.get(number=2)  # which waits: no rule reads these limits
    assert made.limits == KINDS | {"text": "CHF", "off": True, "whole": 2.5,
                                     "record": {"JPY": 9000}}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"limit_most": ""}, "This field is required"),
        ({"limit_most": "a lot"}, "Enter a number"),
        ({"limit_most": "NaN"}, "Enter a number"),
        ({"new_limits": "[1]"}, "cannot be published"),
        ({"new_limits": '{"a": NaN}'}, "is no number"),
        ({"new_limits": '{"currency": "EURO"}'}, "is no currency code"),
        ({"new_limits": '{"most": "a text"}'}, "limits.most is a text"),
        ({"rules": '[{"name": "r", "when": "currency > 1", "outcome": "deny", "reason": "x"}]'},
         "currency is a text"),
        ({"rules": "{}"}, "cannot be published"),
        ({"rules": "[1]"}, "cannot be published"),
    ],
)  # fmt: skip
def test_what_cannot_be_published_is_refused_on_the_page(
    olgas: Client, policy: Version, changes: dict[str, str], why: str
) -> None:
    """With the reason; what decides stays what it was."""
    page = olgas.post(change(policy), form(policy, **changes), follow=True).content.decode()
    assert why in html.unescape(page)
    assert Version.objects.count() == 1
