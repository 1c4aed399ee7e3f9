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
    digest that was recorded with the event. `session` is in whose session it was recorded, as the
    database knows it: the actors who had signed in (`key:... user:...`), or a part of AIOS; empty
    where no process of AIOS has shown itself, null where the database was not asked. What is not
    `attested` was recorded in somebody's name without their session. Where a part of AIOS acted in
    somebody's session, as the policy does, whose it was is `hidden`: votes may be secret.
    """

    index: int
    id: UUID
    kind: str
    at: datetime
    actor: str
    session: str | None
    subject_kind: str
    subject_id: str
    run_id: UUID | None
    fields: dict[str, Any] | None
    altered: bool
    attested: bool


class EventPage(Schema):
    """Events in the log's order. Ask again with `after` = `last` for what happens next."""

    items: list[EventRecord]
    last: int
