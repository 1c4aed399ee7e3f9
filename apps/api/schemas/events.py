"""Events of the audit log as integrators read them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Schema
from pydantic import Field

LAST = 2**63 - 1


class EventPaging(Schema):
    """Which events are wanted."""

    after: Annotated[int, Field(ge=0, le=LAST, description="`last` of the page before.")] = 0
    run_id: Annotated[UUID | None, Field(description="Only events of this run.")] = None
    limit: Annotated[int, Field(ge=1, le=500, description="Events of a page.")] = 100


class EventRecord(Schema):
    """One event with its place in the log.

    `fields` is null when its content was erased, or is `altered`: what is stored does not fit the
    digest that was recorded with the event.
    """

    index: int
    id: UUID
    kind: str
    at: datetime
    actor: str
    subject_kind: str
    subject_id: str
    run_id: UUID | None
    fields: dict[str, Any] | None
    altered: bool


class EventPage(Schema):
    """Events in the log's order. Ask again with `after` = `last` for what happens next."""

    items: list[EventRecord]
    last: int
