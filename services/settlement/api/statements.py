"""Statements over HTTP."""

from datetime import date
from typing import Literal
from uuid import UUID

from fastapi import APIRouter

from contracts.orders import Side
from services.settlement.api.callers import Either, Reader, today
from services.settlement.commands import statements as commands
from services.settlement.commands.statements import Answer, Asked
from services.settlement.domain.problems import (
    CurrenciesMixed,
    NotAParty,
    NothingAccepted,
    NotYetHappened,
    StatementFrozen,
    StatementNotFound,
)
from services.settlement.queries import statements as queries
from services.settlement.schemas.statements import (
    AnswerIn,
    AnswersIn,
    StatementIn,
    StatementOut,
    StatementSummary,
)
from shared.database import Now, Transaction
from shared.idempotency import Route
from shared.paging import Page, PageAsked, Rows
from shared.problem import problems

router = APIRouter(prefix="/statements", route_class=Route, tags=["Statements"])

REFUSALS = problems(StatementNotFound, StatementFrozen, NotAParty)


@router.get("", response_model=Page[StatementSummary])
async def list_statements(  # noqa: PLR0913, PLR0917  what one may filter by
    caller: Reader,
    session: Transaction,
    paging: PageAsked,
    side: Side = Side.BUYER,
    state: Literal["open", "agreed"] | None = None,
    counterparty_id: UUID | None = None,
) -> Rows[StatementSummary]:
    """List statements, the latest month first."""
    return await queries.statements(
        session,
        caller=caller,
        side=side,
        state=state,
        counterparty_id=counterparty_id,
        paging=paging,
    )


@router.post(
    "",
    status_code=201,
    responses=problems(
        NothingAccepted, StatementFrozen, CurrenciesMixed, NotYetHappened, NotAParty
    ),
)
async def open_statement(
    body: StatementIn, caller: Either, session: Transaction, now: Now
) -> StatementOut:
    """Open a month's statement from what was accepted, or bring an open one up to date."""
    year, month = map(int, body.month.split("-"))
    if date(year, month, 1) > today(now):
        raise NotYetHappened("month: it has not begun yet.")
    asked = Asked(body.counterparty_id, date(year, month, 1), body.side, body.currency)
    found = await commands.open_statement(session, asked, caller=caller, at=now)
    await session.flush()
    return await queries.statement(session, found.id, caller=caller)


@router.get("/{statement_id}", responses=problems(StatementNotFound))
async def read_statement(statement_id: UUID, caller: Reader, session: Transaction) -> StatementOut:
    """Read a statement line by line."""
    return await queries.statement(session, statement_id, caller=caller)


@router.post("/{statement_id}/lines/{statement_line_id}/answer", responses=REFUSALS)
async def answer_line(  # noqa: PLR0913, PLR0917  FastAPI gives them by name
    statement_id: UUID,
    statement_line_id: UUID,
    body: AnswerIn,
    caller: Either,
    session: Transaction,
    now: Now,
) -> StatementOut:
    """Agree or disagree with a line, for one's own side."""
    said = [Answer(statement_line_id, body.agree, body.note)]
    await commands.answer(session, statement_id, said, caller=caller, at=now)
    await session.flush()
    return await queries.statement(session, statement_id, caller=caller)


@router.post("/{statement_id}/answers", responses=REFUSALS)
async def answer_lines(
    statement_id: UUID, body: AnswersIn, caller: Either, session: Transaction, now: Now
) -> StatementOut:
    """Agree or disagree with many lines at once."""
    said = [Answer(one.statement_line_id, one.agree, one.note) for one in body.answers]
    await commands.answer(session, statement_id, said, caller=caller, at=now)
    await session.flush()
    return await queries.statement(session, statement_id, caller=caller)


@router.post(
    "/{statement_id}/agreement",
    responses=problems(StatementNotFound, StatementFrozen, NothingAccepted, NotAParty),
)
async def agree_on_statement(
    statement_id: UUID, caller: Either, session: Transaction, now: Now
) -> StatementOut:
    """Agree on the whole for one's own side; when both did, it is frozen with its digest."""
    await commands.agree(session, statement_id, caller=caller, at=now)
    await session.flush()
    return await queries.statement(session, statement_id, caller=caller)
