"""Until when goods are inspected."""

from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

from shared.workdays import add_workdays


class Inspection(NamedTuple):
    """The last day to accept or reject, and whether holidays not yet announced may move it."""

    ends_on: date
    provisional: bool


def inspection(delivered_on: date, working_days: int) -> Inspection:
    """Count the agreed working days from the day after delivery (Civil Code, Art. 201)."""
    return Inspection(*add_workdays(delivered_on, working_days))


def is_over(ends_on: date, at: datetime, zone: tzinfo) -> bool:
    """Tell whether the last day of inspection has passed."""
    return at.astimezone(zone).date() > ends_on


def end_of(day: date, zone: tzinfo) -> datetime:
    """Return the moment at which a day is over."""
    after = day + timedelta(days=1)
    return datetime(after.year, after.month, after.day, tzinfo=zone)
