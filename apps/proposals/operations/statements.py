"""The SQL that runs with every approval, written out once: the ORM compiles each query anew,
which costs several times what PostgreSQL needs to answer it.
"""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Field, Model

from apps.gateway.models import Connector
from apps.proposals.models import Change, Proposal, Review

Row = TypeVar("Row", bound=Model)


def columns(model: type[Model], table: str) -> str:
    """The model's columns in the order `loaded` takes them."""
    return ", ".join(f'{table}."{field.column}"' for field in model._meta.concrete_fields)


@cache
def converters(model: type[Model]) -> list[tuple[int, Any]]:
    """Which fields of the model turn what the driver returns into a value (JSON), by place."""
    fields: Sequence[Field[Any, Any]] = model._meta.concrete_fields
    return [(i, f) for i, f in enumerate(fields) if hasattr(f, "from_db_value")]


def loaded(model: type[Row], row: Sequence[Any]) -> Row:
    """An instance from a row of its `columns`, as the ORM would have loaded it."""
    values = list(row)
    for place, field in converters(model):
        values[place] = field.from_db_value(values[place], None, connection)
    names = [field.attname for field in model._meta.concrete_fields]
    return model.from_db(connection.alias, names, values)


LOCK = f"""
    SELECT {columns(Proposal, "proposal")}
    FROM proposals_proposal proposal
    WHERE proposal.id = %s
    FOR UPDATE
"""  # noqa: S608  (names of our own columns)


def locked(proposal_id: UUID) -> Proposal:
    """The proposal, locked until the transaction ends. Raises `Proposal.DoesNotExist`."""
    with connection.cursor() as sql:
        sql.execute(LOCK, [proposal_id])
        row = sql.fetchone()
    if row is None:
        raise Proposal.DoesNotExist
    return loaded(Proposal, row)


CHANGES = f"""
    SELECT {columns(Change, "change")}, {columns(Connector, "connector")}
    FROM proposals_change change
    JOIN gateway_connector connector ON connector.id = change.connector_id
    WHERE change.proposal_id = %s
    ORDER BY change.position
"""  # noqa: S608


def changes_in(proposal: Proposal) -> list[Change]:
    """All changes of the proposal in order, each with its connector and this very proposal."""
    with connection.cursor() as sql:
        sql.execute(CHANGES, [proposal.pk])
        rows = sql.fetchall()
    width = len(Change._meta.concrete_fields)
    changes = []
    for row in rows:
        change = loaded(Change, row[:width])
        change.proposal, change.connector = proposal, loaded(Connector, row[width:])
        changes.append(change)
    return changes


# The table's unique constraint knows who has decided on this binding before.
CAST = """
    INSERT INTO proposals_review (id, workspace_id, proposal_id, reviewer_id, verdict, binding,
                                  reason, edited, via, alone, key, key_allowed_by, at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (proposal_id, reviewer_id, binding) DO NOTHING
"""


def cast(review: Review) -> bool:
    """Save a review; False if there is one by this person of this binding already."""
    values: list[Any] = [
        review.pk, review.workspace_id, review.proposal_id, review.reviewer_id, review.verdict,
        review.binding, review.reason, json.dumps(review.edited), review.via,
        review.alone, review.key, review.key_allowed_by, review.at,
    ]  # fmt: skip
    with connection.cursor() as sql:
        sql.execute(CAST, values)
        return bool(sql.rowcount)


MOVE = """
    UPDATE proposals_proposal SET state = %s, claimed_by_id = NULL, claimed_until = NULL,
        snoozed_by_id = NULL, snoozed_until = NULL, wakes_on_change = FALSE
    WHERE id = %s
"""


def move(proposal: Proposal) -> None:
    """Save the state of a locked proposal, which nobody holds any more and which sleeps no longer.

    Should a person have to look at it once more, it is not hidden from them.
    """
    proposal.snoozed_by = proposal.snoozed_until = None
    proposal.wakes_on_change = False
    with connection.cursor() as sql:
        sql.execute(MOVE, [proposal.state, proposal.pk])
