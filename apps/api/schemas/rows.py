"""Filling a schema from a row."""

from collections.abc import Mapping
from typing import Annotated, Any

from django.db.models import Model
from pydantic import BaseModel, Field

AmountText = Annotated[
    str,
    Field(
        description="In the digits of `currency` (ISO 4217), a point before the decimals: "
        '"1250.50" EUR, "1250" JPY, "1.255" KWD.'
    ),
]


def filled(schema: type[BaseModel], row: Model, named: Mapping[str, Any]) -> dict[str, Any]:
    """The schema's values: those given by name, and the row's own columns for the rest.

    Only what the schema asks for is read, so deferred columns stay in the database.
    """
    own = {name: getattr(row, name) for name in schema.model_fields if name not in named}
    return own | {name: value for name, value in named.items() if name in schema.model_fields}
