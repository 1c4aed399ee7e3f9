"""Approving similar proposals together: refused whole by the rules, else one result each."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from apps.accounts.models import User, Workspace
from apps.gateway.models import Execution
from apps.policies import operations as policies
from apps.policies.models import Version
from apps.proposals import operations, queries
from apps.proposals.models import Proposal, Review, Risk, State
from apps.proposals.operations import BulkResult, NotInBulk
from apps.proposals.reading.batch_rows import left_out
from apps.proposals.reading.queue import similar_waiting
from tests.conftest import Cast
from tests.factories.proposals import AGENT, at_risk, look_at, propose


@pytest.fixture
def alike(world: Cast, workspace: Workspace, now: datetime) -> list[Proposal]:
    """Ten similar ones of low risk."""
    made = [propose(workspace, f"{12 + n % 3}", variant=f"variant_{n:02}", now=now)
            for n in range(10)]  # fmt: skip
    return [at_risk(proposal, Risk.LOW) for proposal in made]


def approve_all(
    chosen: Sequence[Proposal], user: User, workspace: Workspace, now: datetime
) -> list[BulkResult]:
    """Approve these as they are, having opened all of them."""
    for proposal in chosen:
        look_at(proposal, user, now=now)
    bindings = {proposal.pk: proposal.binding for proposal in chosen}
    return operations.approve_all(workspace_id=workspace.pk, user=user, bindings=bindings, now=now)


def refusal(
    chosen: Sequence[Proposal], user: User, workspace: Workspace, now: datetime
) -> dict[str, str]:
    """Why these are refused, by proposal; nothing is approved then."""
    bindings = {proposal.pk: proposal.binding for proposal in chosen}
    with pytest.raises(NotInBulk) as refused:
        operations.approve_all(workspace_id=workspace.pk, user=user, bindings=bindings, now=now)
    assert not Review.objects.exists()
    assert not Execution.objects.exists()
    return {error["field"]: error["problem"] for error in refused.value.errors}


def test_each_is_approved_with_its_own_binding(
    alike: list[Proposal], world: Cast, workspace: Workspace, now: datetime
) -> None:
    """One review and one execution each, told apart from single ones."""
    results = approve_all(alike, world.rita, workspace, now)
    assert [result.decided for result in results] == [True] * 10
    assert Execution.objects.count() == 10
    reviews = Review.objects.values_list("proposal", "binding", "via")
    assert set(reviews) == {(one.pk, one.binding, "bulk") for one in alike}


def test_one_that_was_decided_meanwhile_keeps_no_other(
    alike: list[Proposal], world: Cast, workspace: Workspace, now: datetime
) -> None:
    """Decided, claimed, changed: each has its own words, the others are approved."""
    decided, claimed, changed, *others = alike
    for proposal in others:
        look_at(proposal, world.rita, now=now)
    look_at(claimed, world.rita, now=now)
    bindings = {proposal.pk: proposal.binding for proposal in alike}
    operations.reject(proposal_id=decided.pk, user=world.olga, binding=decided.binding,
                      reason="No.", now=now)  # fmt: skip
    operations.claim(proposal_id=claimed.pk, user=world.olga, now=now)
    bindings[changed.pk] = "0" * 64
    results = operations.approve_all(
        workspace_id=workspace.pk, user=world.rita, bindings=bindings, now=now
    )
    problems = {result.proposal_id: result.problem for result in results if not result.decided}
    assert set(problems) == {decided.pk, claimed.pk, changed.pk}
    assert "Olga is deciding this" in problems[claimed.pk]
    assert "not what you saw" in problems[changed.pk]
    states = Proposal.objects.filter(pk__in=[one.pk for one in others]).values_list("state")
    assert set(states) == {(State.APPROVED,)}


def test_the_drawn_ones_have_to_be_opened_first(
    alike: list[Proposal], world: Cast, workspace: Workspace, now: datetime
) -> None:
    """By this person, as they are now; which ones is told, and another's look does not count."""
    found = refusal(alike, world.rita, workspace, now)
    assert len(found) == 2
    drawn = [one for one in alike if str(one.pk) in found]
    for proposal in alike:
        look_at(proposal, world.olga, now=now)
    look_at(drawn[0], world.rita, now=now)
    assert list(refusal(alike, world.rita, workspace, now)) == [str(drawn[1].pk)]
    look_at(drawn[1], world.rita, now=now)
    bindings = {proposal.pk: proposal.binding for proposal in alike}
    results = operations.approve_all(
        workspace_id=workspace.pk, user=world.rita, bindings=bindings, now=now
    )
    assert [result.decided for result in results] == [True] * 10


def test_a_look_at_what_it_was_before_does_not_count(
    alike: list[Proposal], world: Cast, workspace: Workspace, now: datetime
) -> None:
    """It was opened, then the proposer changed it; the same person has to open it once more."""
    one = alike[0]
    question = operations.ask(proposal_id=one.pk, user=world.rita, text="12.50?", now=now)
    look_at(one, world.rita, now=now)
    assert queries.opened_among([one.pk], world.rita) == {one.pk}
    operations.answer_question(question_id=question.pk, by=AGENT.by, text="Yes.", now=now,
                      changes={one.changes.get().pk: {"amount": "12.50"}})  # fmt: skip
    assert queries.opened_among([one.pk], world.rita) == set()


def test_nobody_approves_above_their_authority(
    alike: list[Proposal], world: Cast, workspace: Workspace, now: datetime
) -> None:
    """Together is no way around it."""
    results = approve_all(alike, world.otto, workspace, now)
    assert [result.decided for result in results] == [False] * 10
    assert "authority" in results[0].problem


@pytest.mark.parametrize("risk", [Risk.HIGH, Risk.MEDIUM])
def test_higher_risk_posted_by_hand(
    alike: list[Proposal], world: Cast, workspace: Workspace, now: datetime, risk: Risk
) -> None:
    """The server refuses all of them, also if only one is not of low risk."""
    grave = at_risk(alike[0], risk)
    found = refusal(alike, world.rita, workspace, now)
    assert list(found) == [str(grave.pk)]
    assert f"{risk} risk" in found[str(grave.pk)]


def test_a_decoy(alike: list[Proposal], world: Cast, workspace: Workspace, now: datetime) -> None:
    """One that stands out is offered to nobody, and refused, also beside few others."""
    decoy = at_risk(propose(workspace, "190", now=now), Risk.LOW)
    offered = similar_waiting(alike[0])
    assert [one.pk for one in offered] == [one.pk for one in [*alike, decoy]]
    assert list(left_out(offered)) == [decoy.pk]
    found = refusal([alike[0], decoy], world.rita, workspace, now)
    assert "amount is 190.00 EUR, the others are around 13.00 EUR" in found[str(decoy.pk)]


def test_too_many_and_too_much(world: Cast, workspace: Workspace, now: datetime) -> None:
    """At most fifty, and under the ceiling all together."""
    many = [at_risk(propose(workspace, "12", now=now), Risk.LOW) for _ in range(51)]
    assert "at most 50" in refusal(many, world.rita, workspace, now)[""]
    dear = [at_risk(propose(workspace, "400", now=now), Risk.LOW) for _ in range(3)]
    assert "1200.00 EUR" in refusal(dear, world.rita, workspace, now)[""]


def test_what_needs_two_people(
    of_two: Proposal, world: Cast, workspace: Workspace, now: datetime
) -> None:
    """Each of them looks at it alone."""
    at_risk(of_two, Risk.LOW)
    assert "2 people" in refusal([of_two], world.rita, workspace, now)[str(of_two.pk)]
    assert similar_waiting(of_two) == []


def test_a_question_or_a_change_takes_it_out(
    alike: list[Proposal], world: Cast, workspace: Workspace, now: datetime
) -> None:
    """Somebody has doubts, or something is new."""
    operations.ask(proposal_id=alike[0].pk, user=world.jun, text="Sure?", now=now)
    Proposal.objects.filter(pk=alike[1].pk).update(returned=[{"field": "x"}])
    found = refusal(alike, world.rita, workspace, now)
    assert "question" in found[str(alike[0].pk)]
    assert "came back" in found[str(alike[1].pk)]


def test_strangers_and_unknown_ids(
    alike: list[Proposal], elsewhere: Workspace, world: Cast, workspace: Workspace, now: datetime
) -> None:
    """From another workspace none of them is there."""
    found = refusal(alike, world.mallory, elsewhere, now)
    assert set(found) == {str(one.pk) for one in alike}
    with pytest.raises(NotInBulk):
        operations.approve_all(workspace_id=workspace.pk, user=world.rita, bindings={}, now=now)


def test_what_sleeps_or_is_of_another_kind_is_not_offered(
    alike: list[Proposal], world: Cast, workspace: Workspace, now: datetime
) -> None:
    """Same action, same rule, waiting, in the open."""
    operations.snooze(proposal_id=alike[0].pk, user=world.rita, until=now + timedelta(hours=1),
                      on_change=False, now=now)  # fmt: skip
    propose(workspace, "12", now=now)  # medium risk
    offered = [one.pk for one in similar_waiting(alike[1])]
    assert offered == [one.pk for one in alike[1:]]
    assert len(similar_waiting(alike[1], limit=3)) == 3


def test_a_rule_of_another_policy_version_is_another_rule(
    alike: list[Proposal], workspace: Workspace, policy: Version, world: Cast, now: datetime
) -> None:
    """However it is called; both together are refused."""
    version = policies.draft(workspace=workspace, name="Guardrails", rules=policy.rules,
                             limits=policy.limits, by="t", now=now)  # fmt: skip
    policies.publish(version=version, by="t", now=now)
    newer = at_risk(propose(workspace, "12", now=now), Risk.LOW)
    assert [one.pk for one in similar_waiting(newer)] == [newer.pk]
    assert (
        "differ in action, in the rule"
        in refusal([alike[0], newer], world.rita, workspace, now)[""]
    )
