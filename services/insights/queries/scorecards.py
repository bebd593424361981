"""What a buyer and a supplier know of how they work with each other."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from contracts.orders import Side
from services.insights.domain.figures import (
    Amounts,
    Counts,
    Figured,
    Pending,
    figured,
    first_of_month,
    month_after,
)
from services.insights.domain.problems import ScorecardNotFound
from services.insights.models import Line, Month, MonthAmount, Payable, Relationship
from shared.auth import Caller
from shared.paging import Paging, Rows, keyset

PROPOSED = "proposed"

Pair = tuple[UUID, UUID]  # the buyer and the supplier


class Period(NamedTuple):
    """So many months up to the current one, and what day it is."""

    first: date  # day of the first month
    last: date  # … of the last
    today: date

    @classmethod
    def up_to(cls, today: date, *, months: int) -> "Period":
        """Return the months up to today's, its own included."""
        last = first_of_month(today)
        return cls(month_after(last, months=1 - months), last, today)

    @property
    def end(self) -> date:
        """The day after the last."""
        return month_after(self.last)


class Scorecard(NamedTuple):
    """Two organizations and the figures that are about both."""

    relationship: Relationship
    figures: list[Figured]
    months: Sequence[tuple[date, list[Figured]]] = ()


def met(caller: Caller, side: Side) -> Select[Relationship]:
    """Select the relationships of one side that were ever active."""
    mine = Relationship.buyer_id if side is Side.BUYER else Relationship.supplier_id
    was_active = or_(Relationship.since.is_not(None), Relationship.state != PROPOSED)
    return select(Relationship).where(mine == caller.organization_id, was_active)


async def scorecards(  # noqa: PLR0913  what one may filter by
    session: AsyncSession,
    *,
    caller: Caller,
    side: Side,
    period: Period,
    paging: Paging,
    among: Collection[UUID] = (),
) -> Rows[Scorecard]:
    """Return a page of the caller's counterparties by name, or of some, each with its figures."""
    other = Relationship.supplier_id if side is Side.BUYER else Relationship.buyer_id
    name = Relationship.supplier_name if side is Side.BUYER else Relationship.buyer_name
    wanted = met(caller, side).where(other.in_(among)) if among else met(caller, side)
    rows = await keyset(session, wanted, order=(name, other), paging=paging)
    found = await _figures(session, [_pair(row) for row in rows.items], period)
    return Rows([Scorecard(row, found[_pair(row)]) for row in rows.items], rows.next)


async def relationship(
    session: AsyncSession, counterparty_id: UUID, *, caller: Caller, side: Side | None
) -> Relationship:
    """Return what the caller has with another organization, on one side or on either."""
    for asked in [side] if side else Side:
        other = Relationship.supplier_id if asked is Side.BUYER else Relationship.buyer_id
        mine = met(caller, asked).where(other == counterparty_id)
        if found := (await session.scalars(mine)).first():
            return found
    raise ScorecardNotFound("You have worked with no such organization.")


async def scorecard(session: AsyncSession, found: Relationship, period: Period) -> Scorecard:
    """Return the figures of a relationship, of all the period and month by month."""
    pair = _pair(found)
    whole = await _figures(session, [pair], period)
    return Scorecard(found, whole[pair], await _by_month(session, pair, period))


async def _figures(
    session: AsyncSession, pairs: Collection[Pair], period: Period
) -> dict[Pair, list[Figured]]:
    if not pairs:
        return {}
    counts = await _sums(session, Month, Counts, pairs, period)
    amounts = await _sums(session, MonthAmount, Amounts, pairs, period)
    overdue = await _overdue(session, pairs, period.today)
    pending = await _pending(session, pairs, period)
    return {
        pair: figured(
            counts.get(pair, {}).get(None, Counts()),
            amounts.get(pair, {}),
            overdue.get(pair, {}),
            pending.get(pair, Pending()),
        )
        for pair in pairs
    }


async def _sums(
    session: AsyncSession,
    model: type[Month | MonthAmount],
    into: type[Any],
    pairs: Collection[Pair],
    period: Period,
) -> Mapping[Pair, Mapping[Any, Any]]:
    """Add up a pair's months, by currency where there are amounts."""
    split = [MonthAmount.currency] if model is MonthAmount else []
    sums = [func.sum(getattr(model, name)) for name in into._fields]
    asked = (
        select(model.buyer_id, model.supplier_id, *split, *sums)
        .where(_among(model, pairs), model.month.between(period.first, period.last))
        .group_by(model.buyer_id, model.supplier_id, *split)
    )
    found: dict[Pair, dict[Any, Any]] = {}
    for buyer_id, supplier_id, *rest in await session.execute(asked):
        key = rest.pop(0) if split else None
        found.setdefault((buyer_id, supplier_id), {})[key] = into(*map(int, rest))
    return found


async def _by_month(
    session: AsyncSession, pair: Pair, period: Period
) -> list[tuple[date, list[Figured]]]:
    def asked(model: Any, into: type[Any], *split: Any) -> Any:  # noqa: ANN401
        mine = model.buyer_id == pair[0], model.supplier_id == pair[1]
        columns = [getattr(model, name) for name in into._fields]
        within = model.month.between(period.first, period.last)
        return select(model.month, *split, *columns).where(*mine, within)

    counts = {month: Counts(*rest) for month, *rest in await session.execute(asked(Month, Counts))}
    amounts: dict[date, dict[str, Amounts]] = {}
    for month, currency, *rest in await session.execute(
        asked(MonthAmount, Amounts, MonthAmount.currency)
    ):
        amounts.setdefault(month, {})[currency] = Amounts(*rest)
    now = Period(period.last, period.last, period.today)
    pending = (await _pending(session, [pair], now)).get(pair, Pending())
    return [
        (
            month,
            figured(
                counts.get(month, Counts()),
                amounts.get(month, {}),
                {},
                pending if month == period.last else Pending(),
            ),
        )
        for month in sorted({*counts, *amounts})
    ]


async def _overdue(
    session: AsyncSession, pairs: Collection[Pair], today: date
) -> Mapping[Pair, Mapping[str, int]]:
    open_minor = func.sum(Payable.amount_minor - Payable.paid_minor)
    key = Payable.buyer_id, Payable.supplier_id, Payable.currency
    asked = select(*key, open_minor).where(_among(Payable, pairs), *overdue(today)).group_by(*key)
    found: dict[Pair, dict[str, int]] = {}
    for buyer_id, supplier_id, currency, minor in await session.execute(asked):
        found.setdefault((buyer_id, supplier_id), {})[currency] = int(minor or 0)
    return found


async def _pending(
    session: AsyncSession, pairs: Collection[Pair], period: Period
) -> Mapping[Pair, Pending]:
    def waiting(promised_on: InstrumentedAttribute[date | None]) -> ColumnElement[int]:
        ahead = promised_on >= period.today, promised_on < period.end
        return func.count().filter(*ahead, promised_on >= period.first)

    key = Line.buyer_id, Line.supplier_id
    asked = (
        select(*key, waiting(Line.first_promised_on), waiting(Line.promised_on))
        .where(_among(Line, pairs), Line.full_on.is_(None))
        .where(Line.promised_on.is_not(None), ~Line.cancelled)
        .group_by(*key)
    )
    return {(row[0], row[1]): Pending(row[2], row[3]) for row in await session.execute(asked)}


def overdue(today: date) -> Sequence[Any]:
    """Return what makes a debt one that is overdue."""
    return (
        Payable.counts_overdue,
        Payable.paid_minor < Payable.amount_minor,
        Payable.due_on < today,
    )


def _pair(row: Relationship) -> Pair:
    return row.buyer_id, row.supplier_id


def _among(model: Any, pairs: Collection[Pair]) -> ColumnElement[bool]:  # noqa: ANN401
    """Return the condition under which a row is of one of some pairs, which share one side."""
    buyers, suppliers = {buyer for buyer, _ in pairs}, {supplier for _, supplier in pairs}
    return and_(model.buyer_id.in_(buyers), model.supplier_id.in_(suppliers))
