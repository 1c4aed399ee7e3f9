"""`manage.py create_workspace`: an empty workspace and its owner, for a shop of one's own."""

import secrets
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import OperationalError, transaction
from django.utils import timezone
from django.utils.text import slugify

from aios.provisioning import enrol, hold_what_is_final, publish_policies
from apps.accounts.models import Role, User, Workspace

BY = "system"
KEPT_FOR_THE_DEMO = "demo"


class Command(BaseCommand):
    """Make a workspace with its owner and policies, and say how to go on."""

    help = "Make a workspace and its owner, who may approve everything; shows a password once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("name", metavar="NAME", help='such as "My shop"')
        parser.add_argument("--owner", required=True, metavar="EMAIL")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make everything in one transaction, or nothing."""
        try:
            self._create(options)
        except OperationalError as e:
            raise CommandError(
                "The database does not answer. Start AIOS first, leave it running, and name its "
                f"data folder as it says: AIOS_DATA=DIR ({e})"
            ) from e

    def _create(self, options: dict[str, Any]) -> None:
        name, email, now = options["name"].strip(), options["owner"].strip().lower(), timezone.now()
        refuse_bad_email(email)
        with transaction.atomic():
            workspace = create_workspace(name, now=now)
            owner, password = find_owner(email)
            enrol(workspace, owner, role=Role.OWNER, ceiling=None, by=BY, now=now)
            publish_policies(workspace, by=BY, now=now)
            hold_what_is_final(workspace, by=BY, now=now)
        self.stdout.write(f"The workspace “{workspace}” is ready. Its owner may approve anything.")
        self.stdout.write(f"  sign in as: {owner.email}")
        shown = f"{password} (shown once)" if password else "the one this person has already"
        self.stdout.write(f"  password:   {shown}")
        self.stdout.write("Next: sign in. A guide connects your shop and tries a first agent out.")


def refuse_bad_email(email: str) -> None:
    """Stop unless it is an address. Raises `CommandError`."""
    try:
        validate_email(email)
    except ValidationError:
        raise CommandError(f"--owner {email!r} is not an e-mail address.") from None


def create_workspace(name: str, *, now: datetime) -> Workspace:
    """The new workspace.

    Raises:
        CommandError: the name is empty, too long, kept for the demo, or taken.
    """
    if not 0 < len(name) <= 200:
        raise CommandError("NAME must have between 1 and 200 characters.")
    slug = slugify(name)[:50] or f"workspace-{secrets.token_hex(4)}"  # 店 has no ASCII letters
    if slug == KEPT_FOR_THE_DEMO:
        raise CommandError(f"The name “{name}” is kept for the demo; choose another.")
    if Workspace.objects.filter(name=name).exists() or Workspace.objects.filter(slug=slug).exists():
        raise CommandError(f"There is a workspace named like “{name}”; choose another name.")
    return Workspace.objects.create(name=name, slug=slug, created_at=now)


def find_owner(email: str) -> tuple[User, str]:
    """The person, with every page of the admin, and their password if they are new, else ""."""
    known = User.objects.filter(email=email).first()
    if known is not None:
        known.is_active = known.is_staff = known.is_superuser = True
        known.save(update_fields=["is_active", "is_staff", "is_superuser"])
        return known, ""
    password = secrets.token_urlsafe(12)
    return User.objects.create_superuser(email, password), password
