"""Read what people write into cells: numbers, dates, and words that mean nobody knows."""

import re
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from contracts.values import minor_digits
from lianqiao.installation import CannotError

Cell = str | date | datetime | None  # what a file gives: text, or a date of a spreadsheet

_WELL_FORMED = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d{1,2})?")


class UnusableError(CannotError):
    """What was given cannot be used; the message tells the user why and what to do next."""


class UnreadableError(ValueError):
    """A cell cannot be read as what its column holds."""


def number(text: str, *, decimal_mark: str = ".") -> Decimal:
    """Read a number exactly; spaces and the other mark between its digits are left out."""
    grouping = "," if decimal_mark == "." else "."
    plain = re.sub(r"[\s\u00a0']", "", text).replace(grouping, "").replace(decimal_mark, ".")
    if not _WELL_FORMED.fullmatch(plain):
        raise UnreadableError(f"“{text}” is not a number")
    try:
        return Decimal(plain)
    except InvalidOperation:
        raise UnreadableError(f"“{text}” is not a number") from None


def minor(amount: Decimal, currency: str) -> int:
    """Turn an amount into minor units; what the currency cannot express is refused."""
    scaled = amount.scaleb(minor_digits(currency))
    if scaled != scaled.to_integral_value():
        raise UnreadableError(f"{currency} has no unit as small as {amount} needs")
    return int(scaled)


def rounded_minor(amount: Decimal, currency: str) -> int:
    """Turn an amount into minor units, half up."""
    scaled = amount.scaleb(minor_digits(currency))
    return int(scaled.quantize(Decimal(1), ROUND_HALF_UP))


def moment(cell: Cell, formats: Sequence[str], zone: ZoneInfo) -> datetime:
    """Read an instant; a date alone is the start of its day in the given zone."""
    if isinstance(cell, datetime):
        return _zoned(cell, zone)
    if isinstance(cell, date):
        return datetime.combine(cell, time.min, zone)
    text = (cell or "").strip()
    for form in formats:
        try:
            return _zoned(datetime.strptime(text, form), zone)  # noqa: DTZ007  zoned right here
        except ValueError:
            continue
    return _zoned(_iso(text, formats), zone)


def day(cell: Cell, formats: Sequence[str], zone: ZoneInfo) -> date:
    """Read a date; an instant is the day on which it falls in the given zone."""
    return moment(cell, formats, zone).astimezone(zone).date()


def instant(moment: datetime) -> str:
    """Write an instant as text that sorts in time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def is_unknown(cell: Cell, words: Collection[str]) -> bool:
    """Say whether a cell is empty or holds one of the words that mean unknown."""
    return cell is None or (isinstance(cell, str) and (not cell.strip() or cell.strip() in words))


def _iso(text: str, formats: Sequence[str]) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        wanted = " or ".join([*formats, "ISO 8601"])
        raise UnreadableError(f"“{text}” is not a date as {wanted}") from None


def _zoned(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
