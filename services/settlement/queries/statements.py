"""Statements line by line, and whose turn it is."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.orders import Side
from contracts.values import Money
from services.settlement.domain.problems import StatementNotFound
from services.settlement.models import Invoice, Statement, StatementLine
from services.settlement.queries.invoices import story
from services.settlement.queries.partners import named, party, with_partner
from services.settlement.schemas.statements import (
    AgreementOut,
    SaidOut,
    StatementLineOut,
    StatementOut,
    StatementSummary,
)
from shared.auth import Caller
from shared.paging import Paging, Rows, keyset

COPIED = (
    *("id", "buyer_id", "supplier_id", "month", "currency", "state", "opened_by", "opened_at"),
    *("agreed_at", "sha256"),
)


class Counted(NamedTuple):
    """How many lines a statement has, and how they stand."""

    lines: int = 0
    unanswered: Mapping[Side, int] = dict.fromkeys(Side, 0)
    disagreed: int = 0


async def statements(  # noqa: PLR0913  what one may filter by
    session: AsyncSession,
    *,
    caller: Caller,
    side: Side,
    state: str | None,
    counterparty_id: UUID | None,
    paging: Paging,
) -> Rows[StatementSummary]:
    """Return a page of one side's statements, the latest month first."""
    invoiced = exists().where(Invoice.statement_id == Statement.id)
    rows = named(select(Statement, invoiced.label("invoiced")), Statement).where(
        party(Statement, caller, side), *with_partner(Statement, side, counterparty_id)
    )
    if state:
        rows = rows.where(Statement.state == state)
    order = Statement.month, Statement.id
    page = await keyset(session, rows, order=order, paging=paging, descending=True)
    counted = await _counted(session, [row[0].id for row in page.items])
    items = [
        StatementSummary(**_values(row, counted.get(row[0].id, Counted()), caller))
        for row in page.items
    ]
    return Rows(items, page.next)


def _values(row: Any, counted: Counted, caller: Caller) -> dict[str, Any]:  # noqa: ANN401
    found, invoiced, buyer_name, supplier_name = row
    mine = Side.BUYER if found.buyer_id == caller.organization_id else Side.SUPPLIER
    return {
        **{name: getattr(found, name) for name in COPIED},
        "buyer_name": buyer_name,
        "supplier_name": supplier_name,
        "total": Money.of(found.total_minor, found.currency),
        "line_count": counted.lines,
        "unanswered": counted.unanswered[mine] if found.state == "open" else 0,
        "disagreed": counted.disagreed,
        "buyer_agreed": _agreed(found.buyer_agreed_by, found.buyer_agreed_at),
        "supplier_agreed": _agreed(found.supplier_agreed_by, found.supplier_agreed_at),
        "turn": _turn(found),
        "invoiced": invoiced,
    }


def _agreed(by: str | None, at: datetime | None) -> AgreementOut | None:
    return AgreementOut(by=by, at=at) if by and at else None


def _turn(found: Statement) -> Side | None:
    if found.state == "agreed" or (not found.buyer_agreed_at and not found.supplier_agreed_at):
        return None
    return Side.SUPPLIER if found.buyer_agreed_at else Side.BUYER


async def _counted(session: AsyncSession, ids: Sequence[UUID]) -> Mapping[UUID, Counted]:
    line = StatementLine
    refused = line.buyer_agrees.is_(False) | line.supplier_agrees.is_(False)
    rows = (
        select(
            line.statement_id,
            func.count(),
            func.count().filter(line.buyer_agrees.is_(None)),
            func.count().filter(line.supplier_agrees.is_(None)),
            func.count().filter(refused),
        )
        .where(line.statement_id.in_(ids))
        .group_by(line.statement_id)
    )
    return {
        id_: Counted(count, {Side.BUYER: buyers, Side.SUPPLIER: suppliers}, disagreed)
        for id_, count, buyers, suppliers, disagreed in await session.execute(rows)
    }


async def statement(session: AsyncSession, statement_id: UUID, *, caller: Caller) -> StatementOut:
    """Return a statement line by line, with the frozen text once both agreed."""
    invoiced = exists().where(Invoice.statement_id == Statement.id)
    chosen = named(select(Statement, invoiced.label("invoiced")), Statement).where(
        party(Statement, caller), Statement.id == statement_id
    )
    row = (await session.execute(chosen)).first()
    if row is None:
        raise StatementNotFound("There is no such statement among yours.")
    rows = select(StatementLine).where(StatementLine.statement_id == statement_id)
    lines = (await session.scalars(rows.order_by(StatementLine.id))).all()
    counted = await _counted(session, [statement_id])
    document = row[0].document
    return StatementOut(
        **_values(row, counted.get(statement_id, Counted()), caller),
        lines=[_line(line, row[0].currency) for line in lines],
        document=document,
        content=json.loads(document) if document else None,
        story=list(await story(session, statement_id)),
    )


def _line(line: StatementLine, currency: str) -> StatementLineOut:
    return StatementLineOut(
        id=line.id,
        payable_id=line.payable_id,
        quantity=line.quantity,
        amount=Money.of(line.amount_minor, currency),
        **line.shown,
        buyer=SaidOut(agrees=line.buyer_agrees, note=line.buyer_note),
        supplier=SaidOut(agrees=line.supplier_agrees, note=line.supplier_note),
        carried=line.carried,
    )
