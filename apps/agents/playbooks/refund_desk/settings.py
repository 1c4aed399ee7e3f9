"""What an operator can turn."""

from decimal import Decimal
from typing import Literal

from pydantic import Field

from apps.agents.playbooks import base
from apps.agents.playbooks.limit_field import MONEY, LimitField


class Settings(base.PlaybookSettings):
    """Settings of the refund desk: the numbers of its decision on an amount."""

    shop_language: Literal["en", "de", "fr", "es", "it", "nl"] = Field(
        default="en",
        description="For customers whose own language is uncertain or not one we answer in.",
    )
    conversation_days: int = Field(
        default=30, ge=0, description="A later message about the same order is a new matter."
    )
    batch: int = Field(default=15, ge=1, le=100, description="Most messages of one run.")
    damaged_percent: Decimal = Field(
        default=Decimal(100),
        ge=0,
        le=100,
        description="Of what was paid for the article, when damaged.",
    )
    money_back_percent: Decimal = Field(
        default=Decimal(100),
        ge=0,
        le=100,
        description="Of what was paid for the articles, when unwanted.",
    )
    return_days: int = Field(
        default=30, ge=0, description="After the order; later a person decides."
    )
    late_percent: Decimal = Field(
        default=Decimal(10), ge=0, le=100, description="Of the order's total, as goodwill."
    )
    late_most: Decimal = Field(default=Decimal(15), ge=0, description="At most this much goodwill.")
    late_most_currency: str = Field(
        default="EUR",
        pattern=r"^[A-Z]{3}$",
        description="Its currency; others are converted at the workspace's rates.",
    )
    late_days: int = Field(default=3, ge=0, description="Younger orders are not late.")
    heed_every_dissent: bool = Field(
        default=False,
        description="Whether a person decides wherever a model reads a message otherwise than the "
        "rules; else only where the rules are not sure.",
    )


LIMIT_FIELDS = (
    LimitField(name="first_refund_up_to", label="To first-time customers alone up to", unit=MONEY,
               help="To whoever has paid for no earlier order in the shop, and where that is not "
               "known, only this much: raising the next limit alone changes nothing for them.",
               most=10_000_000, ladder="refund"),
    LimitField(name="refund_auto_up_to", label="To all other customers alone up to", unit=MONEY,
               help="To whoever has bought before. Larger refunds wait for a person.",
               most=10_000_000, ladder="refund"),
    LimitField(name="two_reviewers_over", label="Two people decide above", unit=MONEY,
               help="From here on one approval is not enough.", most=10_000_000, ladder="refund"),
    LimitField(name="refund_max", label="Never more than", unit=MONEY,
               help="A larger refund is denied, whoever asks.", most=10_000_000, ladder="refund"),
)  # fmt: skip
