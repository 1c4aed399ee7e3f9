"""`manage.py seed`: the demo workspace with its people, connectors, policies and agents.

Run again it changes nothing that is there already: what people have edited stays edited, and in a
workspace whose demo data was removed nothing is made anew but a way to sign in.
"""

import json
import os
import secrets
from argparse import ArgumentParser
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from django.contrib.auth.models import Permission
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from aios.provisioning import CURRENCY, enrol, hold_what_is_final, publish_policies
from apps.accounts import operations as accounts
from apps.accounts.models import ApiKey, Role, User, Workspace
from apps.agents import operations as agents
from apps.agents.playbooks.registry import PLAYBOOKS
from apps.gateway.configuration import configure_connector
from apps.gateway.models import Connector

BY = "seed"
# Whose pages of the admin an operator may use; people and keys are the owner's
OPERATED = ("agents", "audit", "django_celery_beat", "gateway", "inference", "memory", "policies")
KEY_NAME = "Demo key"
FEED = {"messages": "/demo/customer-messages", "competitor_prices": "/demo/competitor-prices"}


class Person(NamedTuple):
    """Somebody of the demo; `ceiling` is the most they approve at once, None: any amount."""

    email: str
    name: str
    role: Role
    ceiling: Decimal | None


PEOPLE = (
    Person("owner@demo.example", "Olga Owner", Role.OWNER, None),
    Person("operator@demo.example", "Otto Operator", Role.OPERATOR, Decimal(1000)),
    Person("reviewer@demo.example", "Rita Reviewer", Role.REVIEWER, Decimal(500)),
    Person("junior@demo.example", "Jun Junior", Role.REVIEWER, Decimal(20)),
)


class Command(BaseCommand):
    """Make what is missing of the demo."""

    help = "Make the demo workspace with its people, connectors, policies and agents."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--credentials", type=Path, required=True, metavar="FILE", help="written, mode 0600"
        )
        parser.add_argument("--shop", required=True, metavar="URL")
        parser.add_argument("--shop-secret", "--secret", required=True, metavar="KEY")
        parser.add_argument("--mail", required=True, metavar="smtp://HOST:PORT")
        parser.add_argument("--mailbox", metavar="URL", help="default: the demo shop's")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make everything in one transaction, then write the credentials."""
        now, file = timezone.now(), options["credentials"]
        mailbox = options["mailbox"] or f"{options['shop'].rstrip('/')}/demo/mailbox"
        with transaction.atomic():
            workspace = find_workspace(now)
            people = [find_person(workspace, person, now=now) for person in PEOPLE]
            if workspace.is_demo:
                connect(workspace, options["shop"], options["shop_secret"], options["mail"],
                        mailbox, now=now)  # fmt: skip
                publish_policies(workspace, by=BY, now=now)
                hold_what_is_final(workspace, by=BY, now=now)
                start_agents(workspace, now=now)
            # The file comes last: without it, the next run gives everybody a new password
            handed_out = None if file.exists() else hand_out(workspace, people, now=now)
        if handed_out is not None:
            write_secret(file, json.dumps(handed_out, indent=2) + "\n")
        self.stdout.write(f"The workspace “{workspace}” is ready.")


def find_workspace(now: datetime) -> Workspace:
    """The demo workspace."""
    workspace, _ = Workspace.objects.get_or_create(
        slug="demo", defaults={"name": "Demo shop", "is_demo": True, "created_at": now}
    )
    return workspace


def find_person(workspace: Workspace, person: Person, *, now: datetime) -> User:
    """The person, a member with authority over every action up to their ceiling."""
    known = User.objects.filter(email=person.email).first()
    if known is not None:
        return known
    user = User.objects.create_user(
        person.email,
        name=person.name,
        is_staff=person.role in (Role.OWNER, Role.OPERATOR),
        is_superuser=person.role == Role.OWNER,
    )
    enrol(workspace, user, role=person.role, ceiling=person.ceiling, by=BY, now=now)
    if person.role == Role.OPERATOR:
        pages = Permission.objects.filter(content_type__app_label__in=OPERATED)
        user.user_permissions.set(pages)
    return user


def connect(
    workspace: Workspace, shop: str, secret: str, mail: str, mailbox: str, *, now: datetime
) -> None:
    """The shop, the mail server and the feeds; addresses follow a demo shop on another port."""
    sender = {"from": "Demo shop <service@demo.example>", "mailbox_url": mailbox,
              "mailbox_page": f"{shop}/mailbox"}  # fmt: skip
    wanted: tuple[tuple[str, str, str, dict[str, str], str], ...] = (
        ("Demo shop", "medusa", shop, {}, secret),
        ("Mail", "mail", mail, sender, ""),
        ("Feeds of the demo shop", "feed", shop, FEED, ""),
    )
    for name, kind, address, settings, key in wanted:
        old = Connector.objects.filter(workspace=workspace, name=name).first()
        kept = old.settings if old else {}
        configure_connector(
            workspace=workspace,
            name=name,
            kind=kind,
            address=address,
            settings={**kept, **settings},
            secret=key,
            enabled=old.enabled if old else True,
            by=BY,
            now=now,
        )


def start_agents(workspace: Workspace, *, now: datetime) -> None:
    """An agent of each playbook, scheduled, with its first run begun."""
    for playbook in PLAYBOOKS.values():
        if workspace.agents.filter(playbook=playbook.name).exists():
            continue
        agent = agents.configure(
            workspace=workspace, name=playbook.title, playbook=playbook.name, by=BY, now=now
        )
        agents.schedule(agent=agent, every=playbook.rhythm, by=BY, now=now)
        agents.start(agent=agent, trigger="schedule", by=BY, now=now)


def hand_out(workspace: Workspace, people: list[User], *, now: datetime) -> dict[str, Any]:
    """New passwords for all, and an API key with the operator's rights; older ones end."""
    rows = []
    for person, user in zip(PEOPLE, people, strict=True):
        password = secrets.token_urlsafe(12)
        user.set_password(password)
        user.save(update_fields=["password"])
        rows.append({"role": described(person), "email": person.email, "password": password})
    operator = people[1]
    for key in ApiKey.objects.filter(workspace=workspace, name=KEY_NAME, revoked_at=None):
        accounts.revoke_key(key=key, by=BY, now=now)
    _, token = accounts.create_key(workspace=workspace, user=operator, name=KEY_NAME,
                                   scopes=list(accounts.SCOPES), now=now)  # fmt: skip
    return {"people": rows, "api_key": token}


def described(person: Person) -> str:
    """The role in words, with what the person may approve."""
    limit = "any amount" if person.ceiling is None else f"up to {person.ceiling} {CURRENCY}"
    return f"{person.role.label.lower()}, approves {limit}"


def write_secret(file: Path, content: str) -> None:
    """Write a file only its owner may read; it is there completely or not at all."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(file)
