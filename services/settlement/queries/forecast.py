"""The buyer's forward view: which terms it breaks if it pays nothing, week by week."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Row, case, cast, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.values import Money
from services.settlement.models import Allocation, Invoice, Payable, Relationship
from services.settlement.queries.clock import clocks, interest_to
from services.settlement.schemas.clock import DueOut, ForecastOut, WeekOut
from shared.auth import Caller

LISTED_MAX = 200
WEEK = timedelta(days=7)
NAMELESS = {"buyer_name": "", "supplier_name": ""}
COPIED = (
    *("id", "buyer_id", "supplier_id", "order_id", "order_number", "position", "item_number"),
    *("item_name", "receipt_id", "receipt_number", "delivered_on"),
)


async def forecast(
    session: AsyncSession, *, caller: Caller, days: int, currency: str, on: date
) -> ForecastOut:
    """Sum up by week what falls due within some days, and list it with what is overdue.

    Imported history is left out: it starts no clock.
    """
    until = on + timedelta(days=days)
    mine = Payable.buyer_id == caller.organization_id, Payable.open_minor > 0, ~Payable.imported
    due = *mine, Payable.due_on <= until
    counted = await _counted(session, due, on)
    items = await _items(session, [*due, Payable.currency == currency], on)
    overdue = counted.get((currency, None))
    late = select(Payable).where(*mine, Payable.due_on < on, Payable.currency == currency)
    interest = await interest_to(session, late, on=on)
    total = sum(row.debts for (code, _), row in counted.items() if code == currency)
    return ForecastOut(
        today=on,
        days=days,
        currency=currency,
        other_currencies=sorted({code for code, _ in counted} - {currency}),
        overdue=Money.of(int(overdue.minor) if overdue else 0, currency),
        overdue_count=overdue.debts if overdue else 0,
        interest=Money.of(interest.get(currency, 0), currency),
        weeks=_weeks(counted, currency, on, until),
        items=items,
        left_out=total - len(items),
    )


async def _counted(
    session: AsyncSession, due: Sequence[ColumnElement[bool]], on: date
) -> Mapping[tuple[str, date | None], Row[Any]]:
    """Count what falls due by currency and by the Monday of its week; None is overdue already."""
    monday = cast(func.date_trunc("week", Payable.due_on), Date)
    week = case((Payable.due_on < on, None), else_=monday)
    tallies = (
        select(
            Payable.currency,
            week.label("week"),
            func.count().label("debts"),
            func.count(Payable.supplier_id.distinct()).label("suppliers"),
            func.sum(Payable.open_minor).label("minor"),
            func.count().filter(Payable.provisional).label("provisional"),
        )
        .where(*due)
        .group_by(Payable.currency, text("week"))
    )
    return {(row.currency, row.week): row for row in await session.execute(tallies)}


def _weeks(
    counted: Mapping[tuple[str, date | None], Row[Any]], currency: str, on: date, until: date
) -> list[WeekOut]:
    """Return every week from today's on, also those in which nothing falls due."""
    monday, weeks = on - timedelta(days=on.weekday()), []
    while monday <= until:
        row = counted.get((currency, monday))
        weeks.append(
            WeekOut(
                starts_on=monday,
                count=row.debts if row else 0,
                suppliers=row.suppliers if row else 0,
                amount=Money.of(int(row.minor) if row else 0, currency),
                provisional=row.provisional if row else 0,
            )
        )
        monday += WEEK
    return weeks


async def _items(
    session: AsyncSession, due: Sequence[ColumnElement[bool]], on: date
) -> list[DueOut]:
    """Return the debts that run out first, each with its clock and its latest invoice."""
    rows = select(Payable).where(*due).order_by(Payable.due_on, Payable.id).limit(LISTED_MAX)
    debts = (await session.scalars(rows)).all()
    times = await clocks(session, debts, on=on)
    names, invoices = await _names(session, debts), await _invoices(session, debts)
    return [
        DueOut(
            **times[debt.id].model_dump(),
            **{name: getattr(debt, name) for name in COPIED},
            **names.get((debt.buyer_id, debt.supplier_id), NAMELESS),
            **invoices.get(debt.id, {"invoice_id": None, "invoice_number": None}),
            amount=Money.of(debt.amount_minor, debt.currency),
            open=Money.of(debt.open_minor, debt.currency),
            disputed=Money.of(debt.disputed_minor, debt.currency),
        )
        for debt in debts
    ]


async def _names(
    session: AsyncSession, debts: Sequence[Payable]
) -> Mapping[tuple[UUID, UUID], dict[str, str]]:
    of = Relationship.buyer_id, Relationship.supplier_id
    asked = {(debt.buyer_id, debt.supplier_id) for debt in debts}
    rows = select(*of, Relationship.buyer_name, Relationship.supplier_name)
    return {
        (row.buyer_id, row.supplier_id): {
            "buyer_name": row.buyer_name,
            "supplier_name": row.supplier_name,
        }
        for row in await session.execute(rows.where(tuple_(*of).in_(asked)))
    }


async def _invoices(
    session: AsyncSession, debts: Sequence[Payable]
) -> Mapping[UUID, dict[str, UUID | str]]:
    rows = (
        select(Allocation.payable_id, Invoice.id, Invoice.number)
        .join(Invoice, Invoice.id == Allocation.invoice_id)
        .where(Allocation.payable_id.in_([debt.id for debt in debts]), ~Allocation.released)
        .order_by(Invoice.recorded_at, Invoice.id)
    )
    return {
        payable_id: {"invoice_id": id_, "invoice_number": number}
        for payable_id, id_, number in await session.execute(rows)
    }
