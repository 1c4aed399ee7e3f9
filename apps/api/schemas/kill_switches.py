"""Kill switches as integrators read and engage them."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from ninja import Schema
from pydantic import Field

from apps.api.schemas.proposals import Input, words
from apps.api.schemas.rows import filled
from apps.gateway.models import KillSwitch

StopScope = Literal["workspace", "agent", "connector", "action"]
TARGET = "The id of an agent or connector, the name of an action, or empty for everything."


class KillSwitchRecord(Schema):
    """A kill switch; one that is not released stops its scope."""

    id: UUID
    scope: StopScope
    target: Annotated[str, Field(description=TARGET)]
    reason: str
    engaged_by: str
    engaged_at: datetime
    released_by: Annotated[str, Field(description="Empty while it is engaged.")]
    released_at: datetime | None

    @classmethod
    def of(cls, switch: KillSwitch) -> Self:
        """From the row."""
        return cls.model_validate(filled(cls, switch, {}))


class StopOrder(Input):
    """What to stop, and why."""

    scope: StopScope
    target: Annotated[str, Field(max_length=64, description=TARGET)] = ""
    reason: Annotated[str, words(500)]
