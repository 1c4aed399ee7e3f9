"""Who has still to vote is not swayed by who has (two people at high risk)."""

from datetime import datetime

import pytest

from apps.accounts import operations as accounts
from apps.accounts import permissions
from apps.accounts.models import Workspace
from apps.audit import operations as log
from apps.audit import queries as audit
from apps.gateway.models import Connector
from apps.memory.models import Item
from apps.policies import operations as policies
from apps.policies.models import Version
from apps.proposals import operations, queries
from apps.proposals.blind import visible_events
from apps.proposals.models import Proposal
from tests.conftest import Cast
from tests.factories.proposals import propose

pytestmark = pytest.mark.django_db(transaction=True)  # the sequencer numbers committed events


@pytest.fixture
def voted(
    cast: Cast, connector: Connector, policy: Version, workspace: Workspace, now: datetime
) -> Proposal:
    """Two people are asked; Rita has approved."""
    rules = [
        {**rule, "reviewers": 2} if rule["outcome"] == "review" else rule for rule in policy.rules
    ]
    version = policies.draft(workspace=workspace, name="Guardrails", rules=rules,
                             limits=policy.limits, by="t", now=now)  # fmt: skip
    policies.publish(version=version, by="t", now=now)
    proposal = propose(workspace, "50", now=now)
    operations.claim(proposal_id=proposal.pk, user=cast.rita, now=now)
    operations.approve(proposal_id=proposal.pk, user=cast.rita, binding=proposal.binding,
                       reason="Looks right.", now=now)  # fmt: skip
    return proposal


def test_a_vote_is_hidden_from_who_has_still_to_give_theirs(
    voted: Proposal, cast: Cast, now: datetime
) -> None:
    """Neither the vote nor that only one more is needed; who has voted sees both."""
    view = queries.detail(voted.workspace_id, voted.pk)
    assert queries.is_blind(view, cast.olga)
    assert queries.visible_reviews(view, cast.olga) == []
    assert queries.seen_by(view, cast.olga).approvals_left == 2
    assert [review.reviewer for review in queries.visible_reviews(view, cast.rita)] == [cast.rita]
    assert queries.seen_by(view, cast.rita).approvals_left == 1


def test_the_vote_of_who_has_left_counts_no_more(
    voted: Proposal, cast: Cast, workspace: Workspace, now: datetime
) -> None:
    """Neither for the decision nor in what is said to be left."""
    membership = workspace.memberships.get(user=cast.rita)
    accounts.remove_member(membership=membership, by="test", now=now)
    approved = operations.approve(proposal_id=voted.pk, user=cast.olga, binding=voted.binding,
                                  now=now)  # fmt: skip
    assert approved.state == "waiting"
    view = queries.detail(voted.workspace_id, voted.pk)
    assert queries.seen_by(view, cast.olga).approvals_left == 1


def test_the_vote_of_who_has_lost_the_authority_counts_no_more(
    voted: Proposal, cast: Cast, workspace: Workspace, now: datetime
) -> None:
    """What a person might not decide now, they have not decided; one more has to."""
    for authority in permissions.held(cast.rita, workspace_id=workspace.pk):
        accounts.withdraw(authority=authority, user=cast.rita, by="test", now=now)
    approved = operations.approve(proposal_id=voted.pk, user=cast.olga, binding=voted.binding,
                                  now=now)  # fmt: skip
    assert approved.state == "waiting"


def test_it_is_shown_after_ones_own_vote(voted: Proposal, cast: Cast, now: datetime) -> None:
    """And to everybody once it is decided."""
    operations.approve(proposal_id=voted.pk, user=cast.olga, binding=voted.binding, now=now)
    view = queries.detail(voted.workspace_id, voted.pk)
    for person in (cast.olga, cast.jun):
        assert len(queries.visible_reviews(view, person)) == 2


def test_votes_on_an_earlier_binding_are_no_secret(
    voted: Proposal, cast: Cast, now: datetime
) -> None:
    """They no longer count, so they sway nobody."""
    question = operations.ask(proposal_id=voted.pk, user=cast.olga, text="Sure?", now=now)
    operations.answer_question(question_id=question.pk, by=voted.submitted_by, text="No: 55.",
                      changes={voted.changes.get().pk: {"amount": "55"}}, now=now)  # fmt: skip
    view = queries.detail(voted.workspace_id, voted.pk)
    assert [review.reviewer for review in queries.visible_reviews(view, cast.olga)] == [cast.rita]


def test_the_log_does_not_tell_either(
    voted: Proposal, cast: Cast, workspace: Workspace, now: datetime
) -> None:
    """The event stays in its place without voter and verdict; no other event names the vote."""
    log.sequence()
    events = audit.stream(workspace_id=workspace.pk)
    assert visible_events(events, cast.rita) == events
    seen = visible_events(events, cast.olga)
    assert [event.index for event in seen] == [event.index for event in events]
    [vote] = [event for event in seen if event.kind == "review.recorded"]
    assert (vote.actor, vote.fields) == ("hidden", {"hidden": True})
    assert visible_events(events, None) == seen
    told = [str(event.fields) for event in seen if event.actor == cast.rita.actor]
    assert not [text for text in told if "decided" in text or "approve" in text]
    operations.approve(proposal_id=voted.pk, user=cast.olga, binding=voted.binding, now=now)
    assert visible_events(events, cast.olga) == events


def test_an_edit_that_came_with_a_vote_does_not_tell_whose(
    voted: Proposal, cast: Cast, workspace: Workspace, now: datetime
) -> None:
    """What was changed is seen by all; who did has voted by that."""
    edits = {voted.changes.get().pk: {"amount": "45"}}
    operations.approve(proposal_id=voted.pk, user=cast.olga, binding=voted.binding, edits=edits,
                       now=now)  # fmt: skip
    log.sequence()
    events = audit.stream(workspace_id=workspace.pk)
    assert visible_events(events, cast.olga) == events
    [edit] = [e for e in visible_events(events, cast.rita) if e.kind == "proposal.edited"]
    assert edit.actor == "hidden"
    assert edit.fields is not None
    assert edit.fields["edited"][0]["after"] == "45.00"
    by_olga = {e.kind for e in visible_events(events, cast.rita)
               if e.actor == cast.olga.actor}  # fmt: skip
    assert by_olga <= {"proposal.released"}
    voted.refresh_from_db()
    operations.approve(proposal_id=voted.pk, user=cast.rita, binding=voted.binding, now=now)
    [lesson] = Item.objects.filter(type="correction")
    assert (lesson.provenance["by"], lesson.data["edited"]) == (
        cast.olga.actor, edit.fields["edited"]
    )  # fmt: skip
