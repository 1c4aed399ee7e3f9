"""Submitting and judging: the server's rules, whatever page or key asks."""

from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

import pytest

from apps.audit.models import Event, Payload
from apps.gateway.models import Execution
from apps.memory.models import Item
from apps.policies import operations as policies
from apps.proposals import operations
from apps.proposals.models import Proposal, State
from tests.factories.proposals import AGENT, draft, propose

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(cast, connector, policy):
    return cast


def approve(proposal, user, now, **more):
    return operations.approve(
        proposal_id=proposal.pk, user=user, binding=proposal.binding, now=now, **more
    )


@pytest.mark.parametrize(
    ("amount", "state", "executions"),
    [("5", State.APPROVED, 1), ("50", State.WAITING, 0), ("5000", State.DENIED, 0)],
)
def test_the_policy_decides_on_submission(world, workspace, now, amount, state, executions):
    """Small passes, larger waits, too much is denied, each with its recorded decision."""
    proposal = propose(workspace, amount, now=now)
    assert proposal.state == state
    assert Execution.objects.count() == executions
    assert proposal.changes.get().decision.rule


def test_without_a_policy_everything_is_denied(cast, connector, workspace, now):
    """The default is no."""
    assert propose(workspace, "5", now=now).state == State.DENIED


def test_a_target_is_not_proposed_twice(world, workspace, now):
    """While a change on a target is open, another on it is not made."""
    propose(workspace, "50", variant="v1", now=now)
    again = operations.submit(
        workspace=workspace, drafts=[draft("60", variant="v1")], origin=AGENT, now=now
    )
    assert again == [None]
    assert Proposal.objects.count() == 1


def test_a_draft_that_does_not_fit_is_refused_whole(world, workspace, now):
    """One bad draft of two: an error that names the field, and nothing is written."""
    bad = draft("50")
    bad.changes[0][1]["amount"] = "-1"
    with pytest.raises(operations.InvalidDraft) as caught:
        operations.submit(workspace=workspace, drafts=[draft("50"), bad], origin=AGENT, now=now)
    assert caught.value.errors[0]["field"] == "amount"
    assert Proposal.objects.count() == 0


def test_approval_schedules_exactly_what_was_shown(world, workspace, now):
    """The execution carries the approved parameters and binding."""
    proposal = propose(workspace, "50", now=now)
    assert approve(proposal, world.rita, now).state == State.APPROVED
    execution = Execution.objects.get()
    assert execution.params["amount"] == "50.00"
    assert execution.binding == proposal.changes.get().binding


def test_an_approval_of_something_else_is_void(world, workspace, now):
    """A binding that is not the current one approves nothing."""
    proposal = propose(workspace, "50", now=now)
    proposal.binding = "0" * 64
    with pytest.raises(operations.StaleApproval):
        approve(proposal, world.rita, now)
    assert Execution.objects.count() == 0


def test_a_policy_published_meanwhile_voids_what_was_seen(world, workspace, now, policy):
    """The proposal is decided anew under the new policy and has to be looked at again."""
    proposal = propose(workspace, "50", now=now)
    version = policies.draft(workspace=workspace, name="Guardrails", rules=policy.rules,
                             limits={"auto_up_to": 10, "most": 40}, by="t", now=now)  # fmt: skip
    policies.publish(version=version, by="t", now=now)
    with pytest.raises(operations.StaleApproval):
        approve(proposal, world.rita, now)
    proposal.refresh_from_db()
    assert proposal.state == State.DENIED
    assert proposal.returned[0]["field"] == "policy"


def test_a_policy_about_other_actions_voids_nothing(world, workspace, now):
    """A new limit for refunds does not send price changes back."""
    proposal = propose(workspace, "50", now=now)
    rule = {"name": "r", "when": "true", "outcome": "review", "reason": "r",
            "actions": ["refund_payment"]}  # fmt: skip
    version = policies.draft(workspace=workspace, name="Refunds", rules=[rule], limits={}, by="t",
                             now=now)  # fmt: skip
    policies.publish(version=version, by="t", now=now)
    assert approve(proposal, world.rita, now).state == State.APPROVED


def test_nobody_approves_above_their_authority(world, workspace, now):
    """Jun's limit is 20."""
    proposal = propose(workspace, "50", now=now)
    with pytest.raises(operations.NotAuthorised, match="authority does not cover"):
        approve(proposal, world.jun, now)


def test_an_edit_does_not_widen_an_authority(world, workspace, now):
    """The edited amount counts, not the proposed one."""
    proposal = propose(workspace, "15", now=now)
    change = proposal.changes.get()
    with pytest.raises(operations.NotAuthorised):
        approve(proposal, world.jun, now, edits={change.pk: {"amount": "30"}})
    change.refresh_from_db()
    assert change.params["amount"] == "15.00"


def test_nobody_approves_what_they_caused(world, workspace, now):
    """The person on whose behalf a run was started may not approve it."""
    origin = operations.Origin(by="agent:x", trigger="person", on_behalf_of=world.rita.actor)
    proposal = propose(workspace, "50", now=now, origin=origin)
    with pytest.raises(operations.NotAuthorised, match="You caused"):
        approve(proposal, world.rita, now)


def test_people_of_another_workspace_decide_nothing(world, workspace, now):
    """Mallory is an owner, but elsewhere."""
    proposal = propose(workspace, "50", now=now)
    with pytest.raises(operations.NotAuthorised):
        approve(proposal, world.mallory, now)


def test_an_edit_is_decided_anew_and_kept_beside_the_original(world, workspace, now):
    """The edited value is scheduled; the agent's own stays readable; a correction is learnt."""
    proposal = propose(workspace, "50", now=now)
    change = proposal.changes.get()
    approve(proposal, world.rita, now, edits={change.pk: {"amount": "45"}}, reason="rounder")
    change.refresh_from_db()
    assert (change.proposed["amount"], change.params["amount"]) == ("50.00", "45.00")
    assert Execution.objects.get().params["amount"] == "45.00"
    assert "rounder" in Item.objects.get(type="correction").text


def test_an_edit_the_policy_denies_changes_nothing(world, workspace, now):
    """Editing beyond the limit is refused whole."""
    proposal = propose(workspace, "50", now=now)
    edits = {proposal.changes.get().pk: {"amount": "4000"}}
    with pytest.raises(operations.DeniedByPolicy, match="Beyond"):
        approve(proposal, world.olga, now, edits=edits)
    proposal.refresh_from_db()
    assert (proposal.state, proposal.revision) == (State.WAITING, 1)


def test_an_edit_may_not_aim_elsewhere(world, workspace, now):
    """Another variant is another proposal."""
    proposal = propose(workspace, "50", now=now)
    edits = {proposal.changes.get().pk: {"variant_id": "other"}}
    with pytest.raises(operations.InvalidDraft, match="another target"):
        approve(proposal, world.rita, now, edits=edits)


def test_a_rejection_needs_a_reason_and_teaches(world, workspace, now):
    """The reason becomes a correction; the target is free again."""
    proposal = propose(workspace, "50", now=now)
    with pytest.raises(operations.InvalidDraft):
        operations.reject(proposal_id=proposal.pk, user=world.rita, binding=proposal.binding,
                          reason="  ", now=now)  # fmt: skip
    operations.reject(proposal_id=proposal.pk, user=world.rita, binding=proposal.binding,
                      reason="Never below list price", now=now)  # fmt: skip
    assert "Never below list price" in Item.objects.get().text
    assert not proposal.changes.get().is_open


def test_what_is_decided_stays_decided(world, workspace, now):
    """A second reviewer finds it decided."""
    proposal = propose(workspace, "50", now=now)
    approve(proposal, world.rita, now)
    with pytest.raises(operations.AlreadyDecided):
        approve(proposal, world.olga, now)
    assert Execution.objects.count() == 1


def test_two_reviewers_where_the_policy_asks_for_two(world, workspace, now, policy):
    """The first approval does not execute; the same person cannot give the second."""
    rules = [
        {**rule, "reviewers": 2} if rule["outcome"] == "review" else rule for rule in policy.rules
    ]
    version = policies.draft(workspace=workspace, name="Guardrails", rules=rules,
                             limits=policy.limits, by="t", now=now)  # fmt: skip
    policies.publish(version=version, by="t", now=now)
    proposal = propose(workspace, "50", now=now)
    assert approve(proposal, world.rita, now).state == State.WAITING
    with pytest.raises(operations.AlreadyDecided):
        approve(proposal, world.rita, now)
    assert approve(proposal, world.olga, now).state == State.APPROVED


def test_no_approval_without_its_audit_record(world, workspace, now):
    """If the event cannot be written, the approval does not exist either."""
    proposal = propose(workspace, "50", now=now)
    broken = patch("apps.gateway.operations.order.record_all", side_effect=RuntimeError)
    with broken, pytest.raises(RuntimeError):
        approve(proposal, world.rita, now)
    proposal.refresh_from_db()
    assert proposal.state == State.WAITING
    assert not proposal.reviews.exists()
    assert not Event.objects.filter(kind="review.recorded").exists()


def test_an_approval_after_the_expiry_is_refused(world, workspace, now):
    """Also when nobody has swept it away yet."""
    proposal = propose(workspace, "50", now=now)
    with pytest.raises(operations.AlreadyDecided, match="expired"):
        approve(proposal, world.rita, now + timedelta(days=30))


def test_a_confidence_that_cannot_be_is_refused(world, workspace, now):
    """A bad number is an error that names the field, not a broken batch."""
    with pytest.raises(operations.InvalidDraft, match="confidence"):
        operations.submit(workspace=workspace, drafts=[replace(draft("50"), confidence=1.5)],
                          origin=AGENT, now=now)  # fmt: skip


def test_an_edit_renews_the_title_and_the_log_keeps_the_old_one(world, workspace, now):
    """What was learnt from it names what had been proposed."""
    waiting = propose(workspace, "50", now=now)
    edits = {waiting.changes.get().pk: {"amount": "45.50"}}
    assert approve(waiting, world.rita, now, edits=edits).title == "Price to 45.50"
    waiting.refresh_from_db()
    assert waiting.title == "Price to 45.50"
    events = Event.objects.filter(subject_id=str(waiting.pk)).order_by("id")
    fields = dict(Payload.objects.values_list("event_id", "fields"))
    titles = [fields[one.id]["title"] for one in events if "title" in fields[one.id]]
    assert titles == ["Price to 50", "Price to 45.50", "Price to 45.50"]
    assert "“Price to 50”" in Item.objects.get().text
