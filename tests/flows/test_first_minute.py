"""A minute after `up`, untouched: the shop has changed by policy alone, and people have work."""

import json
from collections.abc import Iterator

import psycopg
import pytest

from tests.flows.conftest import System, unattested, wait_until

pytestmark = pytest.mark.slow

BY_POLICY = """
    SELECT count(*) FROM gateway_execution e
    JOIN proposals_change c ON c.id = e.subject_id JOIN proposals_proposal p ON p.id = c.proposal_id
    WHERE e.action = 'set_price' AND e.state = 'done' AND p.reviewers = 0
"""
WAITING = "SELECT count(*) FROM proposals_proposal WHERE state = 'waiting'"
DENIED = """
    SELECT count(*) FROM proposals_proposal p JOIN proposals_change c ON c.proposal_id = p.id
    JOIN policies_decision d ON d.id = c.decision_id
    WHERE p.state = 'denied' AND d.outcome = 'deny' AND d.rule <> '' AND d.reason <> ''
"""
EVENTS_OF = """
    SELECT array_agg(v.kind ORDER BY n.index) FROM gateway_execution e
    JOIN audit_event v ON v.subject_kind = 'execution' AND v.subject_id = e.id::text
    JOIN audit_entry n ON n.event_id = v.id
    WHERE e.key = %s
"""


@pytest.fixture
def database(system: System) -> Iterator[psycopg.Connection]:
    """The system's database, as its owner."""
    url = json.loads((system.data / "embedded.json").read_text())["owner_url"]
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def test_the_first_minute_of_an_untouched_demo(system: System, database: psycopg.Connection):
    """At least 5 prices by policy alone, 5 waiting, 1 denied with its rule."""

    def count(query: str) -> int:
        row = database.execute(query).fetchone()
        return row[0] if row else 0

    wait_until(
        lambda: count(BY_POLICY) >= 5 and count(WAITING) >= 5 and count(DENIED) >= 1,
        60,
        lambda: f"{count(BY_POLICY)} by policy, {count(WAITING)} wait, {count(DENIED)} denied",
    )


def test_every_line_of_the_shops_ledger_has_its_execution_and_events(
    system: System, database: psycopg.Connection
):
    """No effect without a recorded intent and outcome; none recorded without its effect."""
    wait_until(lambda: len(system.ledger()) >= 5, 60)
    lines = system.ledger()

    def events(line: dict[str, object]) -> list[str]:
        row = database.execute(EVENTS_OF, (line["key"],)).fetchone()
        return row[0] or [] if row else []

    # the last outcome is committed after the shop's line, and numbered after that
    wait_until(lambda: all("execution.finished" in events(line) for line in lines), 20)
    for line in lines:
        assert events(line)[-3:] == [
            "execution.due", "execution.started", "execution.finished"
        ], line  # fmt: skip
    done = database.execute("SELECT key FROM gateway_execution WHERE state = 'done'").fetchall()
    assert {key for (key,) in done} <= {line["key"] for line in system.ledger()}


def test_the_database_knows_whose_session_it_was(system: System, database: psycopg.Connection):
    """Each part of the product shows itself by its key, and nobody has signed in yet."""

    def sessions() -> set[str]:
        rows = database.execute("SELECT DISTINCT session FROM audit_event WHERE session <> ''")
        return {session for (session,) in rows}

    wait_until(lambda: "worker" in sessions(), 60, lambda: f"{sessions()}")
    assert not {one for one in sessions() if one.startswith(("user:", "key:"))}
    assert not unattested(system)
