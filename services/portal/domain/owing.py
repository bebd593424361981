"""The picture of a debt: whose days passed, when it is due, and what lateness is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from contracts.orders import Side
from services.portal.domain.pictures import TICK_DAYS

DAY = timedelta(days=1)
PAST_DAYS_MAX, FUTURE_DAYS_MAX, MARGIN = 150, 90, timedelta(days=4)
NOTABLE = "inspecting_late", "to_invoice", "to_agree", "disputed", "overdue"


class Span(Protocol):
    """Days in a row that one side consumed."""

    @property
    def who(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def first_on(self) -> date: ...
    @property
    def last_on(self) -> date: ...
    @property
    def days(self) -> int: ...


@dataclass(frozen=True)
class SpentPicture:
    """Whose days passed since delivery, the agreed date and the legal latest date."""

    spent: tuple[tuple[str, date, date], ...]
    promised: date
    legal: date | None

    @property
    def dates(self) -> list[date]:
        known = [day for _whose, *span in self.spent for day in span]
        return [*known, self.promised, *([self.legal] if self.legal else [])]

    @property
    def attributes(self) -> dict[str, str]:
        """What progress.js draws from."""
        drawn = {"data-promised": str(self.promised)}
        if self.spent:
            drawn["data-spent"] = ",".join(f"{whose} {a} {b}" for whose, a, b in self.spent)
        if self.legal:
            drawn["data-legal"] = str(self.legal)
        return drawn


def spent_picture(
    segments: Sequence[Span], side: Side, *, promised: date, legal: date | None
) -> SpentPicture:
    """Draw whose days passed, as one side sees it: its own, the other's, or nobody's."""

    def whose(span: Span) -> str:
        if span.reason == "overdue":
            return "over"
        if span.who not in set(Side):
            return "both"
        return "ours" if span.who == side.value else "theirs"

    spans = tuple((whose(span), span.first_on - DAY, span.last_on) for span in segments)
    return SpentPicture(spans, promised, legal)


@dataclass(frozen=True)
class SpentAxis:
    """The days that all pictures of a list share."""

    start: date
    end: date

    @property
    def every(self) -> int:
        """How many days lie between two ticks."""
        span = (self.end - self.start).days
        return next((days for days in TICK_DAYS if span / days <= 7), TICK_DAYS[-1])  # noqa: PLR2004


def spent_axis(pictures: Sequence[SpentPicture], *, today: date) -> SpentAxis:
    """Return the axis on which a list of debts can be read: around today, or history's own."""
    days = sorted(day for picture in pictures for day in picture.dates)
    first = today - timedelta(days=PAST_DAYS_MAX)
    last = today + timedelta(days=FUTURE_DAYS_MAX)
    near = [day for day in days if first <= day <= last]
    if days and not near:
        return SpentAxis(days[0] - MARGIN, days[-1] + MARGIN)
    start, end = min([*near, today - timedelta(days=30)]), max([*near, today + timedelta(days=30)])
    return SpentAxis(max(start, first) - MARGIN, min(end, last) + MARGIN)


def notable(segments: Sequence[Span]) -> list[tuple[str, str, int]]:
    """Return what took time that need not have: who, for what, and how many days, most first."""
    found: dict[tuple[str, str], int] = {}
    for span in segments:
        if span.reason in NOTABLE:
            key = span.who, span.reason
            found[key] = found.get(key, 0) + span.days
    return sorted(((who, why, n) for (who, why), n in found.items()), key=lambda one: -one[2])


def days_of(days: Mapping[str, int], side: Side) -> tuple[int, int, int]:
    """Return the other side's days, one's own, and those that the law or the contract gave."""
    other = Side.SUPPLIER if side is Side.BUYER else Side.BUYER
    rest = sum(n for who, n in days.items() if who not in set(Side))
    return days.get(other.value, 0), days.get(side.value, 0), rest
