"""A migrated database with a workspace, a demo shop as its connector, and API keys.

COMMAND with an address and a secret of the shop makes it in the database of DATABASE_URL, whose
role must own it, and prints the keys as JSON: {"submit": [...], "review": [...]}.
"""

import json
import sys
from decimal import Decimal

from django.core.management import call_command
from django.utils import timezone

from apps.accounts import operations as accounts
from apps.accounts.models import Role, User, Workspace
from apps.gateway.configuration import configure_connector
from apps.policies import operations as policies

COMMAND = [
    sys.executable, "-c",
    "import sys, django; django.setup(); "
    "from tests.reliability import ground; ground.main(*sys.argv[1:])",
]  # fmt: skip
KEYS = 8  # of each kind, so that no key comes to its limit of requests a minute
RULE = {"name": "ask", "when": "true", "outcome": "review", "reason": "always asked"}


def main(address: str, secret: str) -> None:
    """Make it and print the keys."""
    call_command("migrate", verbosity=0)
    now = timezone.now()
    workspace = Workspace.objects.create(name="Crash", slug="crash")
    version = policies.draft(
        workspace=workspace, name="Ask", rules=[RULE], limits={}, by="test", now=now
    )
    policies.publish(version=version, by="test", now=now)
    configure_connector(
        workspace=workspace, name="shop", kind="medusa", address=address,
        settings={"timeout": "3"}, secret=secret, by="test", now=now,
    )  # fmt: skip
    keys = {}
    for purpose in ("submit", "review"):
        user = User.objects.create_user(f"{purpose}@example.com", None, name=purpose)
        accounts.add_member(workspace=workspace, user=user, role=Role.REVIEWER, by="test", now=now)
        accounts.authorise(workspace=workspace, user=user, action="set_price",
                           ceiling=Decimal(100_000), currency="EUR", by="test", now=now)  # fmt: skip
        keys[purpose] = [
            accounts.create_key(workspace=workspace, user=user, name=purpose,
                                scopes=[f"proposals:{purpose}"], now=now)[1]
            for _ in range(KEYS)
        ]  # fmt: skip
    sys.stdout.write(json.dumps(keys) + "\n")
