"""The demo's data: complete, made once, and its secrets in one file."""

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from apps.accounts.models import ApiKey, User, Workspace
from apps.accounts.permissions import can
from apps.accounts.queries import find_key
from apps.agents.erasure import remove_demo
from apps.agents.models import Agent, Run
from apps.audit.models import Event, Payload
from apps.gateway.models import Connector
from apps.policies.models import Version
from apps.policies.queries import guardrails
from tests.factories.authority import can_approve

SECRET = "sk_canary_of_the_shop"


def seed(file: Path, shop: str = "http://127.0.0.1:9000") -> None:
    """Run the command."""
    call_command("seed", "--credentials", str(file), "--shop", shop, "--shop-secret", SECRET,
                 "--mail", "smtp://127.0.0.1:1025")  # fmt: skip


@pytest.mark.django_db
def test_it_makes_a_workspace_that_can_work(tmp_path: Path) -> None:
    """People, connectors, policies, agents with schedules and their first runs."""
    file = tmp_path / "credentials.json"
    seed(file)
    workspace = Workspace.objects.get()
    assert workspace.is_demo
    assert set(Connector.objects.values_list("kind", flat=True)) == {"medusa", "mail", "feed"}
    assert len(guardrails(workspace.pk).versions) == 3
    assert Agent.objects.filter(enabled=True).count() == 3
    assert PeriodicTask.objects.filter(task="agents.start").count() == 3
    assert set(Run.objects.values_list("trigger", flat=True)) == {"schedule"}
    known = json.loads(file.read_text())
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(known["people"]) == 4
    for person in known["people"]:
        assert User.objects.get(email=person["email"]).check_password(person["password"])
    key = find_key(known["api_key"], now=timezone.now())
    assert key is not None
    assert key.user.email == "operator@demo.example"


@pytest.mark.django_db
def test_who_may_approve_what(tmp_path: Path) -> None:
    """The reviewer up to 500, the junior up to 20; prices are no money that leaves."""
    seed(tmp_path / "credentials.json")
    workspace = Workspace.objects.get().pk
    people = {user.email.split("@")[0]: user for user in User.objects.all()}

    def approves(name: str, action: str, amount: str) -> bool:
        return can_approve(people[name], workspace_id=workspace, action=action,
                           amount=Decimal(amount), currency="EUR")  # fmt: skip

    assert approves("reviewer", "refund_payment", "500")
    assert not approves("reviewer", "refund_payment", "500.01")
    assert approves("junior", "refund_payment", "20")
    assert not approves("junior", "refund_payment", "20.01")
    assert approves("junior", "set_price", "200")
    assert approves("owner", "refund_payment", "100000")
    assert not can(people["reviewer"], "configure", workspace)
    assert people["operator"].is_staff
    assert not people["operator"].is_superuser
    assert people["operator"].has_perm("policies.change_policy")
    assert not people["operator"].has_perm("accounts.change_user")


@pytest.mark.django_db
def test_again_it_changes_nothing(tmp_path: Path) -> None:
    """Neither what it made nor what people have edited since; passwords stay."""
    file = tmp_path / "credentials.json"
    seed(file)
    before, events = file.read_text(), Event.objects.count()
    Agent.objects.filter(playbook="repricing").update(enabled=False, settings={"batch": 3})
    PeriodicTask.objects.filter(task="agents.start").update(enabled=False)
    seed(file)
    assert file.read_text() == before
    assert Event.objects.count() == events
    assert Agent.objects.get(playbook="repricing").settings == {"batch": 3}
    assert not PeriodicTask.objects.filter(task="agents.start", enabled=True).exists()
    assert Version.objects.count() == 3


@pytest.mark.django_db
def test_a_lost_file_gives_new_passwords_and_ends_the_old_key(tmp_path: Path) -> None:
    """Also after a start that was killed before the file was written."""
    file = tmp_path / "credentials.json"
    seed(file)
    old = json.loads(file.read_text())
    file.unlink()
    seed(file)
    new = json.loads(file.read_text())
    owner = User.objects.get(email="owner@demo.example")
    assert owner.check_password(new["people"][0]["password"])
    assert not owner.check_password(old["people"][0]["password"])
    now = timezone.now() + timedelta(seconds=1)
    assert find_key(old["api_key"], now=now) is None
    assert find_key(new["api_key"], now=now) is not None
    assert ApiKey.objects.filter(revoked_at=None).count() == 1


@pytest.mark.django_db
def test_the_shop_may_move_to_another_port(tmp_path: Path) -> None:
    """`up --shop-port` given another number."""
    seed(tmp_path / "credentials.json")
    seed(tmp_path / "credentials.json", shop="http://127.0.0.1:9100")
    assert Connector.objects.get(kind="medusa").address == "http://127.0.0.1:9100"
    assert Connector.objects.get(kind="mail").settings["mailbox_url"] == (
        "http://127.0.0.1:9100/demo/mailbox"
    )


@pytest.mark.django_db
def test_no_secret_reaches_the_audit_log(tmp_path: Path) -> None:
    """Neither the shop's key nor a password."""
    file = tmp_path / "credentials.json"
    seed(file)
    known, told = json.loads(file.read_text()), str(list(Payload.objects.values("fields")))
    secrets = [SECRET, known["api_key"], *(person["password"] for person in known["people"])]
    assert not [secret for secret in secrets if secret in told]


@pytest.mark.django_db
def test_a_removed_demo_does_not_come_back(tmp_path: Path) -> None:
    """The next start leaves the workspace to its people, who can still sign in."""
    file = tmp_path / "credentials.json"
    seed(file)
    workspace = Workspace.objects.get()
    remove_demo(workspace=workspace, by="user:olga", now=timezone.now())
    file.unlink()
    seed(file)
    assert not Agent.objects.exists()
    assert not Connector.objects.exists()
    assert not PeriodicTask.objects.filter(task="agents.start").exists()
    assert len(json.loads(file.read_text())["people"]) == 4
