"""Precedents and siblings: what counts as near-identical, and what reading them costs."""

import pytest

from apps.proposals import operations
from apps.proposals.models import Change, Proposal
from apps.proposals.operations import Origin
from apps.proposals.reading import precedents
from apps.proposals.reading.precedents import Size, siblings, size_of
from tests.factories.proposals import draft, propose

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(cast, connector, policy):
    """The cast with a connector and a policy: 10 to 1000 EUR waits."""
    return cast


def first(proposal: Proposal) -> Change:
    return proposal.changes.select_related("decision").get(position=0)


def approve(proposal, user, now, **extra):
    return operations.approve(
        proposal_id=proposal.pk, user=user, binding=proposal.binding, now=now, **extra
    )


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        (Size(is_percent=True, value=-10), Size(is_percent=True, value=-20), True),
        (Size(is_percent=True, value=-10), Size(is_percent=True, value=-21), False),
        (Size(is_percent=True, value=-10), Size(is_percent=True, value=10), False),
        (Size(is_percent=True, value=10), Size(is_percent=False, value=10), False),
        (Size(is_percent=False, value=0), Size(is_percent=False, value=0), True),
        (Size(is_percent=False, value=0), Size(is_percent=False, value=5), False),
    ],
)
def test_near_means_same_kind_same_sign_at_most_twice(one, other, near):
    """Both ways round."""
    assert one.is_near(other) is near
    assert other.is_near(one) is near


def test_a_percentage_beats_an_amount():
    """A price is measured by its move, a refund by its sum, a text by nothing."""
    assert size_of({"has_change": True, "change_percent": -5, "has_amount": True, "amount": 9}) == (
        Size(is_percent=True, value=-5)
    )
    assert size_of({"has_amount": True, "amount": 9, "total_amount": 12}) == (
        Size(is_percent=False, value=12)
    )
    assert size_of({"action": "send_message"}) is None


def test_what_people_decided_on_the_like(world, workspace, now):
    """Approvals and rejections of the same rule and about the same size, nearest first."""
    near, nearer, far, denied = (
        propose(workspace, amount, now=now) for amount in ("60", "52", "400", "55")
    )
    approve(near, world.rita, now)
    approve(nearer, world.rita, now)
    approve(far, world.rita, now)
    operations.reject(proposal_id=denied.pk, user=world.rita, binding=denied.binding,
                      reason="Too dear.", now=now)  # fmt: skip
    passed = propose(workspace, "9", now=now)  # decided by another rule, and by nobody
    asked = propose(workspace, "50", now=now)
    found = precedents.find(asked, first(asked))
    assert [one.proposal_id for one in found.listed] == [nearer.pk, denied.pk, near.pk]
    assert (found.approved, found.decided) == (2, 3)
    assert found.listed[1].reason == "Too dear."
    assert passed.pk not in {one.proposal_id for one in found.listed}


def test_an_edited_approval_says_so(world, workspace, now):
    """It was not approved as it was proposed."""
    past = propose(workspace, "50", now=now)
    approve(past, world.rita, now, edits={first(past).pk: first(past).params | {"amount": "45"}})
    asked = propose(workspace, "50", now=now)
    [one] = precedents.find(asked, first(asked)).listed
    assert (one.approved, one.edited) == (True, True)


def test_another_playbook_is_no_precedent(world, workspace, now):
    """Nor is another workspace's, by the same filter."""
    other = Origin(by="agent:x", trigger="schedule", agent="Other", playbook="other")
    approve(propose(workspace, "50", now=now, origin=other), world.rita, now)
    asked = propose(workspace, "50", now=now)
    assert precedents.find(asked, first(asked)).decided == 0


def test_the_cost_does_not_grow(world, workspace, now, django_assert_num_queries, monkeypatch):
    """One query, however many there are; only the newest are looked through."""
    for _ in range(6):
        approve(propose(workspace, "50", now=now), world.rita, now)
    asked = propose(workspace, "50", now=now)
    change = first(asked)
    with django_assert_num_queries(1):
        assert precedents.find(asked, change).decided == 6
    monkeypatch.setattr(precedents, "WINDOW", 4)
    assert precedents.find(asked, change).decided == 3  # itself is among the newest


def test_siblings_are_of_the_same_run(world, workspace, now, django_assert_num_queries):
    """All with the same action, the one asked about included; none without a run."""
    run = Origin(by="agent:x", trigger="schedule", playbook="repricing", run_id=world.olga.pk)
    made = operations.submit(workspace=workspace, drafts=[draft(str(a)) for a in (20, 30, 40)],
                             origin=run, now=now)  # fmt: skip
    one = next(proposal for proposal in made if proposal)
    propose(workspace, "50", now=now)
    change = first(one)
    with django_assert_num_queries(1):
        found = siblings(one, change)
    assert {each.proposal_id for each in found} == {each.pk for each in made if each}
    lone = propose(workspace, "60", now=now)
    assert siblings(lone, first(lone)) == []
