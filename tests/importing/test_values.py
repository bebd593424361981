"""Cells are read exactly, or refused in words."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianqiao.importing.values import (
    UnreadableError,
    day,
    instant,
    is_unknown,
    minor,
    moment,
    number,
    rounded_minor,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=2)


@given(amount=amounts)
def test_a_number_with_thousands_marks_is_read_exactly(amount: Decimal) -> None:
    assert number(f"{amount:,}") == amount
    german = f"{amount:,}".translate(str.maketrans(",.", ".,"))
    assert number(german, decimal_mark=",") == amount


def test_full_width_digits_are_digits() -> None:
    assert number("１，２００．５".replace("，", ",").replace("．", ".")) == Decimal("1200.5")


@given(amount=amounts)
def test_an_amount_and_its_minor_units_are_the_same(amount: Decimal) -> None:
    assert minor(amount, "CNY") == rounded_minor(amount, "CNY") == amount * 100


@pytest.mark.parametrize("text", ["", "NaN", "Infinity", "1e999", "0x10", "12 pieces"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(UnreadableError, match="not a number"):
        number(text)


def test_an_amount_finer_than_its_currency_is_refused() -> None:
    with pytest.raises(UnreadableError, match="JPY has no unit as small"):
        minor(Decimal("1.5"), "JPY")


@pytest.mark.parametrize(
    ("cell", "formats"),
    [
        ("2-Jun-06", ["%d-%b-%y"]),
        ("6/2/2006", ["%d.%m.%Y", "%m/%d/%Y"]),
        ("2006-06-02", []),
        ("2006-06-01T23:30:00Z", []),
        (date(2006, 6, 2), []),
        (datetime(2006, 6, 1, 16, tzinfo=UTC), []),
    ],
)
def test_a_day_is_read_in_its_zone(cell: str | date, formats: list[str]) -> None:
    assert day(cell, formats, SHANGHAI) == date(2006, 6, 2)


def test_a_date_alone_is_the_start_of_its_day() -> None:
    assert instant(moment("2006-06-02", [], SHANGHAI)) == "2006-06-01T16:00:00.000000+00:00"


@pytest.mark.parametrize("text", ["Date Not Captured", "31.02.2024", "2024-13-01"])
def test_what_is_no_date_is_refused_with_the_formats(text: str) -> None:
    with pytest.raises(UnreadableError, match=r"%d\.%m\.%Y or ISO 8601"):
        day(text, ["%d.%m.%Y"], SHANGHAI)


def test_unknown_is_empty_or_one_of_the_words() -> None:
    assert all(is_unknown(cell, ["n/a"]) for cell in (None, "  ", " n/a "))
    assert not is_unknown("0", ["n/a"])
