"""Agree on a month line by line; what both agreed on is frozen."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from contracts.orders import Side
from contracts.values import plain
from services.settlement.commands import announcements, books
from services.settlement.commands.books import Books
from services.settlement.commands.clock import reckon_payables
from services.settlement.commands.sides import acting
from services.settlement.domain.problems import (
    CurrenciesMixed,
    NothingAccepted,
    StatementFrozen,
    StatementNotFound,
)
from services.settlement.domain.statements import document, fingerprint, next_month
from services.settlement.models import Payable, Relationship, Statement, StatementLine, Step
from shared.auth import Caller
from shared.settings import settings

SHOWN = "order_number", "position", "item_number", "item_name", "receipt_number", "unit"


class Asked(NamedTuple):
    """Which month with whom; the caller's side and the currency where they are not plain."""

    counterparty_id: UUID
    month: date
    side: Side | None = None
    currency: str | None = None


class Answer(NamedTuple):
    """What one side says of a line."""

    statement_line_id: UUID
    agree: bool
    note: str | None = None


async def open_statement(
    session: AsyncSession, asked: Asked, *, caller: Caller, at: datetime
) -> Statement:
    """Open a month's statement from what was accepted until its end, or bring it up to date.

    What was not agreed on in an earlier month is on it again. Refused where nothing was accepted,
    or where both sides agreed already.
    """
    buyer_id, supplier_id = await _parties(session, asked, caller)
    acting(caller, Side.BUYER if caller.organization_id == buyer_id else Side.SUPPLIER)
    currency = await _currency(session, asked, buyer_id, supplier_id)
    await books.hold(session, [Books(buyer_id, supplier_id, currency)])
    found = select(Statement).filter_by(
        buyer_id=buyer_id, supplier_id=supplier_id, currency=currency, month=asked.month
    )
    statement = (await session.scalars(found)).first()
    if statement and statement.state == "agreed":
        raise StatementFrozen("Both sides agreed on this month; later deliveries are on the next.")
    new = await _waiting(session, asked, buyer_id, supplier_id, currency)
    if statement is None:
        if not new:
            raise NothingAccepted("Nothing was accepted until the end of that month.")
        statement = _new(buyer_id, supplier_id, currency, asked.month, caller, at)
        session.add(statement)
        await session.flush()
        session.add(_step(statement, "opened", caller, at))
    await _add(session, statement, new)
    return statement


async def _parties(session: AsyncSession, asked: Asked, caller: Caller) -> tuple[UUID, UUID]:
    """Return who buys and who supplies; where both do both, the caller says its side."""
    me, other = caller.organization_id, asked.counterparty_id
    sides = {Side.BUYER: (me, other), Side.SUPPLIER: (other, me)}
    for side, pair in sides.items():
        known = select(Relationship.id).filter_by(buyer_id=pair[0], supplier_id=pair[1])
        if asked.side in (None, side) and await session.scalar(known):
            return pair
    raise NothingAccepted("You have no relationship with that organization.")


async def _currency(session: AsyncSession, asked: Asked, buyer_id: UUID, supplier_id: UUID) -> str:
    if asked.currency:
        return asked.currency
    of = Payable.buyer_id == buyer_id, Payable.supplier_id == supplier_id
    upto = Payable.accepted_on < next_month(asked.month)
    rows = select(Payable.currency).where(*of, upto, ~Payable.imported).distinct()
    found = (await session.scalars(rows)).all()
    if len(found) > 1:
        raise CurrenciesMixed(f"Say which currency: {', '.join(sorted(found))}.")
    if not found:
        raise NothingAccepted("Nothing was accepted until the end of that month.")
    return found[0]


async def _waiting(
    session: AsyncSession, asked: Asked, buyer_id: UUID, supplier_id: UUID, currency: str
) -> Sequence[Payable]:
    rows = select(Payable).where(
        Payable.buyer_id == buyer_id,
        Payable.supplier_id == supplier_id,
        Payable.currency == currency,
        Payable.accepted_on < next_month(asked.month),
        Payable.statement_id.is_(None),
        ~Payable.imported,
    )
    return (await session.scalars(rows.order_by(Payable.accepted_on, Payable.id))).all()


def _new(  # noqa: PLR0913, PLR0917  what a statement begins with
    buyer_id: UUID,
    supplier_id: UUID,
    currency: str,
    month: date,
    caller: Caller,
    at: datetime,
) -> Statement:
    return Statement(
        id=uuid7(),
        buyer_id=buyer_id,
        supplier_id=supplier_id,
        currency=currency,
        month=month,
        state="open",
        total_minor=0,
        opened_by=Side.BUYER if caller.organization_id == buyer_id else Side.SUPPLIER,
        opened_at=at,
    )


async def _add(session: AsyncSession, statement: Statement, payables: Sequence[Payable]) -> None:
    if not payables:
        return
    statement.buyer_agreed_at = statement.supplier_agreed_at = None  # of other lines than now
    for one in payables:
        shown = {name: getattr(one, name) for name in SHOWN}
        days = {name: getattr(one, name).isoformat() for name in ("delivered_on", "accepted_on")}
        line = StatementLine(
            buyer_id=statement.buyer_id,
            supplier_id=statement.supplier_id,
            statement_id=statement.id,
            payable_id=one.id,
            quantity=one.quantity,
            amount_minor=one.amount_minor,
            shown=shown | days,
            carried=False,
        )
        session.add(line)
        one.statement_id = statement.id
        statement.total_minor += one.amount_minor
    await session.flush()


async def _held(session: AsyncSession, statement_id: UUID, caller: Caller) -> Statement:
    """Return an open statement of the caller's, whose books are held."""
    party = caller.organization_id
    mine = or_(Statement.buyer_id == party, Statement.supplier_id == party)
    of = select(Statement.buyer_id, Statement.supplier_id, Statement.currency)
    found = (await session.execute(of.where(Statement.id == statement_id, mine))).first()
    if found is None:
        raise StatementNotFound("There is no such statement among yours.")
    acting(caller, Side.BUYER if party == found.buyer_id else Side.SUPPLIER)
    await books.hold(session, [Books(*found)])
    statement = await session.get_one(Statement, statement_id)
    if statement.state == "agreed":
        raise StatementFrozen("Both sides agreed on it; a later difference is a credit note.")
    return statement


async def _lines(session: AsyncSession, statement: Statement) -> Sequence[StatementLine]:
    rows = select(StatementLine).where(StatementLine.statement_id == statement.id)
    return (await session.scalars(rows.order_by(StatementLine.id))).all()


async def answer(
    session: AsyncSession,
    statement_id: UUID,
    answers: Sequence[Answer],
    *,
    caller: Caller,
    at: datetime,
) -> Statement:
    """Agree or disagree with lines, for one's own side; agreements on the whole begin anew."""
    statement = await _held(session, statement_id, caller)
    side = "buyer" if caller.organization_id == statement.buyer_id else "supplier"
    lines = await _lines(session, statement)
    by_id = {line.id: line for line in lines}
    for said in answers:
        line = by_id.get(said.statement_line_id)
        if line is None:
            raise StatementNotFound("The statement has no such line.")
        setattr(line, f"{side}_agrees", said.agree)
        setattr(line, f"{side}_note", said.note)
    statement.buyer_agreed_at = statement.supplier_agreed_at = None
    statement.total_minor = sum(line.amount_minor for line in lines if not _refused(line))
    refused = sum(not said.agree for said in answers)
    counted = {"agreed": len(answers) - refused, "disagreed": refused}
    session.add(_step(statement, "answered", caller, at, counted))
    return statement


def _refused(line: StatementLine) -> bool:
    return line.buyer_agrees is False or line.supplier_agrees is False


async def agree(
    session: AsyncSession, statement_id: UUID, *, caller: Caller, at: datetime
) -> Statement:
    """Agree on a statement for one's own side: lines not answered yet count as agreed.

    When both agreed, it is frozen with its text and digest, and announced. Lines that either side
    disagrees with are left to a later month.
    """
    statement = await _held(session, statement_id, caller)
    lines = await _lines(session, statement)
    if all(_refused(line) for line in lines):
        raise NothingAccepted("There is no line that both of you could agree on.")
    side = "buyer" if caller.organization_id == statement.buyer_id else "supplier"
    for line in lines:
        if getattr(line, f"{side}_agrees") is None:
            setattr(line, f"{side}_agrees", True)
    setattr(statement, f"{side}_agreed_at", at)
    setattr(statement, f"{side}_agreed_by", caller.name)
    session.add(_step(statement, "agreed", caller, at))
    if statement.buyer_agreed_at and statement.supplier_agreed_at:
        await _freeze(session, statement, lines, at=at)
    return statement


async def _freeze(
    session: AsyncSession, statement: Statement, lines: Sequence[StatementLine], *, at: datetime
) -> None:
    kept = [line for line in lines if not _refused(line)]
    parties = {
        "statement_id": str(statement.id),
        "buyer_id": str(statement.buyer_id),
        "supplier_id": str(statement.supplier_id),
    }
    statement.document = document(
        parties=parties,
        month=statement.month,
        currency=statement.currency,
        lines=[_written(line) for line in kept],
    )
    statement.sha256 = fingerprint(statement.document)
    statement.state, statement.agreed_at = "agreed", at
    statement.total_minor = sum(line.amount_minor for line in kept)
    carried = [line.payable_id for line in lines if _refused(line)]
    for line in lines:
        line.carried = _refused(line)
    mine = [line.payable_id for line in kept]
    today = at.astimezone(settings().calendar).date()
    agreed = update(Payable).where(Payable.id.in_(mine)).values(statement_agreed_on=today)
    left = update(Payable).where(Payable.id.in_(carried)).values(statement_id=None)
    for change in agreed, left:
        await session.execute(change, execution_options={"synchronize_session": False})
    session.add(_step(statement, "frozen", None, at, {"sha256": statement.sha256}))
    announcements.agreed(session, statement)
    await session.flush()
    await reckon_payables(session, mine, at=at)


def _written(line: StatementLine) -> dict[str, Any]:
    return {
        "payable_id": str(line.payable_id),
        "quantity": plain(line.quantity),
        "amount_minor": line.amount_minor,
        **line.shown,
    }


def _step(
    statement: Statement,
    kind: str,
    caller: Caller | None,
    at: datetime,
    values: dict[str, Any] | None = None,
) -> Step:
    side = None
    if caller:
        side = "buyer" if caller.organization_id == statement.buyer_id else "supplier"
    return Step(
        buyer_id=statement.buyer_id,
        supplier_id=statement.supplier_id,
        about_id=statement.id,
        kind=kind,
        side=side,
        by=caller.name if caller else "Lianqiao",
        values=values or {},
        recorded_at=at,
    )
