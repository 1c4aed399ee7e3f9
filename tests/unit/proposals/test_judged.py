"""Which proposals people have judged, and how."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from apps.accounts.models import Workspace
from apps.gateway.models import Connector
from apps.policies.models import Version
from apps.proposals import operations
from apps.proposals.judged import SPAN, judged
from apps.proposals.models import Proposal
from tests.conftest import Cast
from tests.factories.proposals import AGENT, propose

OWN = replace(AGENT, agent_id=uuid4())


@pytest.fixture
def waiting(workspace: Workspace, connector: Connector, policy: Version, now: datetime) -> Proposal:
    """A price over the limit, of an agent of ours."""
    return propose(workspace, "20.00", now=now, origin=OWN)


def test_what_nobody_has_judged_says_nothing(
    workspace: Workspace, waiting: Proposal, now: datetime
) -> None:
    """Neither what waits nor what passed alone."""
    assert propose(workspace, "5.00", now=now, origin=OWN).state == "approved"
    assert judged(workspace.pk, playbook="repricing", now=now) == []


def test_an_approval_without_an_edit_is_right(
    workspace: Workspace, waiting: Proposal, cast: Cast, now: datetime
) -> None:
    """Until it is undone, and for half a year."""
    operations.approve(proposal_id=waiting.pk, user=cast.rita, binding=waiting.binding, now=now)
    found = judged(workspace.pk, playbook="repricing", now=now)
    assert found == [(waiting.case, True)]
    assert judged(workspace.pk, playbook="refund_desk", now=now) == []
    assert judged(workspace.pk, playbook="repricing", now=now + SPAN + timedelta(days=1)) == []
    Proposal.objects.filter(pk=waiting.pk).update(state="undone")
    assert judged(workspace.pk, playbook="repricing", now=now) == [(waiting.case, False)]


def test_a_rejection_is_wrong(
    workspace: Workspace, waiting: Proposal, cast: Cast, now: datetime
) -> None:
    """Whatever the reason."""
    operations.reject(proposal_id=waiting.pk, user=cast.rita, binding=waiting.binding,
                      reason="no", now=now)  # fmt: skip
    assert judged(workspace.pk, playbook="repricing", now=now) == [(waiting.case, False)]


def test_an_approval_of_something_else_is_wrong(
    workspace: Workspace, waiting: Proposal, cast: Cast, now: datetime
) -> None:
    """The reviewer changed it first, by hand or by asking."""
    operations.approve(proposal_id=waiting.pk, user=cast.rita, binding=waiting.binding, now=now)
    waiting.changes.update(params={"amount": "19.00"})
    assert judged(workspace.pk, playbook="repricing", now=now) == [(waiting.case, False)]
