"""What an operator can turn."""

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field

from apps.agents.playbooks import base
from apps.agents.playbooks.limit_field import LimitField
from apps.money.currency import minor_units


def known_currency(code: str) -> str:
    """The code, if it is that of a currency. Raises `UnknownCurrency`."""
    minor_units(code)
    return code


class Settings(base.PlaybookSettings):
    """Settings of the repricing playbook; percentages are in percent."""

    currency: Annotated[str, AfterValidator(known_currency)] = Field(
        default="EUR",
        pattern=r"^[A-Z]{3}$",
        description="Prices in this one alone (ISO 4217).",
    )
    margin_floor_percent: Decimal = Field(
        default=Decimal(15), ge=0, lt=100, description="Margin no price may go below."
    )
    follow_percent: Decimal = Field(
        default=Decimal(100), gt=0, le=100, description="Share of the distance that is followed."
    )
    min_change_percent: Decimal = Field(
        default=Decimal(1), ge=0, description="Smaller changes are not worth it."
    )
    low_stock: int = Field(default=5, ge=0, description="Up to here a price is nudged up.")
    high_stock: int = Field(default=60, ge=0, description="From here on it is nudged down.")
    nudge_percent: Decimal = Field(default=Decimal(1), ge=0, le=10)
    max_age_hours: int = Field(default=72, ge=1, description="Older competitor prices are ignored.")


LIMIT_FIELDS = (
    LimitField(name="safe_change_percent", label="Prices may move alone by up to", unit="%",
               help="Up or down, in one step. Larger moves wait for a person.", most=100,
               ladder="change"),
    LimitField(name="max_change_percent", label="Never further than", unit="%",
               help="A move beyond this is denied, whoever asks.", most=100, ladder="change"),
    LimitField(name="min_margin_percent", label="Always keep a margin of", unit="%",
               help="A price that leaves less is denied.", most=100),
)  # fmt: skip
