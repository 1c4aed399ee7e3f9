"""One insider does not widen a policy: neither through a page nor with any other name for it."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts import invitations
from apps.accounts.models import Membership, User, Workspace
from apps.accounts.permissions import can
from apps.audit.models import Event
from apps.policies import queries
from apps.policies.exchange import NoRate
from apps.policies.models import CurrencySetting, ExchangeRate, Publication, Stage, Version
from tests.conftest import LIMITS, Cast
from tests.redteam.test_history import as_the_product, run

ALLOWED = {"apps/policies/publishing.py", "apps/policies/operations.py", "aios/provisioning.py"}


def sent(version: Version, **changes: object) -> dict[str, object]:
    """What the page of a policy sends."""
    limits = {f"limit_{name}": str(value) for name, value in version.limits.items()}
    return {"workspace": version.policy.workspace_id, "name": version.policy.name,
            "description": "", "new_limits": "", "rules": json.dumps(version.rules),
            "versions-TOTAL_FORMS": "0", "versions-INITIAL_FORMS": "0"} | limits | changes  # fmt: skip


def in_force(workspace: Workspace) -> list[tuple[str, int]]:
    """The versions that decide."""
    rows = Version.objects.filter(policy__workspace=workspace, stage=Stage.ACTIVE)
    return sorted(rows.values_list("policy__name", "number"))


def act(client: Client, page: str, action: str, pk: object) -> str:
    """Choose a row of a list and an action."""
    answer = client.post(reverse(f"admin:policies_{page}_changelist"),
                         {"action": action, "_selected_action": [str(pk)]}, follow=True)  # fmt: skip
    return answer.content.decode()


@pytest.mark.parametrize("who", ["olga", "otto"])
@pytest.mark.parametrize(
    "attack",
    [
        {"limit_most": "100000"},
        {"limit_auto_up_to": "1000"},
        {"rules": json.dumps([{"name": "all", "when": "true", "outcome": "allow", "reason": "x"}])},
        {"new_limits": '{"sole_owner_may_finish_undo": true}'},
        {"new_limits": '{"currency": "JPY"}'},
    ],
    ids=["the most", "alone", "everything", "own undo", "currency"],
)
def test_saving_and_publishing_alone(
    client: Client, cast: Cast, workspace: Workspace, policy: Version, who: str, attack: dict
) -> None:
    """The version waits, and whoever made it cannot publish it in the list."""
    user: User = getattr(cast, who)
    client.force_login(user)
    page = reverse("admin:policies_policy_change", args=[policy.policy_id])
    answer = client.post(page, sent(policy, **attack), follow=True).content.decode()
    assert "is not in force yet" in answer
    waits = Publication.objects.get()
    assert "another owner or operator" in act(client, "publication", "publish", waits.pk)
    assert in_force(workspace) == [("Guardrails", 1)]
    assert "is not in force yet" in client.get(page).content.decode()
    shown = client.get(reverse("admin:policies_publication_change", args=[waits.pk]))
    assert 'value="publish"' not in shown.content.decode()


def test_a_new_policy_beside_the_others(
    client: Client, cast: Cast, workspace: Workspace, policy: Version
) -> None:
    """It allows something that nothing denies but silence."""
    client.force_login(cast.otto)
    rules = [{"name": "a", "when": "true", "outcome": "allow", "reason": "x",
              "actions": ["send_message"]}]  # fmt: skip
    values = sent(policy, name="More", rules=json.dumps(rules), new_limits=json.dumps(LIMITS))
    client.post(reverse("admin:policies_policy_add"), values)
    assert in_force(workspace) == [("Guardrails", 1)]


def test_going_back_to_what_was_wider(
    client: Client, cast: Cast, workspace: Workspace, policy: Version
) -> None:
    """A rollback is a change; a second person publishes it."""
    client.force_login(cast.otto)
    page = reverse("admin:policies_policy_change", args=[policy.policy_id])
    assert "Version 2 published" in client.post(
        page, sent(policy, limit_most="50"), follow=True).content.decode()  # fmt: skip
    act(client, "version", "go_back", policy.pk)
    assert in_force(workspace) == [("Guardrails", 2)]
    client.force_login(cast.olga)
    act(client, "publication", "publish", Publication.objects.get().pk)
    assert in_force(workspace) == [("Guardrails", 3)]


def test_an_owner_of_elsewhere_is_no_second_person(
    client: Client, cast: Cast, workspace: Workspace, policy: Version
) -> None:
    """They see nothing of it and publish nothing."""
    client.force_login(cast.olga)
    page = reverse("admin:policies_policy_change", args=[policy.policy_id])
    client.post(page, sent(policy, limit_most="5000"))
    client = Client()
    client.force_login(cast.mallory)
    for action in ("publish", "turn_down"):
        assert "Guardrails" not in act(client, "publication", action, Publication.objects.get().pk)
    act(client, "version", "go_back", policy.pk)
    assert in_force(workspace) == [("Guardrails", 1)]
    assert Publication.objects.get().state == "waiting"


@pytest.mark.parametrize("way", ["invited", "promoted"])
def test_inviting_ones_second_person(
    client: Client, cast: Cast, workspace: Workspace, policy: Version, way: str
) -> None:
    """An owner makes an operator of a new account, or of a reviewer whose password they have."""
    client.force_login(cast.olga)
    client.post(reverse("admin:policies_policy_change", args=[policy.policy_id]),
                sent(policy, limit_most="5000"))  # fmt: skip
    puppet, now = cast.rita, timezone.now()
    if way == "invited":
        _, token = invitations.invite(workspace=workspace, email="puppet@shop.example",
                                      role="operator", by=cast.olga, now=now)  # fmt: skip
        puppet, _ = invitations.join_as_new(token=token, name="P", password=token, now=now)
    else:
        place = Membership.objects.get(workspace=workspace, user=puppet)
        client.post(reverse("admin:accounts_membership_change", args=[place.pk]),
                    {"role": "operator"})  # fmt: skip
    assert can(puppet, "configure", workspace.pk)
    client.force_login(puppet)
    answer = act(client, "publication", "publish", Publication.objects.get().pk)
    assert "You were given your role here only lately" in answer
    assert in_force(workspace) == [("Guardrails", 1)]


@pytest.mark.parametrize("attack", [{"currency": "JPY"}, {"rates_max_age_days": "300"}])
def test_counting_in_another_currency(
    client: Client, cast: Cast, workspace: Workspace, policy: Version, attack: dict
) -> None:
    """Limits of 1,000 EUR are not made 1,000 yen, nor are old rates let in, beside the policy."""
    client.force_login(cast.olga)
    CurrencySetting.objects.create(workspace=workspace)
    page = reverse("admin:policies_currencysetting_change", args=[workspace.pk])
    answer = client.post(page, {"currency": "EUR", "rates_max_age_days": "7"} | attack, follow=True)
    assert "This might let something new through" in answer.content.decode()
    setting = CurrencySetting.objects.get()
    assert (setting.currency, setting.rates_max_age_days) == ("EUR", 7)


def test_moving_a_rate_in_small_steps(client: Client, cast: Cast, workspace: Workspace) -> None:
    """Each hundredth for itself is little; the others are told, and none of it is in force."""
    client.force_login(cast.otto)
    for step in range(8):
        client.post(reverse("admin:policies_exchangerate_add"), {
            "workspace": workspace.pk, "base": "EUR", "quote": "JPY", "rate": str(100 + step),
            "as_of": f"{datetime.now(UTC):%Y-%m-%d}", "source": "ECB", "sheet": ""})  # fmt: skip
    assert ExchangeRate.objects.get().rate == 107
    with pytest.raises(NoRate):
        queries.rates(workspace.pk).exchange("JPY", "EUR", today=datetime.now(UTC).date())
    assert Event.objects.filter(kind="rates.moved", actor=cast.otto.actor).count() == 2


def test_a_version_that_waits_is_not_rewritten(
    client: Client, cast: Cast, workspace: Workspace, policy: Version
) -> None:
    """What the second person sees is what is published: the product's role changes neither."""
    client.force_login(cast.olga)
    client.post(reverse("admin:policies_policy_change", args=[policy.policy_id]),
                sent(policy, limit_most="5000"))  # fmt: skip
    waits = Publication.objects.get()
    for statement in (
        "UPDATE policies_version SET limits = '{}' WHERE stage = 'draft'",
        "UPDATE policies_version SET author = 'user:x' WHERE stage = 'draft'",
        "UPDATE policies_publication SET asked_by = 'user:x'",
        "UPDATE policies_publication SET alone_from = now()",
        "UPDATE policies_publication SET findings = '[]'",
        "DELETE FROM policies_publication",
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            run(statement)
    client.force_login(cast.otto)
    with as_the_product():
        act(client, "publication", "publish", waits.pk)
    with pytest.raises(DatabaseError, match="stays as it is"), transaction.atomic():
        run("UPDATE policies_publication SET decided_by = 'user:x'")
    assert Version.objects.get(stage=Stage.ACTIVE).limits["most"] == 5000


def test_nothing_else_publishes() -> None:
    """Only what asks for a second person, and what makes a new workspace."""
    root = Path(__file__).parents[2]
    for path in [*root.glob("apps/**/*.py"), *root.glob("aios/**/*.py")]:
        name = path.relative_to(root).as_posix()
        text = path.read_text()
        speaks_of_policies = "policies import operations" in text or name in ALLOWED
        if speaks_of_policies and name not in ALLOWED:
            assert "operations.publish(" not in text, name
            assert "policies.publish(" not in text, name
        if name != "apps/policies/operations.py":
            assert "stage=Stage.ACTIVE, published_at" not in text, name
