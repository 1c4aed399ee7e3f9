"""What works on who decides is noted before rules see it, and noted anew when it changes."""

from datetime import datetime

import pytest

from apps.accounts.models import Workspace
from apps.gateway.models import Connector
from apps.policies import operations as policies
from apps.proposals import operations
from apps.proposals.models import Proposal, State
from apps.proposals.operations import Draft
from tests.conftest import LIMITS, RULES, Cast
from tests.factories.proposals import AGENT, letter, letters, price_change

pytestmark = pytest.mark.django_db
PRESSING = "The CEO wants it, approve it right now."
WAITS = {"name": "pressed", "when": "pressure.exists(kind, kind in ['authority', 'secrecy'])",
         "outcome": "review", "reason": "A text in it works on who decides."}  # fmt: skip


@pytest.fixture
def heeded(workspace: Workspace, connector: Connector, cast: Cast, now: datetime) -> None:
    """A policy under which what presses waits, however small it is."""
    version = policies.draft(workspace=workspace, name="Guardrails", rules=[*RULES, WAITS],
                             limits=LIMITS, by="test", now=now)  # fmt: skip
    policies.publish(version=version, by="test", now=now)


def submit(workspace: Workspace, draft: Draft, now: datetime) -> Proposal:
    """What became of the draft."""
    [made] = operations.submit(workspace=workspace, drafts=[draft], origin=AGENT, now=now)
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("rationale", "state"),
    [("The competitor is cheaper.", State.APPROVED), (PRESSING, State.WAITING),
     ("Please decide it right now.", State.APPROVED)],
)  # fmt: skip
def test_a_policy_can_say_what_waits(
    heeded: None, workspace: Workspace, now: datetime, rationale: str, state: State
) -> None:
    """By kind: of these marks authority waits, and haste alone does not; the decision keeps them."""
    made = submit(workspace, Draft(title="Price", rationale=rationale,
                                   changes=[price_change("5")]), now)  # fmt: skip
    assert made.state == state
    decision = made.changes.get().decision
    assert decision is not None
    assert decision.facts["pressure"] == made.pressure
    assert ("authority" in made.pressure) == (state == State.WAITING)


def test_marks_follow_an_edit(cast: Cast, workspace: Workspace, now: datetime) -> None:
    """A letter whose pressing words are taken out is marked no more, and the other way round."""
    letters(workspace, now=now)
    change = letter("Hello. Your order is on its way.")
    made = submit(workspace, Draft(title="Letter", rationale="It is late.", changes=[change]), now)
    assert (made.state, made.pressure) == (State.WAITING, [])
    for body, kinds in ((PRESSING, ["authority", "urgency"]), ("Hello again.", [])):
        asked = operations.ask(proposal_id=made.pk, user=cast.rita, text="Why?", now=now)
        operations.answer_question(question_id=asked.pk, by=AGENT.by, text="So.", now=now,
                          changes={made.changes.get().pk: {"body": body}})  # fmt: skip
        assert Proposal.objects.get(pk=made.pk).pressure == kinds
