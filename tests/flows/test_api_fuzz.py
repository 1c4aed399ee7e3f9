"""Whatever is sent to the API, it answers as its OpenAPI document says, and never with a 5xx.

More examples of each operation: `AIOS_FUZZ_EXAMPLES=500 pytest tests/flows/test_api_fuzz.py`.
"""

import json
import os
from datetime import datetime
from itertools import cycle
from typing import Any
from uuid import UUID, uuid4

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance

from apps.accounts.models import Workspace
from apps.agents.models import Agent, Run
from apps.audit import operations as audit
from apps.gateway.models import Connector, Execution
from apps.gateway.switches import engage
from apps.policies.models import Decision, Version
from apps.proposals.models import Proposal
from tests.conftest import Cast
from tests.factories.keys import Caller, caller
from tests.factories.proposals import price_change, propose

pytestmark = pytest.mark.django_db(transaction=True)  # the application closes connections itself

EXAMPLES = os.environ.get("AIOS_FUZZ_EXAMPLES", "")
# What the document cannot say is refused rightly: actions and parameters the catalogue does not
# know, an Idempotency-Key used before
SEMANTIC = {
    "submit_proposal",
    "dry_run_proposal",
    "review_proposal",
    "resolve_proposal",
    "take_back_proposal",
    "undo_proposal",
    "claim_proposal",
    "keep_claim",
    "release_claim",
    "skip_proposal",
    "snooze_proposal",
    "wake_proposal",
    "ask_question",
    "answer_question",
    "open_section",
    "approve_together",
    "start_run",
    "engage_kill_switch",
    "release_kill_switch",
}


@pytest.fixture
def rows(
    workspace: Workspace, connector: Connector, policy: Version, now: datetime
) -> dict[str, UUID]:
    """A row of each kind, so that half of the paths lead somewhere."""
    agent = Agent.objects.create(
        workspace=workspace, name="Repricer", playbook="repricing", created_at=now
    )
    run = Run.objects.create(
        workspace=workspace, agent=agent, trigger="schedule", started_by="clock", not_before=now,
        started_at=now,
    )  # fmt: skip
    propose(workspace, 5, now=now)
    waiting = propose(workspace, 50, now=now)
    unproven = propose(workspace, 60, now=now)
    leave_unproven(unproven.pk)
    audit.sequence()
    return {
        "proposal_id": waiting.pk,
        "resolve_proposal": unproven.pk,
        "agent_id": agent.pk,
        "run_id": run.pk,
        "decision_id": Decision.objects.earliest("id").pk,
        "execution_id": Execution.objects.earliest("id").pk,
        "switch_id": engage(
            workspace=workspace, scope="action", target="send_message", reason="R", by="t", now=now
        ).pk,
    }


def leave_unproven(proposal_id: UUID) -> None:
    """Put the proposal where only a person can say what happened."""
    Proposal.objects.filter(pk=proposal_id).update(state="needs_person")


@pytest.fixture
def other(workspace: Workspace, cast: Cast, now: datetime) -> Caller:
    """A reviewer's key, of somebody else than who proposes."""
    return caller(workspace, cast.rita, now=now)


@pytest.fixture
def key(workspace: Workspace, cast: Cast, now: datetime, settings: Any) -> str:
    """A key that may do everything, as often as it likes."""
    settings.API_REQUESTS_PER_MINUTE = 10**9
    return caller(workspace, cast.olga, now=now).token


schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
schema.config.generation.update(with_security_parameters=False)  # the test itself sends the key


@schema.parametrize()
@settings(
    max_examples=int(EXAMPLES or 25),
    derandomize=not EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_answers_as_documented(case: schemathesis.Case, key: str, rows: dict[str, UUID]) -> None:
    """Status, media type, body and headers are those documented; bad input is refused."""
    aim(case, rows)
    name = case.operation.definition.raw["operationId"]
    case.call_and_validate(
        headers={"Authorization": f"Bearer {key}", "Accept-Encoding": "identity"},
        excluded_checks=[positive_data_acceptance] if name in SEMANTIC else [],
    )


turns = cycle((True, False))


def aim(case: schemathesis.Case, rows: dict[str, UUID]) -> None:
    """Let every other path with a fitting id lead to a row that exists, one of the operation's."""
    operation = case.operation.definition.raw["operationId"]
    for name, value in list((case.path_parameters or {}).items()):
        if is_uuid(value) and next(turns):
            case.path_parameters[name] = str(rows.get(operation, rows[name]))


def is_uuid(value: object) -> bool:
    """Whether the value fits the document."""
    try:
        UUID(str(value))
    except ValueError:
        return False
    return True


words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
odd = st.sampled_from(
    ["", " ", "\0", "\ud800", "NaN", "1e400", 10**400, 2**63, -(2**53), 1e308, float("inf"), None,
     True, [[[[]]]], {"\0": 1}, "x" * 20_000]
)  # fmt: skip
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | words
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@st.composite
def drafts(draw: st.DrawFn) -> dict[str, Any]:
    """A draft that fits, however strange its texts, but for one odd value in half of the cases."""
    params: dict[str, Any] = {**price_change(draw(st.integers(11, 400)))[1]}
    params["variant_id"] += f"_{draw(st.integers(0, 10**9))}"
    draft = {
        "title": f"T{draw(words)}",
        "rationale": f"R{draw(words)}",
        "changes": [{"action": "set_price", "params": params}],
        "case": draw(st.dictionaries(words, json_values, max_size=3)),
        "subject": draw(words),
        "confidence": draw(st.floats(0, 1)),
        "evidence": [{"kind": "k", "title": "t", "detail": draw(words)}],
    }
    if draw(st.booleans()):
        place = draw(st.sampled_from([draft, params, draft["case"], draft["evidence"][0]]))
        place[draw(st.sampled_from([*place, "more"]))] = draw(odd | json_values)
    return draft


edits = st.fixed_dictionaries({"amount": st.integers(1, 600) | odd | json_values}) | (
    st.dictionaries(words | st.sampled_from(["variant_id", "currency"]), odd | json_values)
)
verdicts = st.fixed_dictionaries(
    {"verdict": st.sampled_from(["approve", "reject"]), "reason": words | odd},
    optional={"edits": edits, "typed_amount": words | odd},
)
resolutions = st.fixed_dictionaries(
    {"happened": st.booleans() | odd | json_values, "reason": words | odd | json_values}
)


@settings(
    max_examples=int(EXAMPLES or 25) * 4,
    derandomize=not EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(draft=drafts(), verdict=verdicts)
def test_hostile_values_reach_no_5xx(
    key: str, rows: dict[str, UUID], other: Caller, draft: Any, verdict: Any
) -> None:
    """Odd values in every place a client may fill are stored or refused, in each of the steps."""
    dry_run = send(Caller(key), "/proposals/dry-run", draft)
    assert dry_run.status_code in (200, 400, 422), dry_run.content
    submitted = send(Caller(key), "/proposals", draft)
    assert submitted.status_code in (201, 400, 409, 422), submitted.content
    assert (dry_run.status_code == 200) == (submitted.status_code in (201, 409))
    seen = submitted.json() if submitted.status_code == 201 else {}
    if seen.get("state") == "waiting":
        body = {**verdict, "binding": seen["binding"]}
        if body["verdict"] == "approve" and "edits" in body:
            body["edits"] = {seen["changes"][0]["id"]: body["edits"]}
        decided = send(other, f"/proposals/{seen['id']}/reviews", body)
        assert decided.status_code in (200, 400, 403, 409, 422), decided.content


@settings(
    max_examples=int(EXAMPLES or 25) * 2,
    derandomize=not EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(resolution=resolutions)
def test_hostile_resolutions_reach_no_5xx(
    key: str, rows: dict[str, UUID], resolution: dict[str, Any]
) -> None:
    """Odd words about an unproven effect are stored or refused; only a plain yes or no ends it."""
    proposal_id = rows["resolve_proposal"]
    leave_unproven(proposal_id)
    answer = send(Caller(key), f"/proposals/{proposal_id}/resolutions", resolution)
    assert answer.status_code in (200, 400, 422), answer.content
    ended = Proposal.objects.get(pk=proposal_id).state != "needs_person"
    assert ended == (answer.status_code == 200)
    assert not ended or isinstance(resolution["happened"], bool)


def send(caller: Caller, path: str, body: object) -> HttpResponse:
    """POST the JSON, with what JSON has no word for spelled as Python does."""
    content = json.dumps(body)
    return caller.send("POST", path, content=content, headers={"Idempotency-Key": str(uuid4())})
