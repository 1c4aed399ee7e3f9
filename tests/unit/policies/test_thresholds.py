"""Limits: turned without touching the rules, and what other limits would have said."""

import pytest

from apps.accounts.models import Workspace
from apps.policies import operations, thresholds
from apps.policies.cel import Outcome
from apps.policies.facts import Facts
from apps.policies.models import Decision, Stage, Version
from apps.policies.thresholds import InvalidLimit, NoPolicy

pytestmark = pytest.mark.django_db


def facts(amount: float) -> dict:
    """A price change of so many EUR, as a decision keeps it."""
    return Facts(action="set_price", connector="null", risk="medium", reversibility="reversible",
                 amount=amount, has_amount=True).variables()  # fmt: skip


def outcomes(workspace: Workspace, amounts: list[float], **limits: float) -> list[Outcome]:
    """What the policies would say of these amounts."""
    seen = [facts(amount) for amount in amounts]
    verdicts = thresholds.foresee(workspace_id=workspace.pk, name="Guardrails", limits=limits,
                                  facts=seen)  # fmt: skip
    return [verdict.outcome for verdict in verdicts]


def test_a_new_version_decides_with_the_old_rules(workspace, policy: Version, now) -> None:
    """The limit is new, other limits and all rules stay, and the person is its author."""
    version = thresholds.set_limits(workspace=workspace, name="Guardrails",
                                    limits={"auto_up_to": 5}, by="user:olga", now=now)  # fmt: skip
    policy.refresh_from_db()
    assert (version.number, version.stage, policy.stage) == (2, Stage.ACTIVE, Stage.RETIRED)
    assert version.limits == {"auto_up_to": 5.0, "most": 1000}
    assert version.rules == policy.rules
    assert version.author == "user:olga"


def test_a_wider_limit_waits_for_a_second_person(workspace, policy: Version, now) -> None:
    """The version before decides meanwhile."""
    version = thresholds.set_limits(workspace=workspace, name="Guardrails",
                                    limits={"auto_up_to": 25}, by="user:olga", now=now)  # fmt: skip
    policy.refresh_from_db()
    assert (version.stage, policy.stage) == (Stage.DRAFT, Stage.ACTIVE)
    assert version.publication.asked_by == "user:olga"


def test_nothing_is_published_if_nothing_differs(workspace, policy, now) -> None:
    """An approval rests on a version: a needless one would make it void."""
    same = thresholds.set_limits(workspace=workspace, name="Guardrails", limits={"most": 1000},
                                 by="user:olga", now=now)  # fmt: skip
    assert same.pk == policy.pk
    assert Version.objects.count() == 1


@pytest.mark.parametrize(
    "limits", [{"unknown": 1}, {"most": -1}, {"most": float("nan")}, {"most": float("inf")},
               {"most": True}]
)  # fmt: skip
def test_what_is_no_limit_is_refused(workspace, policy, now, limits) -> None:
    """A name the policy does not have, and what is no number a limit can be."""
    with pytest.raises(InvalidLimit):
        thresholds.set_limits(workspace=workspace, name="Guardrails", limits=limits, by="u",
                              now=now)  # fmt: skip
    assert Version.objects.count() == 1


def test_the_policy_of_another_workspace_is_not_found(elsewhere, policy, now) -> None:
    """A name leads nowhere outside."""
    with pytest.raises(NoPolicy):
        thresholds.set_limits(workspace=elsewhere, name="Guardrails", limits={"most": 1}, by="u",
                              now=now)  # fmt: skip


def test_other_limits_would_have_decided_otherwise(workspace, policy) -> None:
    """The same facts, by the limits that hold and by others; nothing is written."""
    amounts = [5.0, 50.0, 5000.0]
    assert outcomes(workspace, amounts) == ["allow", "review", "deny"]
    assert outcomes(workspace, amounts, auto_up_to=60) == ["allow", "allow", "deny"]
    assert outcomes(workspace, amounts, most=40) == ["allow", "deny", "deny"]
    assert Version.objects.count() == 1
    assert not Decision.objects.exists()


def test_all_other_policies_have_their_say(workspace, policy, now) -> None:
    """A looser limit does not allow what another policy denies."""
    rule = {"name": "no", "when": "amount > 40.0", "outcome": "deny", "reason": "No."}
    other = operations.draft(workspace=workspace, name="Other", rules=[rule], limits={}, by="t",
                             now=now)  # fmt: skip
    operations.publish(version=other, by="t", now=now)
    assert outcomes(workspace, [50.0], auto_up_to=100) == ["deny"]
