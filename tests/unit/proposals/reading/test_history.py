"""What was before: the same record, the same customer; bounded and in few queries."""

import pytest
from django.utils import timezone

from apps.gateway.models import Execution
from apps.gateway.models import State as ExecutionState
from apps.proposals import operations
from apps.proposals.models import Proposal
from apps.proposals.reading.history import about, around, of_target
from tests.factories.proposals import AGENT, price_change, propose

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(cast, connector, policy):
    """The cast with a connector and a policy."""
    return cast


def carried_out(proposal: Proposal, now) -> None:
    """As the gateway leaves it: proven, with its time."""
    Proposal.objects.filter(pk=proposal.pk).update(state="done")
    changes = proposal.changes.all()
    changes.update(is_open=False)
    Execution.objects.filter(subject_id__in=[one.pk for one in changes]).update(
        state=ExecutionState.DONE, receipt={}, finished_at=now
    )


def test_only_what_was_carried_out_is_history(world, workspace, now, django_assert_num_queries):
    """Oldest first; what was rejected never happened to the record."""
    done = propose(workspace, "8", variant="v1", now=now)
    carried_out(done, now)
    refused = propose(workspace, "50", variant="v1", now=now)
    operations.reject(proposal_id=refused.pk, user=world.rita, binding=refused.binding,
                      reason="No.", now=now)  # fmt: skip
    newer = propose(workspace, "9", variant="v1", now=now)
    carried_out(newer, now)
    asked = propose(workspace, "60", variant="v1", now=now)
    change = asked.changes.get()
    with django_assert_num_queries(1):
        past = of_target(change)
    assert [one.proposal_id for one in past] == [done.pk, newer.pk]
    assert [one.params["amount"] for one in past] == ["8.00", "9.00"]
    assert {one.at for one in past} == {now}
    assert len(of_target(change, limit=1)) == 1


def asking(workspace, customer, now, variant=""):
    """A proposal that says whom it is about."""
    [made] = operations.submit(
        workspace=workspace,
        drafts=[operations.Draft(title="Hello", rationale="Because.",
                                 changes=[price_change("50", variant)],
                                 case={"about": customer})],
        origin=AGENT,
        now=now,
    )  # fmt: skip
    assert made is not None
    return made


def test_others_about_the_same_customer_or_record(
    world, workspace, elsewhere, now, django_assert_num_queries
):
    """Open and settled ones, newest first; no strangers, and not itself."""
    earlier = asking(workspace, "customer:ada@example.com", now)
    same_record = propose(workspace, "8", variant="v9", now=now)
    carried_out(same_record, now)
    asking(workspace, "customer:bob@example.com", now)
    asked = asking(workspace, "customer:ada@example.com", timezone.now(), variant="v9")
    changes = list(asked.changes.all())
    with django_assert_num_queries(1):
        found = around(asked, changes)
    assert [one.pk for one in found] == [same_record.pk, earlier.pk]
    assert around(asked, list(asked.changes.all()), limit=1) == found[:1]


def test_what_says_nothing_is_about_nobody(workspace):
    """A case is the proposer's JSON: anything is survived."""
    for case in ({}, [], None, "x", {"about": None}, {"about": ""}):
        assert about(Proposal(workspace=workspace, case=case)) == ""
    assert about(Proposal(case={"about": "sku:A"})) == "sku:A"
