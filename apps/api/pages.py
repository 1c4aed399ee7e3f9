"""Pages of rows, newest first: the cursor is the id of the last row seen (ids sort by time)."""

from collections.abc import Callable
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from ninja import Schema
from pydantic import Field

Item = TypeVar("Item")
Row = TypeVar("Row", bound=Model)


class Paging(Schema):
    """Which page is wanted."""

    cursor: Annotated[UUID | None, Field(description="`next_cursor` of the page before.")] = None
    limit: Annotated[int, Field(ge=1, le=200, description="Items of a page.")] = 50


class Page(Schema, Generic[Item]):
    """One page; `next_cursor` is null on the last."""

    items: list[Item]
    next_cursor: UUID | None


def cut(rows: QuerySet[Row], paging: Paging, shape: Callable[[Row], object]) -> dict[str, object]:
    """One page of the rows, each shaped, as `Page` reads it; one query."""
    if paging.cursor is not None:
        rows = rows.filter(pk__lt=paging.cursor)
    found = list(rows.order_by("-pk")[: paging.limit + 1])
    items = found[: paging.limit]
    shaped = [shape(item) for item in items]
    return {"items": shaped, "next_cursor": items[-1].pk if len(found) > paging.limit else None}
