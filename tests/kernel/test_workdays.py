"""Working days follow the State Council's notices; where there is none yet, the answer says so."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.workdays import add_workdays, is_announced, is_workday, next_workday

DAY = timedelta(days=1)
ANY_DAY = st.dates(date(2004, 1, 1), date(2199, 12, 31))

# 国办发明电〔2024〕12号 for 2025 and 国办发明电〔2025〕7号 for 2026: every weekday off, and every
# Saturday or Sunday on which people work.
OFF = """
2025-01-01 2025-01-28 2025-01-29 2025-01-30 2025-01-31 2025-02-03 2025-02-04 2025-04-04 2025-05-01
2025-05-02 2025-05-05 2025-06-02 2025-10-01 2025-10-02 2025-10-03 2025-10-06 2025-10-07 2025-10-08
2026-01-01 2026-01-02 2026-02-16 2026-02-17 2026-02-18 2026-02-19 2026-02-20 2026-02-23 2026-04-06
2026-05-01 2026-05-04 2026-05-05 2026-06-19 2026-09-25 2026-10-01 2026-10-02 2026-10-05 2026-10-06
2026-10-07
"""
MADE_UP = """
2025-01-26 2025-02-08 2025-04-27 2025-09-28 2025-10-11
2026-01-04 2026-02-14 2026-02-28 2026-05-09 2026-09-20 2026-10-10
"""


@pytest.mark.parametrize("year", [2025, 2026])
def test_a_year_is_as_its_notice_says(year: int) -> None:
    off = {date.fromisoformat(day) for day in OFF.split()}
    made_up = {date.fromisoformat(day) for day in MADE_UP.split()}
    day = date(year, 1, 1)
    while day.year == year:
        expected = day in made_up or (day.weekday() < 5 and day not in off)
        assert is_workday(day) == expected, day
        day += DAY


def test_a_notice_decides_on_the_last_days_of_the_year_before() -> None:
    assert is_workday(date(2011, 12, 31))  # a Saturday, made up for 2012-01-03
    assert is_announced(date(2025, 12, 31))
    assert is_announced(date(2026, 12, 24))
    assert not is_announced(date(2026, 12, 26)), "may be a workday once 2027 is announced"


@pytest.mark.parametrize(
    "holiday",
    [
        date(2027, 1, 1),
        date(2027, 2, 5),  # New Year's Eve: in 2027 Spring Festival is February 6
        date(2027, 2, 8),
        date(2027, 4, 5),
        date(2027, 6, 9),  # Dragon Boat Festival
        date(2027, 9, 15),  # Mid-Autumn Festival
        date(2027, 10, 1),
        date(2028, 1, 27),  # Spring Festival, second day
    ],
)
def test_a_year_without_a_notice_has_its_statutory_holidays(holiday: date) -> None:
    assert not is_workday(holiday)
    assert next_workday(holiday).provisional


def test_the_next_workday_may_be_the_day_itself() -> None:
    assert next_workday(date(2026, 9, 30)) == (date(2026, 9, 30), False)
    assert next_workday(date(2026, 10, 1)) == (date(2026, 10, 8), False)
    assert next_workday(date(2026, 10, 10)) == (date(2026, 10, 10), False), "a Saturday made up"
    assert next_workday(date(2026, 2, 15)) == (date(2026, 2, 24), False)
    assert next_workday(date(2027, 2, 6)) == (date(2027, 2, 9), True)


def test_the_first_day_is_not_counted() -> None:
    assert add_workdays(date(2026, 3, 2), 3) == (date(2026, 3, 5), False)
    assert add_workdays(date(2026, 9, 30), 3) == (date(2026, 10, 10), False), "8, 9 and Saturday"
    assert add_workdays(date(2026, 2, 13), 3) == (date(2026, 2, 25), False), "Sat 14, Tue 24, 25"
    assert add_workdays(date(2026, 10, 3), 0) == (date(2026, 10, 3), False)
    assert add_workdays(date(2026, 12, 24), 3) == (date(2026, 12, 29), True)


@given(ANY_DAY, st.integers(0, 40))
def test_counting_lands_on_workdays_and_never_backwards(day: date, count: int) -> None:
    found = add_workdays(day, count).day
    between = [day + n * DAY for n in range(1, (found - day).days + 1)]
    assert sum(is_workday(each) for each in between) == count
    assert count == 0 or is_workday(found)
    following = next_workday(day).day
    assert is_workday(following)
    assert not any(is_workday(day + n * DAY) for n in range((following - day).days))
