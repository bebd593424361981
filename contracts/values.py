"""Value types that cross service boundaries."""

from decimal import Decimal
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, model_validator

WHOLE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"  # ISO 4217
THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"
MINOR_DIGITS = dict.fromkeys(WHOLE.split(), 0) | dict.fromkeys(THOUSANDTHS.split(), 3)  # or 2

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Unit = Annotated[str, Field(pattern=r"^[A-Z0-9]{2,3}$")]  # UN/ECE Recommendation 20: C62 is a piece


def plain(number: Decimal) -> str:
    """Write a decimal without exponent and without zeros that say nothing."""
    text = str(number)  # thrice as fast as a format
    if "E" in text:
        text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


Exact = Annotated[Decimal, PlainSerializer(plain, return_type=str, when_used="json")]
Quantity = Annotated[Exact, Field(ge=0, max_digits=18, decimal_places=6)]


def minor_digits(currency: str) -> int:
    """Return how many decimals a currency has (ISO 4217)."""
    return MINOR_DIGITS.get(currency, 2)


class Money(BaseModel):
    """An exact amount: decimals of its currency on the wire, whole minor units in the books."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    amount: Annotated[Decimal, Field(max_digits=18)]
    currency: Currency

    @property
    def amount_minor(self) -> int:
        """The amount in the currency's smallest unit."""
        return int(self.amount.scaleb(minor_digits(self.currency)))

    @classmethod
    def of(cls, amount_minor: int, currency: str) -> Self:
        """Turn whole minor units into an amount with its currency's decimals."""
        return cls(amount=Decimal(amount_minor).scaleb(-minor_digits(currency)), currency=currency)

    @model_validator(mode="after")
    def _is_whole_in_minor_units(self) -> Self:
        if self.amount_minor != self.amount.scaleb(minor_digits(self.currency)):
            raise ValueError(f"{self.currency} has no unit as small as {self.amount} needs")
        return self
