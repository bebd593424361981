"""The only types that take input from outside: bounded, finite, printable, and named."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)

from contracts.values import Currency, Unit, plain

UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]"
)
EARLIEST, LATEST = date(2000, 1, 1), date(2200, 12, 31)
BULK_MAX = 5_000


class Body(BaseModel):
    """What a request may carry: what it names and nothing else."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class View(BaseModel):
    """What an answer carries, read from a row or a value."""

    model_config = ConfigDict(from_attributes=True)


def _printable(text: str) -> str:
    if UNPRINTABLE.search(text):
        raise ValueError("holds a character that cannot be printed; leave it out")
    return text


def _one_line(text: str) -> str:
    if "\n" in text or "\r" in text or "\t" in text:
        raise ValueError("must be one line of text")
    return text


def _within_the_calendar(moment: date) -> date:
    day = moment.date() if isinstance(moment, datetime) else moment
    if not EARLIEST <= day <= LATEST:  # in its own zone: UTC may lie outside of all calendars
        raise ValueError(f"must lie between {EARLIEST} and {LATEST}")
    return moment


def _is_text(value: Any) -> Any:  # noqa: ANN401  whatever was sent
    if isinstance(value, bool | float):
        raise ValueError('send the number as text, such as "12.50", so that it stays exact')  # noqa: TRY004
    return value


def _is_iso_text(value: Any) -> Any:  # noqa: ANN401  whatever was sent
    if isinstance(value, bool | int | float):
        raise ValueError("send ISO 8601 text")  # noqa: TRY004
    return value


_SAFE = AfterValidator(_printable)
_LINE = AfterValidator(_one_line)

Line = Annotated[
    str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True), _SAFE, _LINE
]
Code = Annotated[
    str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True), _SAFE, _LINE
]
Paragraph = Annotated[
    str, StringConstraints(min_length=1, max_length=2_000, strip_whitespace=True), _SAFE
]
Search = Annotated[str, StringConstraints(max_length=80, strip_whitespace=True), _SAFE, _LINE]
Email = Annotated[
    str,
    StringConstraints(
        max_length=254,
        strip_whitespace=True,
        to_lower=True,
        pattern=r"^[^\s@<>\"(),:;\\\[\]]{1,64}@[^\s@.<>\"]+(\.[^\s@.<>\"]+)*$",
    ),
    _SAFE,
]
Instant = Annotated[
    AwareDatetime, BeforeValidator(_is_iso_text), AfterValidator(_within_the_calendar)
]
Day = Annotated[date, BeforeValidator(_is_iso_text), AfterValidator(_within_the_calendar)]

# The limits stand before what calls Python, so that they are checked in Rust: half the time.
_EXACT = BeforeValidator(_is_text)
_PLAIN = PlainSerializer(plain, return_type=str, when_used="json")
PositiveQuantity = Annotated[
    Decimal,
    Field(allow_inf_nan=False, max_digits=18, decimal_places=6, gt=0),
    _EXACT,
    _PLAIN,
]
NonNegativeQuantity = Annotated[
    Decimal,
    Field(allow_inf_nan=False, max_digits=18, decimal_places=6, ge=0),
    _EXACT,
    _PLAIN,
]
UnitPrice = NonNegativeQuantity
Amount = Annotated[
    Decimal,
    BeforeValidator(_is_text),
    Field(allow_inf_nan=False, max_digits=18, decimal_places=3, ge=0),
]
Percentage = Annotated[
    Decimal,
    Field(allow_inf_nan=False, max_digits=7, decimal_places=4, ge=0, le=100),
    _EXACT,
    _PLAIN,
]
PriceUnit = Annotated[int, Field(ge=1, le=1_000_000, strict=True)]  # the price is per so many
Position = Annotated[int, Field(ge=1, le=1_000_000, strict=True)]
CurrencyCode = Currency
UnitCode = Unit
