"""Whose action consumed each day from delivery to payment.

Each day belongs to one of three: the side that had to act, or the law and the contract where nobody
had to. The days of all segments add up to those that passed since delivery, which is itself not
counted (Civil Code, Art. 201).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby

from contracts.orders import Side
from services.settlement.domain.clock import Dates, Start, month_end

DAY = timedelta(days=1)


class Who(StrEnum):
    """Whose days they are."""

    BUYER = "buyer"
    SUPPLIER = "supplier"
    LAW = "law"


class Reason(StrEnum):
    """What was waited for."""

    INSPECTING = "inspecting"
    INSPECTING_LATE = "inspecting_late"  # after the agreed inspection; the term runs already
    MONTH_RUNNING = "month_running"  # both agreed to settle by the month
    TO_AGREE = "to_agree"  # to the statement
    TO_INVOICE = "to_invoice"
    DISPUTED = "disputed"
    TO_PAY = "to_pay"
    HOLIDAY = "holiday"  # the end of the term moved
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Segment:
    """Some days in a row that one side consumed, both ends included."""

    who: Who
    reason: Reason
    first_on: date
    last_on: date

    @property
    def days(self) -> int:
        """How many they are."""
        return (self.last_on - self.first_on).days + 1


@dataclass(frozen=True, slots=True)
class Dispute:
    """A time in which one side had to clear up why invoice and receipt differ."""

    from_on: date
    until_on: date | None  # None: still open
    who: Side


@dataclass(frozen=True, kw_only=True)
class Course:
    """What happened to one delivered line, as far as it decides who had to act."""

    delivered_on: date
    accepted_on: date | None = None
    inspection_ends_on: date | None = None
    opened_on: date | None = None  # the statement
    opened_by: Side | None = None
    buyer_agreed_on: date | None = None
    supplier_agreed_on: date | None = None
    invoiced_on: date | None = None
    disputes: Sequence[Dispute] = ()
    settled_on: date | None = None  # paid in full


def timeline(course: Course, dates: Dates, *, until: date) -> list[Segment]:
    """Tell whose each day was, from the morrow of the delivery to a day or to full payment."""
    last = min(course.settled_on or until, until)
    by_statement = dates.start in {Start.STATEMENT, Start.STATEMENT_EXPECTED}
    since, judged = course.delivered_on, []
    for cut in sorted({*_cuts(course, dates), last}):
        if since < cut <= last:
            judged.append((_of(course, dates, cut, by_statement=by_statement), since + DAY, cut))
            since = cut
    return list(_joined(judged))


def consumed(segments: Iterable[Segment]) -> dict[Who, int]:
    """Sum up the days of each."""
    found = dict.fromkeys(Who, 0)
    for each in segments:
        found[each.who] += each.days
    return found


def _of(course: Course, dates: Dates, day: date, *, by_statement: bool) -> tuple[Who, Reason]:
    """Tell who had to act on a day, and what."""
    if course.accepted_on is None or day <= course.accepted_on:
        ended = course.inspection_ends_on
        late = ended is not None and day > ended
        if course.accepted_on or not late:
            return Who.BUYER, Reason.INSPECTING_LATE if late else Reason.INSPECTING
    waiting = _statement(course, day) if by_statement else None
    if waiting:
        return waiting
    due = dates.earliest
    if due.ends_on < day <= due.due_on:
        return Who.LAW, Reason.HOLIDAY
    for each in course.disputes:
        if each.from_on < day and (each.until_on is None or day <= each.until_on):
            return Who(each.who.value), Reason.DISPUTED
    if course.invoiced_on is None or day <= course.invoiced_on:
        return Who.SUPPLIER, Reason.TO_INVOICE
    return Who.BUYER, Reason.OVERDUE if day > due.due_on else Reason.TO_PAY


def _statement(course: Course, day: date) -> tuple[Who, Reason] | None:
    """Tell whom the statement waited for; None once both had agreed to it.

    Who opened it has spoken, so the other is waited for; while nobody opened it the buyer is, who
    settles at least monthly (CAAM initiative, 3).
    """
    buyer, supplier = course.buyer_agreed_on, course.supplier_agreed_on
    if buyer and supplier and day > max(buyer, supplier):
        return None
    if day <= month_end(course.accepted_on or course.delivered_on):
        return Who.LAW, Reason.MONTH_RUNNING
    if buyer and day > buyer:
        return Who.SUPPLIER, Reason.TO_AGREE
    opened = course.opened_on is not None and day > course.opened_on
    if opened and course.opened_by is Side.BUYER and not (supplier and day > supplier):
        return Who.SUPPLIER, Reason.TO_AGREE
    return Who.BUYER, Reason.TO_AGREE


def _cuts(course: Course, dates: Dates) -> Iterable[date]:
    """Return the last days of what may have been waited for: between two, nothing changes."""
    due = dates.earliest
    accepted = course.accepted_on or course.delivered_on
    told = (
        *(course.accepted_on, course.inspection_ends_on, course.opened_on, course.invoiced_on),
        *(course.buyer_agreed_on, course.supplier_agreed_on, month_end(accepted)),
        *(due.ends_on, due.due_on),
        *(day for each in course.disputes for day in (each.from_on, each.until_on)),
    )
    return (day for day in told if day)


def _joined(judged: Iterable[tuple[tuple[Who, Reason], date, date]]) -> Iterable[Segment]:
    for (who, reason), group in groupby(judged, key=lambda each: each[0]):
        spans = [span for _, *span in group]
        yield Segment(who, reason, spans[0][0], spans[-1][1])
