"""An agent that runs elsewhere tries to decide, to be somebody else, or to go on where it may not."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts import operations as accounts
from apps.accounts import outside
from apps.accounts.models import AGENT_SCOPES, ApiKey, Membership, OutsideAgent, User, Workspace
from apps.api.main import api
from apps.gateway import switches
from apps.gateway.models import Execution
from apps.policies import operations as policies
from apps.policies.models import Version
from apps.proposals import operations as proposals
from apps.proposals.models import Proposal, Review
from tests.conftest import Cast
from tests.factories.keys import ROOT, Caller, caller
from tests.factories.outside_agents import key_of, register
from tests.factories.proposals import propose
from tests.factories.signing_in import sign_in
from tests.unit.api.calls import body, problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("connector", "policy")]
PROPOSING = {"submit_proposal", "dry_run_proposal", "answer_question"}
DOCUMENT = api.get_openapi_schema(path_prefix=f"{ROOT}/")["paths"]
DECIDING = [
    (address.removeprefix(ROOT), operation["operationId"])
    for address, methods in DOCUMENT.items()
    for method, operation in methods.items()
    if method != "get" and operation["operationId"] not in PROPOSING
]


@contextmanager
def as_the_product() -> Iterator[None]:
    """As the role that web, workers and sweep sign in with."""
    with transaction.atomic(), connection.cursor() as sql:
        sql.execute("SET LOCAL ROLE aios_app")
        yield
        sql.execute("RESET ROLE")


@pytest.fixture
def agent(workspace: Workspace, cast: Cast, now: datetime) -> OutsideAgent:
    """Otto's, with all an agent may have."""
    return register(workspace, cast.otto, now=now)


@pytest.fixture
def key(agent: OutsideAgent, now: datetime) -> Caller:
    """A key of it."""
    return key_of(agent, now=now)


@pytest.fixture
def midway(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Has something happen while a proposal is being submitted, once its key was let in."""

    def arrange(happens: Callable[[], object]) -> None:
        look = proposals.prepare

        def prepare(**how: Any) -> Any:
            happens()
            return look(**how)

        monkeypatch.setattr(proposals, "prepare", prepare)

    return arrange


@pytest.mark.parametrize(("address", "operation"), DECIDING)
def test_its_key_decides_nothing(
    key: Caller, workspace: Workspace, now: datetime, address: str, operation: str
) -> None:
    """Neither on its own, its owner's or anybody's: every operation there is but proposing.

    Whatever the key's row says.
    """
    ApiKey.objects.update(scopes=list(accounts.SCOPES))
    own = key.post("/proposals", body(50)).json()
    others = propose(workspace, "60", now=now)
    for pk, binding in ((own["id"], own["binding"]), (others.pk, others.binding)):
        path = address.replace("{proposal_id}", str(pk))
        path = path.replace("{section}", "facts").replace("{switch_id}", str(pk))
        path = path.replace("{run_id}", str(pk))
        wanted = {"reason": "Because."}
        wanted |= {} if "undo" in path else {"verdict": "approve", "binding": binding}
        problem(key.post(path, wanted), 403)
    assert not Review.objects.exists()
    assert set(Proposal.objects.values_list("state", flat=True)) == {"waiting"}


def test_no_row_lets_an_agent_decide(agent: OutsideAgent) -> None:
    """The database keeps none that says so."""
    with pytest.raises(IntegrityError), transaction.atomic():
        OutsideAgent.objects.update(scopes=[*AGENT_SCOPES, "proposals:review"])


def test_its_owner_is_no_second_person_for_it(
    key: Caller, agent: OutsideAgent, cast: Cast, workspace: Workspace, now: datetime
) -> None:
    """Not in a browser, not with a key of their own, not after the agent is retired."""
    accounts.authorise(workspace=workspace, user=cast.otto, action="set_price", ceiling=None,
                       currency="EUR", by="t", now=now)  # fmt: skip
    made = key.post("/proposals", body(50)).json()
    browser, bare = sign_in(Client(), cast.otto), caller(workspace, cast.otto, now=now)
    for _ in range(2):
        browser.post(f"/proposals/{made['id']}/approve", {"binding": made["binding"]})
        wanted = {"verdict": "approve", "binding": made["binding"]}
        problem(bare.post(f"/proposals/{made['id']}/reviews", wanted), 403)
        outside.retire(agent=agent, by=cast.otto.actor, now=now)
    assert not Review.objects.exists()
    assert not Execution.objects.exists()


def test_retired_while_a_request_is_under_way(
    key: Caller, agent: OutsideAgent, now: datetime, midway: Callable[..., None]
) -> None:
    """It was let in, and proposes nothing any more; its next request is not let in."""
    midway(lambda: outside.retire(agent=agent, by="t", now=now))
    assert "retired" in problem(key.post("/proposals", body(5)), 403)["detail"]
    assert not Proposal.objects.exists()
    problem(key.get("/proposals"), 401)


def test_narrowed_while_a_request_is_under_way(
    key: Caller, agent: OutsideAgent, now: datetime, midway: Callable[..., None]
) -> None:
    """The limits of the moment count, not those it was let in with."""
    midway(lambda: outside.limit(agent=agent, scopes=AGENT_SCOPES, actions=["set_stock"],
                                 hourly=None, by="t", now=now))  # fmt: skip
    assert "set_price" in problem(key.post("/proposals", body(5)), 403)["detail"]
    assert not Proposal.objects.exists()


def test_stopped_while_it_goes_on_proposing(
    key: Caller, agent: OutsideAgent, workspace: Workspace, now: datetime
) -> None:
    """What policy lets through is not carried out, also by its other keys, until the release."""
    switch = switches.engage(workspace=workspace, scope="agent", target=str(agent.pk), reason="Odd.",
                             by="t", now=now)  # fmt: skip
    for one in (key, key_of(agent, now=now)):
        assert one.post("/proposals", body(5)).json()["state"] == "approved"
    now = timezone.now()  # requests have a clock of their own
    proposals.execute(worker="w", clock=lambda: now)
    assert set(Execution.objects.values_list("state", flat=True)) == {"due"}
    switches.release(switch=switch, by="t", now=now)
    proposals.execute(worker="w", clock=lambda: now)
    assert set(Execution.objects.values_list("state", flat=True)) == {"done"}


def test_a_key_stays_its_agents(
    key: Caller, agent: OutsideAgent, cast: Cast, workspace: Workspace, now: datetime
) -> None:
    """The admin changes none; one that was put on another person's agent lets nobody in."""
    other = register(workspace, cast.olga, name="Other", now=now)
    row = ApiKey.objects.get()
    page = reverse("admin:accounts_apikey_change", args=[row.pk])
    answer = sign_in(Client(), cast.olga).post(page, {"agent": other.pk, "name": "x"})
    row.refresh_from_db()
    assert (answer.status_code, row.agent, row.name) == (403, agent, "test")
    ApiKey.objects.update(agent=other)
    problem(key.get("/proposals"), 401)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_apikey SET agent_id = (SELECT id FROM accounts_outsideagent LIMIT 1)",
        "UPDATE accounts_apikey SET agent_id = NULL",
        "UPDATE accounts_apikey SET user_id = (SELECT id FROM accounts_user LIMIT 1)",
        "UPDATE accounts_apikey SET scopes = '[\"proposals:review\"]'",
        "UPDATE accounts_outsideagent SET owner_id = (SELECT id FROM accounts_user LIMIT 1)",
        "UPDATE accounts_outsideagent SET name = 'Rita'",
    ],
)
def test_the_product_itself_gives_no_key_away(key: Caller, statement: str) -> None:
    """With its own credentials neither key nor agent becomes another's."""
    with pytest.raises(ProgrammingError) as caught, as_the_product(), connection.cursor() as sql:
        sql.execute(statement)
    assert isinstance(caught.value.__cause__, psycopg.errors.InsufficientPrivilege)


def test_the_product_itself_ends_them(key: Caller, agent: OutsideAgent, now: datetime) -> None:
    """What it has to do it can: note a use, revoke, retire, set limits, count under a lock."""
    row = ApiKey.objects.get()
    with as_the_product():
        assert key.post("/proposals", body(5)).status_code == 201
        accounts.revoke_key(key=row, by="t", now=now)
        outside.limit(agent=agent, scopes=[], actions=[], hourly=1, by="t", now=now)
        outside.retire(agent=agent, by="t", now=now)
    row.refresh_from_db()
    assert None not in (row.last_used_at, row.revoked_at)


def test_agents_of_one_owner_pass_no_cap_by_turns(
    workspace: Workspace, cast: Cast, policy: Version, now: datetime
) -> None:
    """Two agents, several keys and the owner's own count as one; another owner's are another's."""
    cap = {"name": "cap", "when": "window('agent', '24h').changes > 4", "outcome": "review",
           "reason": "Enough for a day.", "actions": ["set_price"]}  # fmt: skip
    version = policies.draft(workspace=workspace, name="Guardrails", rules=[*policy.rules, cap],
                             limits=policy.limits, by="t", now=now)  # fmt: skip
    policies.publish(version=version, by="t", now=now)
    first, second = (register(workspace, cast.otto, name=name, now=now) for name in ("A", "B"))
    foreign = register(workspace, cast.olga, name="C", now=now)
    turns = [key_of(first, now=now), key_of(second, now=now), key_of(first, now=now),
             caller(workspace, cast.otto, now=now), key_of(second, now=now)]  # fmt: skip
    states = [one.post("/proposals", body(5)).json()["state"] for one in turns]
    assert states == ["approved"] * 4 + ["waiting"]
    assert key_of(foreign, now=now).post("/proposals", body(5)).json()["state"] == "approved"


@pytest.mark.parametrize(
    "name",
    ["Rita Reviewer", "rita  reviewer", "rita@example.com", "Rita\u202e", "Ri\u200bta",
     "Rita\u2066 x", "\u3164", "Rita\ufe0f", "\uff32ita Reviewer", "\u0415RP", "ERP\n", " ", "x" * 81],
)  # fmt: skip
def test_it_is_called_like_nobody(
    workspace: Workspace, cast: Cast, now: datetime, name: str
) -> None:
    """Neither like a colleague, nor like another agent, nor with letters that hide something."""
    User.objects.filter(pk=cast.rita.pk).update(name="Rita Reviewer", email="rita@example.com")
    register(workspace, cast.olga, name="erp", now=now)
    with pytest.raises((outside.NameUnfit, outside.NameTaken)):
        register(workspace, cast.otto, name=name, now=now)


def test_it_has_no_more_than_its_owner(
    key: Caller, cast: Cast, workspace: Workspace, now: datetime
) -> None:
    """Whoever leaves takes their agents' keys along; whoever is made inactive, too."""
    with pytest.raises(PermissionError):
        register(workspace, cast.rita, name="Hers", now=now)
    User.objects.filter(pk=cast.otto.pk).update(is_active=False)
    problem(key.get("/proposals"), 401)
    User.objects.filter(pk=cast.otto.pk).update(is_active=True)
    place = Membership.objects.get(workspace=workspace, user=cast.otto)
    accounts.remove_member(membership=place, by=cast.olga.actor, now=now)
    problem(key.get("/proposals"), 403)
    problem(key.post("/proposals", body(5)), 403)
    with pytest.raises(accounts.NotAMember):
        key_of(OutsideAgent.objects.get(), now=now)
    assert not Proposal.objects.exists()


def test_its_owner_leaves_while_a_request_is_under_way(
    key: Caller, cast: Cast, workspace: Workspace, now: datetime, midway: Callable[..., None]
) -> None:
    """Nothing is proposed for somebody who is gone."""
    place = Membership.objects.get(workspace=workspace, user=cast.otto)
    midway(lambda: accounts.remove_member(membership=place, by="t", now=now))
    problem(key.post("/proposals", body(5)), 403)
    assert not Proposal.objects.exists()


def test_it_gets_no_answer_that_was_its_owners(
    key: Caller, cast: Cast, workspace: Workspace, now: datetime
) -> None:
    """An Idempotency-Key of the owner's replays nothing to the agent, nor to another agent."""
    own, draft = caller(workspace, cast.otto, now=now), body(5)
    other = key_of(register(workspace, cast.otto, name="Other", now=now), now=now)
    made = own.post("/proposals", draft, once="same").json()
    for one in (key, other):
        answer = problem(one.post("/proposals", draft, once="same"), 422)
        assert made["id"] not in str(answer)
