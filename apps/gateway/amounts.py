"""An amount of money and its currency in the parameters of an action, checked together. Pure."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, ValidationInfo, field_validator
from pydantic.json_schema import WithJsonSchema
from pydantic_core import PydanticCustomError

from apps.money import received
from apps.money.currency import UnknownCurrency, minor_units
from apps.money.typed import NotAnAmount

AMOUNT = {  # JSON Schema; the currency decides how many decimals there may be
    "anyOf": [
        {"type": "number", "exclusiveMinimum": 0},
        {"type": "string", "pattern": r"^[0-9]{1,12}(\.[0-9]{1,4})?$"},
    ],
    "title": "Amount",
    "description": "In the currency's own digits, a point before the decimals and nothing between "
    'the thousands: "1250.50" EUR, "1250" JPY, "1.255" KWD.',
}
CURRENCY = {"type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217, such as EUR."}


def known(code: str) -> str:
    """The code, if ISO 4217 has a currency of it."""
    try:
        minor_units(code)
    except UnknownCurrency as error:
        raise PydanticCustomError("currency", "{text}", {"text": str(error)}) from error
    return code


Currency = Annotated[str, Field(strict=True), AfterValidator(known), WithJsonSchema(CURRENCY)]
Amount = Annotated[Decimal, Field(gt=0), WithJsonSchema(AMOUNT)]


class InCurrency(BaseModel):
    """A base of parameters which name a `currency` and, behind it, an `amount` in it."""

    @field_validator("amount", mode="before", check_fields=False)
    @classmethod
    def in_its_digits(cls, value: Any, info: ValidationInfo) -> Any:
        """Read the amount as its currency has such; refused is what it does not have."""
        currency = info.data.get("currency")
        if currency is None:  # that is wrong by itself, and told already
            return Decimal(1)
        try:
            return received.read(value, currency=currency)
        except NotAnAmount as error:
            raise PydanticCustomError("amount", "{text}", {"text": str(error)}) from error
