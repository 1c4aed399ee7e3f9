"""A workspace whose policy has prices above 10 waited for, and what the log tells of them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from apps.accounts.models import Workspace
from apps.audit.models import Event, Payload
from apps.gateway.models import Connector
from apps.policies import operations as policies
from apps.policies.models import Version
from apps.proposals.models import Proposal
from tests.conftest import Cast
from tests.factories.proposals import propose

Told = Callable[..., list[tuple[str, str, dict[str, Any]]]]


@pytest.fixture
def world(cast: Cast, connector: Connector, policy: Version) -> Cast:
    """The cast, a ledger and a policy."""
    return cast


@pytest.fixture
def waiting(world: Cast, workspace: Workspace, now: datetime) -> Proposal:
    """One proposal that waits for a person."""
    return propose(workspace, "50", now=now)


@pytest.fixture
def of_two(world: Cast, workspace: Workspace, policy: Version, now: datetime) -> Proposal:
    """One that waits for two people."""
    rules = [
        {**rule, "reviewers": 2} if rule["outcome"] == "review" else rule for rule in policy.rules
    ]
    version = policies.draft(workspace=workspace, name="Guardrails", rules=rules,
                             limits=policy.limits, by="t", now=now)  # fmt: skip
    policies.publish(version=version, by="t", now=now)
    return propose(workspace, "50", now=now)


@pytest.fixture
def told() -> Told:
    """What was recorded about a proposal with these kinds: (kind, actor, fields) in order."""

    def tell(proposal: Proposal, *kinds: str) -> list[tuple[str, str, dict[str, Any]]]:
        events = Event.objects.filter(subject_id=str(proposal.pk), kind__in=kinds).order_by("id")
        fields = dict(Payload.objects.values_list("event_id", "fields"))
        return [(event.kind, event.actor, fields[event.id]) for event in events]

    return tell
