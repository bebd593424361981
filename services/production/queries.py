"""What may be asked of production. Every query starts from what the caller may see."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, Text, Uuid, and_, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from contracts.orders import Side
from services.production.domain.prediction import Pace
from services.production.domain.problems import ReportNotFound, WorkOrderNotFound
from services.production.domain.progress import Status
from services.production.domain.reports import Kept
from services.production.models import Relationship, Report, ScrapReason, WorkOrder
from shared.auth import Caller
from shared.paging import Paging, Rows, keyset

KEPT = Report.id, Report.work_order_id, Report.operation, Report.good, Report.scrapped
SHEET_ROWS_MAX = 5_000


def on_side(caller: Caller, side: Side) -> ColumnElement[bool]:
    """Say which work orders are the caller's on one side."""
    party = WorkOrder.buyer_id if side is Side.BUYER else WorkOrder.supplier_id
    return party == caller.organization_id


def visible_to(caller: Caller) -> Select[WorkOrder]:
    """Select what the row policies allow anyway, in words the planner finds an index for."""
    return select(WorkOrder).where(or_(*(on_side(caller, side) for side in Side)))


def _named(work_orders: Select[Any]) -> Select[Any]:
    """Add the names of both sides."""
    same = and_(
        Relationship.buyer_id == WorkOrder.buyer_id,
        Relationship.supplier_id == WorkOrder.supplier_id,
    )
    names = Relationship.buyer_name, Relationship.supplier_name
    return work_orders.outerjoin(Relationship, same).add_columns(*names)


class Filter(NamedTuple):
    """Which work orders are asked for; what is None or empty does not matter."""

    side: Side | None = None
    status: Status | None = None
    order_id: UUID | None = None
    search: str = ""  # in order number, item number or item name


async def work_orders(
    session: AsyncSession, only: Filter, *, caller: Caller, paging: Paging
) -> Rows[Any]:
    """Return a page of work orders, the earliest promise first, each with both sides' names."""
    asked = select(WorkOrder)
    if only.status:
        asked = asked.where(WorkOrder.status == only.status)
    if only.order_id:
        asked = asked.where(WorkOrder.order_id == only.order_id)
    if only.search:
        told = WorkOrder.order_number, WorkOrder.item_number, WorkOrder.item_name
        found = (column.icontains(only.search, autoescape=True) for column in told)
        asked = asked.where(or_(*found))
    order = WorkOrder.promised_on, WorkOrder.id
    sides = [on_side(caller, side) for side in ([only.side] if only.side else Side)]
    return await keyset(session, _named(asked), order=order, paging=paging, sides=sides)


async def work_order(session: AsyncSession, work_order_id: UUID, *, caller: Caller) -> Any:  # noqa: ANN401
    """Return a work order with both sides' names."""
    asked = _named(visible_to(caller).where(WorkOrder.id == work_order_id))
    if found := (await session.execute(asked)).first():
        return found
    raise WorkOrderNotFound("There is no such work order among yours.")


async def reports(
    session: AsyncSession,
    *,
    caller: Caller,
    paging: Paging,
    work_order_id: UUID | None = None,
    order_id: UUID | None = None,
) -> Rows[Any]:
    """Return a page of reports, the latest first, with what reversed them and why was scrapped.

    Reasons of scrap come to the supplier alone: the row policies hide them from everybody else.
    """
    about = visible_to(caller).with_only_columns(WorkOrder.id)
    if work_order_id:
        await work_order(session, work_order_id, caller=caller)
        about = about.where(WorkOrder.id == work_order_id)
    if order_id:
        about = about.where(WorkOrder.order_id == order_id)
    reversal = aliased(Report)
    asked = (
        select(Report, reversal.id, ScrapReason.reason)
        .outerjoin(reversal, reversal.reverses == Report.id)
        .outerjoin(ScrapReason, ScrapReason.report_id == Report.id)
        .where(Report.work_order_id.in_(about))
    )
    return await keyset(session, asked, order=(Report.id,), paging=paging, descending=True)


async def open_work_orders(
    session: AsyncSession, *, caller: Caller
) -> list[tuple[WorkOrder, str | None]]:
    """Return what the caller has to make, the earliest promise first, with the buyers' names."""
    mine = select(WorkOrder).where(on_side(caller, Side.SUPPLIER), WorkOrder.status == Status.OPEN)
    earliest = mine.order_by(WorkOrder.promised_on, WorkOrder.id).limit(SHEET_ROWS_MAX)
    rows: Any = await session.execute(_named(earliest))
    return [(order, buyer_name) for order, buyer_name, _ in rows]


async def report_of(session: AsyncSession, report_id: UUID, *, caller: Caller) -> Report:
    """Return a report on a work order that the caller may see."""
    mine = visible_to(caller).with_only_columns(WorkOrder.id)
    asked = select(Report).where(Report.id == report_id, Report.work_order_id.in_(mine))
    if found := (await session.scalars(asked)).first():
        return found
    raise ReportNotFound("There is no such report among yours.")


async def kept(session: AsyncSession, report: Report) -> Kept:
    """Return a report as it stands now; ask while its work order is held."""
    reversal = select(Report.id).where(Report.reverses == report.id)
    is_final = report.reverses is not None or await session.scalar(reversal) is not None
    row = report.id, report.work_order_id, report.operation, report.good, report.scrapped
    return Kept(*row, is_final=is_final)


async def pace_without(session: AsyncSession, report: Report) -> Pace:
    """Return what a work order's other reports that stand say about speed."""
    reversal = aliased(Report)
    stands = (
        select(func.count(), func.min(Report.occurred_at), func.max(Report.occurred_at))
        .outerjoin(reversal, reversal.reverses == Report.id)
        .where(
            Report.work_order_id == report.work_order_id,
            Report.id != report.id,
            Report.reverses.is_(None),
            reversal.id.is_(None),
        )
    )
    return Pace(*(await session.execute(stands)).one())


async def by_reference(
    session: AsyncSession, asked: Collection[tuple[UUID, str]]
) -> Mapping[tuple[UUID, str], Kept]:
    """Return the reports that have one of the given references in their work orders."""
    if not asked:
        return {}
    ids, references = zip(*asked, strict=True)
    wanted = func.unnest(literal(list(ids), ARRAY(Uuid)), literal(list(references), ARRAY(Text)))
    pairs = wanted.table_valued("work_order_id", "reference").render_derived()
    same = and_(
        Report.work_order_id == pairs.c.work_order_id, Report.reference == pairs.c.reference
    )
    found = await session.execute(select(*KEPT, Report.reference).join(pairs, same))
    return {(row.work_order_id, row.reference): Kept(*row[:5]) for row in found}


CHECKS = {
    "production: every operation is the sum of its reports": """
        SELECT work_order_id, operation, state.good, told.good AS told_good, state.scrapped,
            told.scrapped AS told_scrapped
        FROM (
            SELECT id AS work_order_id, operation, state.good, state.scrapped
            FROM work_orders, unnest(work_orders.good, work_orders.scrapped)
                WITH ORDINALITY AS state (good, scrapped, operation)
        ) AS state
        FULL JOIN (
            SELECT work_order_id, operation, sum(good) AS good, sum(scrapped) AS scrapped
            FROM reports GROUP BY work_order_id, operation
        ) AS told USING (work_order_id, operation)
        WHERE coalesce(state.good, 0) <> coalesce(told.good, 0)
            OR coalesce(state.scrapped, 0) <> coalesce(told.scrapped, 0)
    """,
    "production: no operation takes in more than left the one before": """
        SELECT id, operations, good, scrapped
        FROM work_orders, generate_series(2, cardinality(good)) AS operation
        WHERE good[operation] + scrapped[operation] > good[operation - 1]
    """,
    "production: no more is completed than was ordered": """
        SELECT id, agreed, ordered, completed FROM work_orders WHERE completed > ordered
    """,
    "production: a reversal has the opposite sign of what it reverses": """
        SELECT reversal.id, reversal.reverses
        FROM reports AS reversal LEFT JOIN reports AS reversed ON reversed.id = reversal.reverses
            AND reversed.work_order_id = reversal.work_order_id
            AND reversed.operation = reversal.operation AND reversed.reverses IS NULL
        WHERE reversal.reverses IS NOT NULL
            AND (reversed.good, reversed.scrapped)
                IS DISTINCT FROM (-reversal.good, -reversal.scrapped)
    """,
    "production: the pace is that of the reports that stand": """
        SELECT id, reports, told.count, started_at, told.first, last_reported_at, told.last
        FROM work_orders LEFT JOIN (
            SELECT work_order_id, count(*), min(occurred_at) AS first, max(occurred_at) AS last
            FROM reports AS report
            WHERE reverses IS NULL
                AND NOT EXISTS (SELECT FROM reports WHERE reverses = report.id)
            GROUP BY work_order_id
        ) AS told ON work_order_id = id
        WHERE reports <> coalesce(told.count, 0)
            OR (started_at, last_reported_at) IS DISTINCT FROM (told.first, told.last)
    """,
}
"""Invariants by name, as SQL whose every row is a violation."""
