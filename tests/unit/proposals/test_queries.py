"""Why somebody may not decide: one question, asked by the page and again by the server."""

from datetime import datetime

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.accounts.models import User, Workspace
from apps.accounts.permissions import rights
from apps.gateway.models import Connector
from apps.policies.models import Version
from apps.proposals import operations, queries
from apps.proposals.models import Change, Proposal
from apps.proposals.operations.review import check_authority
from tests.conftest import Cast
from tests.factories.proposals import propose


@pytest.fixture
def refunds(
    cast: Cast, connector: Connector, policy: Version, workspace: Workspace, now: datetime
) -> Proposal:
    """Two refunds of 15 each: together more than Jun's limit of 20."""
    proposal = propose(workspace, "50", "60", now=now)
    for change in proposal.changes.all():
        change.action, change.params = "refund_payment", {"amount": "15.00", "currency": "EUR"}
        change.save()
    return proposal


def why_not(user: User, proposal: Proposal) -> str | None:
    """What the page of the proposal asks."""
    view = queries.detail(proposal.workspace_id, proposal.pk)
    return queries.why_not(user, proposal, view.undecided)


def test_refunds_count_together(refunds: Proposal, cast: Cast, now: datetime) -> None:
    """Splitting a refund widens nobody's authority, and the page says what the server says."""
    assert why_not(cast.rita, refunds) is None
    objection = why_not(cast.jun, refunds)
    assert objection is not None
    assert "of 30.00 EUR" in objection
    with pytest.raises(operations.NotAuthorised, match=r"of 30\.00 EUR"):
        check_authority(cast.jun, refunds, list(refunds.changes.all()))


def test_nobody_decides_what_they_caused(refunds: Proposal, cast: Cast) -> None:
    """Whatever their authority covers."""
    refunds.on_behalf_of = cast.olga.actor
    assert "You caused" in (why_not(cast.olga, refunds) or "")
    assert why_not(cast.rita, refunds) is None


def test_rights_that_are_known_are_not_read_again(
    refunds: Proposal, cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Else they are read once, however many changes there are."""
    changes: list[Change] = list(refunds.changes.all())
    held = rights(cast.jun, refunds.workspace_id)
    with django_assert_num_queries(0):
        assert queries.why_not(cast.jun, refunds, changes, held=held)
    with django_assert_num_queries(1):
        assert queries.why_not(cast.jun, refunds, changes)
