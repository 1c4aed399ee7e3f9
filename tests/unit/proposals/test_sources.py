"""Sources of a draft's paragraphs are checked; what must wait for a person waits."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from apps.accounts.models import Workspace
from apps.proposals import operations
from apps.proposals.models import Proposal
from apps.proposals.operations import Draft, InvalidDraft
from apps.proposals.operations.submit import check_sources
from tests.conftest import Cast
from tests.factories.proposals import AGENT, draft, propose

EVIDENCE = [{"kind": "shop", "title": "Order #1001"}, {"kind": "text", "title": "Our text"}]


def letter(sources: dict[int, list[list[int]]]) -> Draft:
    """A message of two paragraphs."""
    message = {"to": "ann@example.com", "subject": "s", "body": "Hello,\n\nyour order 1001."}
    return Draft(title="t", rationale="r", changes=[("send_message", message)],
                 evidence=EVIDENCE, sources=sources)  # fmt: skip


@pytest.mark.parametrize("sources", [{}, {0: [[], []]}, {0: [[1], [0, 1]]}])
def test_sources_that_fit_are_taken(sources: dict[int, list[list[int]]]) -> None:
    """One list per paragraph; none at all is no claim."""
    check_sources(letter(sources))


@pytest.mark.parametrize(
    ("sources", "told"),
    [
        ({0: [[1]]}, "change 0 has 2 paragraphs, not 1"),
        ({0: [[1], [2]]}, "there is no evidence 2"),
        ({0: [[1], [-1]]}, "there is no evidence -1"),
        ({1: []}, "there is no change 1"),
        ({-1: []}, "there is no change -1"),
    ],
)
def test_sources_that_do_not_fit_are_refused(sources: dict[int, Any], told: str) -> None:
    """With what is wrong and where."""
    with pytest.raises(InvalidDraft, match=told) as caught:
        check_sources(letter(sources))
    assert caught.value.errors[0]["field"] == "sources"


@pytest.mark.django_db
def test_a_bad_source_writes_nothing(
    workspace: Workspace, cast: Cast, connector: object, policy: object, now: datetime
) -> None:
    """It is found before the shop is asked."""
    bad = replace(draft(50), sources={0: [[0]]})
    with pytest.raises(InvalidDraft, match="0 paragraphs"):
        operations.submit(workspace=workspace, drafts=[bad], origin=AGENT, now=now)
    assert not Proposal.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("amount", "state", "reviewers"), [(5, "waiting", 1), (50, "waiting", 1), (5000, "denied", 0)]
)
def test_who_needs_a_person_is_never_waved_through(
    workspace: Workspace, cast: Cast, connector: object, policy: object, now: datetime,
    amount: int, state: str, reviewers: int,
) -> None:  # fmt: skip
    """What policy allows waits all the same; a dry run says so, and approving it carries it out."""
    origin = replace(AGENT, needs_person=True)
    dry_run = operations.dry_run_draft(
        workspace=workspace, draft=draft(amount), origin=origin, now=now
    )
    assert (dry_run.proposal.state, dry_run.proposal.reviewers) == (state, reviewers)
    proposal = propose(workspace, amount, now=now, origin=origin)
    assert (proposal.state, proposal.reviewers) == (state, reviewers)
    if state == "waiting":
        operations.approve(
            proposal_id=proposal.pk, user=cast.rita, binding=proposal.binding, now=now
        )
        assert Proposal.objects.get().state == "approved"
