"""The written-out SQL of an approval: it reads what the ORM reads, and little of it runs."""

from datetime import datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import transaction
from django.forms import model_to_dict
from pytest_django import DjangoAssertNumQueries

from apps.accounts.models import User, Workspace
from apps.gateway.models import Connector
from apps.policies.models import Version
from apps.proposals import operations
from apps.proposals.models import Proposal, Review, State
from apps.proposals.operations import statements
from apps.proposals.operations.review import votes_on
from tests.conftest import Cast
from tests.factories.proposals import propose

STATEMENTS = 9  # of one approval, all in one transaction


@pytest.fixture
def proposal(
    cast: Cast, connector: Connector, policy: Version, workspace: Workspace, now: datetime
) -> Proposal:
    """A set of two price changes which waits."""
    return propose(workspace, "50", "60", now=now)


def review(proposal: Proposal, person: User, now: datetime) -> Review:
    """An approval that is not saved."""
    return Review(workspace_id=proposal.workspace_id, proposal=proposal, reviewer=person,
                  verdict="approve", binding=proposal.binding, edited=[{"field": "amount"}],
                  at=now)  # fmt: skip


def test_a_locked_proposal_is_as_the_orm_reads_it(proposal: Proposal) -> None:
    """Every field, JSON and money included; it can be saved again."""
    with transaction.atomic():
        locked = statements.locked(proposal.pk)
        locked.save()
    fresh = Proposal.objects.get(pk=proposal.pk)
    assert model_to_dict(locked) == model_to_dict(fresh)
    assert isinstance(locked.evidence, list)
    assert isinstance(locked.amount, Decimal)


def test_a_proposal_that_is_not_there(db: None) -> None:
    """Is told as the ORM tells it."""
    with pytest.raises(Proposal.DoesNotExist), transaction.atomic():
        statements.locked(uuid4())


def test_changes_come_in_order_with_their_connector(
    proposal: Proposal, connector: Connector, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """One statement; each change knows the very proposal that was locked."""
    with django_assert_num_queries(1):
        changes = statements.changes_in(proposal)
        assert all(change.proposal is proposal for change in changes)
        assert {change.connector for change in changes} == {connector}
    expected = proposal.changes.order_by("position")
    assert [model_to_dict(one) for one in changes] == [model_to_dict(one) for one in expected]


def test_nobody_votes_twice_on_a_binding(proposal: Proposal, cast: Cast, now: datetime) -> None:
    """The database knows; a vote on another binding, or by another person, is a new one."""
    assert statements.cast(review(proposal, cast.rita, now))
    assert not statements.cast(review(proposal, cast.rita, now))
    assert statements.cast(review(proposal, cast.olga, now))
    proposal.binding = "b" * 64
    assert statements.cast(review(proposal, cast.rita, now))
    saved = Review.objects.filter(reviewer=cast.rita).earliest("pk")
    assert (saved.edited, saved.via, saved.at) == ([{"field": "amount"}], "console", now)


def test_the_vote_of_somebody_who_left_does_not_count(
    proposal: Proposal, cast: Cast, now: datetime
) -> None:
    """An account that was closed approves nothing any more."""
    statements.cast(review(proposal, cast.rita, now))
    User.objects.filter(pk=cast.rita.pk).update(is_active=False)
    assert votes_on(proposal) == []


def test_an_approval_takes_few_statements(
    cast: Cast,
    connector: Connector,
    policy: Version,
    workspace: Workspace,
    now: datetime,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    """Whoever adds one makes every approval slower, and says so here."""
    proposal = propose(workspace, "50", now=now)
    savepoint = 2
    with django_assert_num_queries(STATEMENTS + savepoint):
        approved = operations.approve(
            proposal_id=proposal.pk, user=cast.rita, binding=proposal.binding, now=now
        )
    assert approved.state == State.APPROVED
