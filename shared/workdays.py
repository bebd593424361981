"""Working days in China: weekends, the State Council's yearly notice and its make-up workdays.

The notice of a year appears in the autumn before it. A year whose notice the pinned `holidays`
package does not hold yet is judged by weekends and the statutory holidays themselves (全国年节及
纪念日放假办法, lunar ones included); a day found that way is provisional and is to be found anew
once a newer package is installed.
"""

from datetime import date, timedelta
from functools import cache, lru_cache
from typing import NamedTuple

from holidays.countries.china import China, ChinaStaticHolidays

ANNOUNCED = frozenset(ChinaStaticHolidays.special_public_holidays)  # years with their notice
DECEMBER_SETTLED = 25  # a notice moved the days from here on of the year before (2002, 2006, 2012)
DAY = timedelta(days=1)


class Reckoned(NamedTuple):
    """A day that was found by the calendar, and whether a notice yet to come may move it."""

    day: date
    provisional: bool


def is_announced(day: date) -> bool:
    """Return whether all that decides on this day is published, in its year's notice and the next.

    The last days of December are decided on by the notice of the year that follows.
    """
    late = day.month == 12 and day.day >= DECEMBER_SETTLED  # noqa: PLR2004  # December
    return day.year in ANNOUNCED and (not late or day.year + 1 in ANNOUNCED)


@lru_cache(maxsize=32_768)  # the package takes 15 µs a day, and the same days are asked for
def is_workday(day: date) -> bool:
    """Return whether people work on this day; by the statutory holidays where no notice tells."""
    if day.year in ANNOUNCED:
        return _announced().is_working_day(day)
    return _statutory(day.year).is_working_day(day)


def next_workday(day: date) -> Reckoned:
    """Return this day if it is a workday, else the first one after it (Civil Code, Art. 203)."""
    provisional = not is_announced(day)
    while not is_workday(day):
        day += DAY
        provisional |= not is_announced(day)
    return Reckoned(day, provisional)


def add_workdays(day: date, count: int) -> Reckoned:
    """Return the last of `count` workdays after this day, which is itself not counted (Art. 201).

    With a count of 0 it is the day itself, also where nobody works on it.
    """
    provisional = False
    while count > 0:
        day += DAY
        count -= is_workday(day)
        provisional |= not is_announced(day)
    return Reckoned(day, provisional)


def calendar_version() -> str:
    """Name the notices that are known, so that what was found by fewer can be found anew."""
    return f"CN {min(ANNOUNCED)}-{max(ANNOUNCED)}"


@cache
def _announced() -> China:
    return China(years=ANNOUNCED, expand=False)  # type: ignore[no-untyped-call]


@cache
def _statutory(year: int) -> China:
    return China(years=year, observed=False, expand=False)  # type: ignore[no-untyped-call]
