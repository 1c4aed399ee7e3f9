"""Tiers and budgets can be edited in the admin, calls only read; all within the workspace."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from apps.accounts.models import Membership, User, Workspace
from apps.inference.models import Breaker, Call, Tier
from tests.factories import inference as make
from tests.factories.endpoints import Reply, endpoint


@pytest.fixture
def admin(workspace: Workspace, client: Client) -> Client:
    """A superuser of the one workspace, signed in."""
    user = User.objects.create_superuser("admin@example.com", "correct-horse-battery")
    Membership.objects.create(workspace=workspace, user=user, role="owner")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_a_tier_of_the_own_workspace_is_edited_and_others_are_not_offered(
    admin: Client, workspace: Workspace, elsewhere: Workspace
) -> None:
    """Another workspace's tier is neither listed, nor opened, nor a fallback to choose."""
    own = make.tier(workspace, "large")
    foreign = make.tier(elsewhere, "foreign")
    page = admin.get(reverse("admin:inference_tier_changelist"))
    assert "large" in page.content.decode()
    assert "foreign" not in page.content.decode()
    assert admin.get(reverse("admin:inference_tier_change", args=[foreign.pk])).status_code == 302
    address = reverse("admin:inference_tier_change", args=[own.pk])
    assert f'value="{foreign.pk}"' not in admin.get(address).content.decode()
    form = {
        "workspace": str(workspace.pk), "name": "large", "provider": "openai", "model": "new",
        "price_in": "1", "price_out": "2", "timeout_s": "9", "enabled": "on",
    }  # fmt: skip
    assert admin.post(address, form | {"fallback": str(foreign.pk)}).status_code == 200
    assert admin.post(address, form).status_code == 302
    assert Tier.objects.get(pk=own.pk).model == "new"


def form_of(tier: Tier, **changes: str) -> dict[str, str]:
    """What the page of a tier sends."""
    return {"workspace": str(tier.workspace_id), "name": tier.name, "provider": "openai",
            "model": tier.model, "price_in": "1", "price_out": "2", "timeout_s": "9",
            "enabled": "on", **changes}  # fmt: skip


ANSWER = {"choices": [{"message": {"content": "OK"}, "finish_reason": "stop"}]}
NO_MODEL = {"error": {"message": "no such model", "code": "model_not_found"}}


def test_saving_a_tier_asks_its_model(
    admin: Client, workspace: Workspace, settings: Settings
) -> None:
    """Once; what is wrong is said at the field, and nothing is saved."""
    tier = make.tier(workspace, "large")
    address = reverse("admin:inference_tier_change", args=[tier.pk])

    def answer(_path: str, body: dict[str, Any]) -> Reply:
        known = body["model"] == "good"
        return Reply(body=ANSWER) if known else Reply(status=404, body=NO_MODEL)

    with endpoint(answer) as (url, asked):
        settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = url, "k"
        assert "cannot be used" in admin.post(address, form_of(tier, model="bad")).content.decode()
        assert Tier.objects.get(pk=tier.pk).model == tier.model
        assert admin.post(address, form_of(tier, model="good")).status_code == 302
        before = len(asked)
        tier.refresh_from_db()
        assert admin.post(address, form_of(tier, price_in="5")).status_code == 302
        assert len(asked) == before  # a price is no matter of the model


def test_a_tier_whose_model_is_ours_to_allow_names_the_setting(
    admin: Client, workspace: Workspace, settings: Settings
) -> None:
    """And can be saved switched off."""
    tier = make.tier(workspace, "large")
    address = reverse("admin:inference_tier_change", args=[tier.pk])
    settings.OPENAI_BASE_URL, settings.OUTBOUND_ALLOW = "http://127.0.0.1:9/v1", ()
    page = admin.post(address, form_of(tier, model="m")).content.decode()
    assert "OUTBOUND_ALLOW" in page
    off = form_of(tier, model="m")
    del off["enabled"]
    assert admin.post(address, off).status_code == 302


def test_what_is_spent_is_shown_but_not_edited(admin: Client, workspace: Workspace) -> None:
    """An operator changes the limit, never the count."""
    budget = make.budget(workspace, "1")
    address = reverse("admin:inference_budget_change", args=[budget.pk])
    page = admin.get(address).content.decode()
    assert 'name="limit"' in page
    assert 'name="spent"' not in page


def test_calls_are_read_only(admin: Client, workspace: Workspace, now: datetime) -> None:
    """No adding, changing or deleting."""
    call = Call.objects.create(workspace=workspace, purpose="plan", at=now, overdue_at=now)
    assert admin.get(reverse("admin:inference_call_changelist")).status_code == 200
    assert admin.get(reverse("admin:inference_call_add")).status_code == 403
    address = reverse("admin:inference_call_change", args=[call.pk])
    assert admin.get(address).status_code == 200
    assert admin.post(address, {"purpose": "other"}).status_code == 403
    assert admin.post(reverse("admin:inference_call_delete", args=[call.pk])).status_code == 403


def test_models_left_alone_are_seen(
    admin: Client, workspace: Workspace, elsewhere: Workspace, now: datetime
) -> None:
    """Since when and why; another workspace's are not there. They close by themselves."""
    for owner, model in ((workspace, "model-away"), (elsewhere, "model-foreign")):
        Breaker.objects.create(
            workspace=owner, endpoint="https://models.example/v1", model=model, circuit="open",
            failures=5, opened_at=now, probe_at=now, error="HTTP 503",
        )  # fmt: skip
    page = admin.get(reverse("admin:inference_breaker_changelist")).content.decode()
    assert "model-away" in page
    assert "HTTP 503" in page
    assert "model-foreign" not in page
    assert admin.get(reverse("admin:inference_breaker_add")).status_code == 403
