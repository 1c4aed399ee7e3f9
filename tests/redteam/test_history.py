"""With the product's own credentials nobody deletes, rewrites or back-dates what happened."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import ProgrammingError, connection, transaction

from apps.accounts.models import Workspace
from apps.agents import erasure
from apps.audit import operations as audit
from apps.audit import queries
from apps.audit.models import Event, Payload
from apps.gateway.models import Connector, Execution, State
from apps.gateway.operations.compensate import Amends, mark_compensated
from apps.policies import operations as policies
from apps.policies.models import Decision, Policy, Stage, Version
from apps.proposals import operations as proposals
from apps.proposals.models import Review
from tests.conftest import LIMITS, RULES, Cast
from tests.factories.proposals import propose
from tests.redteam.role import as_the_product

pytestmark = pytest.mark.django_db


@pytest.fixture
def history(
    workspace: Workspace, cast: Cast, connector: Connector, policy: Version, now: datetime
) -> Workspace:
    """One price changed by policy alone, one with a person's vote, one that waits to be called."""
    propose(workspace, "5", now=now)
    voted = propose(workspace, "50", now=now)
    proposals.approve(proposal_id=voted.pk, user=cast.rita, binding=voted.binding, now=now)
    proposals.execute(worker="test", clock=lambda: now)
    propose(workspace, "6", now=now)
    return workspace


def run(statement: str, *values: Any) -> None:
    """One statement with the product's credentials; what it did stays if it was allowed."""
    with as_the_product(), transaction.atomic(), connection.cursor() as sql:
        sql.execute(statement, values)


def rows() -> dict[str, list[Any]]:
    """All that the attacks are after."""
    models = Event, Payload, Decision, Version, Review, Execution, Workspace
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_payload",
        "UPDATE audit_payload SET salt = ''",
        """WITH gone AS (DELETE FROM audit_payload RETURNING event_id)
           INSERT INTO audit_payload SELECT event_id, '', '{"forged": true}' FROM gone""",
        """INSERT INTO audit_payload SELECT event_id, salt, '{}' FROM audit_payload
           ON CONFLICT (event_id) DO UPDATE SET fields = EXCLUDED.fields""",
        "UPDATE policies_decision SET outcome = 'allow'",
        "UPDATE policies_decision SET at = '2020-01-01'",
        "UPDATE policies_decision SET facts = '{}'",
        "DELETE FROM policies_decision",
        "UPDATE policies_version SET published_at = '2020-01-01'",
        "UPDATE policies_version SET published_at = NULL, stage = 'draft'",
        "UPDATE policies_version SET author = 'user:somebody else'",
        "UPDATE policies_version SET actions = '[\"set_price\"]'",
        "UPDATE policies_version SET rules = '[]'",
        "DELETE FROM policies_version",
        "UPDATE proposals_review SET verdict = 'reject'",
        "UPDATE proposals_review SET reviewer_id = (SELECT max(id::text)::uuid FROM accounts_user)",
        "UPDATE proposals_review SET at = '2020-01-01'",
        "UPDATE proposals_review SET reason = 'I was told to'",
        "DELETE FROM proposals_review",
        "UPDATE gateway_execution SET receipt = '{}' WHERE state = 'done'",
        "UPDATE gateway_execution SET reference = 'another' WHERE state = 'done'",
        "UPDATE gateway_execution SET finished_at = '2020-01-01' WHERE state = 'done'",
        "UPDATE gateway_execution SET state = 'due', receipt = NULL WHERE state = 'done'",
        "UPDATE gateway_execution SET error = 'never called' WHERE state = 'done'",
        "UPDATE gateway_execution SET params = '{}'",
        "UPDATE gateway_execution SET snapshot = '{}' WHERE state = 'due'",
        "UPDATE gateway_execution SET binding = '' WHERE state = 'due'",
        "UPDATE gateway_execution SET created_at = '2020-01-01'",
        "DELETE FROM gateway_execution",
        "UPDATE accounts_workspace SET is_demo = true",
        "UPDATE accounts_workspace SET id = gen_random_uuid()",
        "DELETE FROM accounts_workspace",
    ],
)
def test_no_statement_alters_history(history: Workspace, statement: str) -> None:
    """A permission error, and every row is as it was."""
    before = rows()
    with pytest.raises(ProgrammingError) as caught:
        run(statement)
    assert isinstance(caught.value.__cause__, psycopg.errors.InsufficientPrivilege)
    assert rows() == before


@pytest.mark.parametrize("table", ["policies_decision", "proposals_review", "gateway_execution"])
@pytest.mark.parametrize(
    "trick",
    [
        # a table of one's own is found before the real one
        "CREATE TEMPORARY TABLE accounts_workspace AS SELECT id, true AS is_demo FROM "
        "public.accounts_workspace",
        # keys to the workspace are only looked at when the transaction ends
        "DELETE FROM accounts_workspace",
        "UPDATE accounts_workspace SET is_demo = true",
        "SET session_replication_role = replica",
        "ALTER TABLE {table} DISABLE TRIGGER ALL",
    ],
)
def test_no_trick_makes_a_workspace_a_demo(history: Workspace, table: str, trick: str) -> None:
    """What happened goes with a demo only, and none is made of a shop afterwards."""
    before = rows()
    for statement in trick.format(table=table), f"DELETE FROM {table}":
        try:
            run(statement)
        except ProgrammingError:
            continue
    with connection.cursor() as sql:
        sql.execute("DROP TABLE IF EXISTS pg_temp.accounts_workspace")
    assert rows() == before


INSERTS: dict[str, tuple[str, Callable[[], datetime]]] = {
    "event": (
        """INSERT INTO audit_event SELECT gen_random_uuid(), kind, '2020-01-01', workspace_id,
                  'user:forged', subject_kind, subject_id, run_id, payload_digest, '3'
           FROM audit_event LIMIT 1""",
        lambda: Event.objects.get(actor="user:forged").at,
    ),
    "decision": (
        """INSERT INTO policies_decision (id, workspace_id, subject_id, basis, outcome, rule,
                  reason, reviewers, fired, facts, at)
           SELECT gen_random_uuid(), workspace_id, subject_id, basis, outcome, 'forged', reason,
                  reviewers, fired, facts, '2020-01-01' FROM policies_decision LIMIT 1""",
        lambda: Decision.objects.get(rule="forged").at,
    ),
    "review": (
        """INSERT INTO proposals_review (id, workspace_id, proposal_id, reviewer_id, verdict,
                  binding, reason, edited, via, alone, key, key_allowed_by, at)
           SELECT gen_random_uuid(), workspace_id, proposal_id, reviewer_id, verdict, 'forged',
                  reason, edited, via, alone, key, key_allowed_by, '2020-01-01'
           FROM proposals_review LIMIT 1""",
        lambda: Review.objects.get(binding="forged").at,
    ),
    "version": (
        """INSERT INTO policies_version (id, policy_id, number, stage, rules, limits, actions,
                  digest, author, created_at, published_at)
           SELECT gen_random_uuid(), policy_id, 99, 'retired', rules, limits, actions, digest,
                  author, '2020-01-01', '2020-01-01' FROM policies_version LIMIT 1""",
        lambda: max(
            Version.objects.values_list("created_at", "published_at").get(number=99),
            key=lambda moment: abs(moment - datetime.now(UTC)),
        ),
    ),
    "execution": (
        """INSERT INTO gateway_execution (id, workspace_id, connector_id, subject_id, binding, key,
                  action, params, target, snapshot, priority, state, not_before, worker, attempts,
                  deliveries, progress, reference, receipt, error, created_at, finished_at,
                  reported)
           SELECT gen_random_uuid(), workspace_id, connector_id, subject_id, binding, 'forged',
                  action, params, target, snapshot, priority, state, not_before, worker, attempts,
                  deliveries, progress, reference, receipt, error, '2020-01-01', '2020-01-01', true
           FROM gateway_execution WHERE state = 'done' LIMIT 1""",
        lambda: max(
            Execution.objects.values_list("created_at", "finished_at").get(key="forged"),
            key=lambda moment: abs(moment - datetime.now(UTC)),
        ),
    ),
}


@pytest.mark.parametrize("what", INSERTS)
def test_nothing_is_back_dated(history: Workspace, what: str) -> None:
    """Whatever time a row names, it happened when it was written."""
    statement, written_at = INSERTS[what]
    run(statement)
    assert datetime.now(UTC) - written_at() < timedelta(minutes=5)


def test_an_event_names_no_transaction_of_the_past(history: Workspace) -> None:
    """Its place in the log is that of the transaction which wrote it."""
    run(INSERTS["event"][0])
    with connection.cursor() as sql:
        sql.execute(
            "SELECT xid = pg_current_xact_id() FROM audit_event WHERE actor = 'user:forged'"
        )
        assert sql.fetchone() == (True,)


def test_a_draft_is_published_when_it_is(history: Workspace, now: datetime) -> None:
    """A rule is not in force since a day of somebody's choice."""
    policies.draft(workspace=history, name="New", rules=RULES, limits=LIMITS, by="t", now=now)
    run("UPDATE policies_version SET stage = 'active', published_at = '2020-01-01' "
        "WHERE stage = 'draft'")  # fmt: skip
    published = Version.objects.get(policy__name="New").published_at
    assert published is not None
    assert datetime.now(UTC) - published < timedelta(minutes=5)


def test_changed_content_is_shown_as_such(history: Workspace) -> None:
    """Who can write to the table, as its owner can, does not put words into the log."""
    forged, *others = Event.objects.order_by("pk").values_list("pk", flat=True)
    Payload.objects.filter(pk=forged).update(fields={"title": "Forged"})
    read, *rest = queries.load(enumerate([forged, *others]))
    assert (read.fields, read.altered) == (None, True)
    assert rest
    assert not any(one.altered or one.fields is None for one in rest)


def test_the_product_itself_goes_on(history: Workspace, cast: Cast) -> None:
    """Proposing, voting, calling, making up and publishing need none of what was taken away."""
    late = datetime.now(UTC)
    with as_the_product():
        waits = propose(history, "50", now=late)
        proposals.approve(proposal_id=waits.pk, user=cast.rita, binding=waits.binding, now=late)
        for _ in range(3):
            proposals.execute(worker="test", clock=lambda: late)
        proposals.settle(now=late)
        done = Execution.objects.filter(state=State.DONE).latest("pk")
        mark_compensated([Amends(execution=done, by=None)], by="user:x", now=late)
        version = policies.draft(workspace=history, name="Guardrails", rules=RULES, limits={
            **LIMITS, "most": 500}, by="t", now=late)  # fmt: skip
        policies.publish(version=version, by="t", now=late)
        policies.retire(policy=Policy.objects.get(name="Guardrails"), by="t", now=late)
        audit.sequence()
    made = Execution.objects.filter(created_at__gte=late)
    assert [one.state for one in made] == [State.COMPENSATED]
    assert not Version.objects.exclude(stage=Stage.RETIRED).exists()


def test_a_demo_is_removed_with_its_history(history: Workspace, now: datetime) -> None:
    """What was a demo from its making may go; its log stays."""
    Workspace.objects.update(is_demo=True)
    events = Event.objects.count()
    with as_the_product():
        erasure.remove_demo(workspace=history, by="t", now=now)
    assert not Execution.objects.exists()
    assert not Decision.objects.exists()
    assert not Review.objects.exists()
    assert Event.objects.count() >= events
