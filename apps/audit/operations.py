"""Writing the audit log: record in the caller's transaction, then number what is committed."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from uuid_utils.compat import uuid7

from apps.audit import acting, bell, failpoints, seal
from apps.audit.content import digest
from apps.audit.event import Event
from apps.audit.models import Cursor


class NotInTransaction(RuntimeError):
    """An event must be recorded in the transaction of the change it tells of. Open one."""


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One event to be recorded: its payload, where, who did it and what it is about."""

    event: Event
    workspace_id: UUID
    actor: str
    subject_kind: str
    subject_id: object
    run_id: UUID | None = None


def record(
    event: Event,
    *,
    workspace_id: UUID,
    actor: str,
    subject_kind: str,
    subject_id: object,
    now: datetime,
    run_id: UUID | None = None,
) -> None:
    """Record one event; it exists if and only if the caller's transaction commits."""
    fact = Fact(
        event=event,
        workspace_id=workspace_id,
        actor=actor,
        subject_kind=subject_kind,
        subject_id=subject_id,
        run_id=run_id,
    )
    record_all([fact], now=now)


def record_all(facts: Sequence[Fact], *, now: datetime) -> None:
    """Record events in this order, in the caller's transaction. Raises `NotInTransaction`.

    `now` is the time of an event only for the tables' owner (migrations, the demo's seed, tests):
    of what the product's role writes the database itself says when. And it says in whose session:
    that of `acting`, if the seal shows that a process of the product says so.
    """
    if not connection.in_atomic_block:
        raise NotInTransaction(NotInTransaction.__doc__)
    if not facts:
        return
    key, session = seal.key_of(settings.SECRET_KEY), acting.session()
    rows = [row_of(fact, key=key, session=session) for fact in facts]
    with connection.cursor() as sql:
        sql.execute(INSERT_EVENTS, [json.dumps(rows), now])
    # once a transaction is enough, however many events it records
    if not any(entry[1] is bell.ring for entry in connection.run_on_commit):
        transaction.on_commit(bell.ring, robust=True)


INSERT_EVENTS = """
    WITH given AS (
        SELECT * FROM jsonb_to_recordset(%s::jsonb) AS g(
            id uuid, kind text, workspace_id uuid, actor text, session text, subject_kind text,
            subject_id text, run_id uuid, digest text, salt text, fields jsonb)
    ),
    events AS (
        INSERT INTO audit_event (id, kind, at, workspace_id, actor, session, subject_kind,
                                 subject_id, run_id, payload_digest)
        SELECT id, kind, %s, workspace_id, actor, session, subject_kind, subject_id, run_id,
               decode(digest, 'hex')
        FROM given
    )
    INSERT INTO audit_payload (event_id, salt, fields)
    SELECT id, decode(salt, 'hex'), fields FROM given
"""


def row_of(fact: Fact, *, key: bytes, session: str) -> dict[str, Any]:
    """An event and its payload as one row of JSON values, with a new id, salt and seal."""
    salt, payload = os.urandom(16), fact.event.payload()
    row = {
        "id": str(uuid7()),
        "kind": fact.event.kind,
        "workspace_id": str(fact.workspace_id),
        "actor": fact.actor,
        "subject_kind": fact.subject_kind,
        "subject_id": str(fact.subject_id),
        "run_id": str(fact.run_id) if fact.run_id else None,
        "digest": digest(salt, payload).hex(),
    }
    return {
        **row,
        "session": seal.sealed(key, row, session),
        "salt": salt.hex(),
        "fields": payload,
    }


SEQUENCER = "sequencer"
# Written out instead of joined in, so that the planner knows how few events lie behind them.
XMIN = "pg_snapshot_xmin(pg_current_snapshot())"
XMAX = "pg_snapshot_xmax(pg_current_snapshot())"
# "IS NULL" for "NOT EXISTS", and "count" for "EXISTS": index look-ups, never a scan of the log.
NUMBER = """
    WITH fresh AS (
        SELECT e.id, e.workspace_id, e.run_id, e.kind, e.xid, e.xid < {xmax} AS here
        FROM audit_event e
        WHERE ({window})
          AND (SELECT n.index FROM audit_entry n WHERE n.event_id = e.id) IS NULL
    ),
    numbered AS (
        INSERT INTO audit_entry (index, event_id, workspace_id, run_id, kind)
        SELECT %(index)s + row_number() OVER (ORDER BY here, xid, id),
               id, workspace_id, run_id, kind
        FROM fresh
        RETURNING 1
    ),
    moved AS (
        UPDATE audit_cursor SET index = %(index)s + (SELECT count(*) FROM fresh),
                                xid = {xmin}::text::bigint
        WHERE name = %(reader)s
    )
    SELECT (SELECT count(*) FROM numbered),
           (SELECT count(*) FROM audit_event e WHERE e.xid >= {xmin} AND e.xid < {xmax}) > 0,
           %(from_xid)s::text::xid8 > {xmax}
"""
COMMITTED = f"e.xid >= %(from_xid)s::text::xid8 AND e.xid < {XMIN}"
RESTORED = f"e.xid < {XMIN} OR e.xid >= {XMAX}"
NUMBER_COMMITTED = NUMBER.format(window=COMMITTED, xmin=XMIN, xmax=XMAX)
NUMBER_RESTORED = NUMBER.format(window=RESTORED, xmin=XMIN, xmax=XMAX)


@dataclass(frozen=True)
class Sequenced:
    """What one pass of the sequencer did: events numbered, and whether some must still wait."""

    numbered: int
    waiting: bool


@transaction.atomic
def sequence() -> Sequenced:
    """Give dense numbers to all events whose transaction is surely over.

    One sequencer at a time (row lock on its cursor). The order is that of transaction ids, not of
    serial ids: those are taken before commit, and a late commit would slip in behind a number
    that was already read.

    A log restored into another cluster holds transaction ids from that one's future. Then one pass
    numbers whatever has no number, the events which came with the dump first.
    """
    cursor = hold(SEQUENCER)
    values: dict[str, int | str] = {
        "from_xid": cursor.xid,
        "index": cursor.index,
        "reader": SEQUENCER,
    }
    with connection.cursor() as sql:
        sql.execute(NUMBER_COMMITTED, values)
        count, waiting, restored = sql.fetchone()
        if restored:  # so the window above was empty
            sql.execute(NUMBER_RESTORED, values)
            count, waiting, _ = sql.fetchone()
    failpoints.reach("before_numbering")
    return Sequenced(numbered=count, waiting=waiting)


@dataclass(frozen=True)
class Followed:
    """What a reader had not seen: the kinds in order, and the number it has now come to."""

    kinds: tuple[str, ...]
    index: int


FOLLOW = """
    WITH unseen AS (
        SELECT index, kind FROM audit_entry WHERE index > %(index)s ORDER BY index LIMIT %(limit)s
    ),
    moved AS (
        UPDATE audit_cursor SET index = (SELECT max(index) FROM unseen)
        WHERE name = %(reader)s AND EXISTS (SELECT FROM unseen)
    )
    SELECT index, kind FROM unseen ORDER BY index
"""


@transaction.atomic
def follow(reader: str, *, limit: int = 5_000) -> Followed:
    """The events behind the reader's cursor, which moves behind them."""
    cursor = hold(reader)
    with connection.cursor() as sql:
        sql.execute(FOLLOW, {"index": cursor.index, "limit": limit, "reader": reader})
        rows = sql.fetchall()
    index = rows[-1][0] if rows else cursor.index
    return Followed(kinds=tuple(kind for _, kind in rows), index=index)


@dataclass(frozen=True)
class Place:
    """How far a reader has come: the number of its last event; the sequencer's transaction id."""

    index: int
    xid: int


HOLD = "SELECT index, xid FROM audit_cursor WHERE name = %s FOR UPDATE"


def hold(reader: str) -> Place:
    """The reader's cursor, locked until the transaction ends; made at its first look."""
    with connection.cursor() as sql:
        sql.execute(HOLD, [reader])
        row = sql.fetchone()
        if row is None:
            Cursor.objects.get_or_create(name=reader)
            sql.execute(HOLD, [reader])
            row = sql.fetchone()
    return Place(*row)
