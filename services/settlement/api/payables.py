"""What is owed, until when, and the books behind it, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from contracts.orders import Side
from services.settlement.api.callers import Reader, today
from services.settlement.domain.journal import Account
from services.settlement.domain.problems import PayableNotFound
from services.settlement.queries import journal
from services.settlement.queries import payables as queries
from services.settlement.queries.payables import Asked
from services.settlement.schemas.journal import BalanceOut, EntryOut
from services.settlement.schemas.payables import (
    PayableDetail,
    PayableOut,
    PayableSums,
    State,
    SummaryOut,
)
from shared.database import Now, Transaction
from shared.idempotency import Route
from shared.paging import Page, PageAsked, Rows
from shared.problem import problems
from shared.types import Day, Search

router = APIRouter(route_class=Route, tags=["Payables"])
books = APIRouter(route_class=Route, tags=["Journal"])


async def _asked(  # noqa: PLR0913, PLR0917  what one may filter by
    side: Side = Side.SUPPLIER,
    state: State | None = None,
    counterparty_id: UUID | None = None,
    order_id: UUID | None = None,
    due_before: Day | None = None,
    q: Annotated[Search | None, Query(description="order, item or receipt")] = None,
) -> Asked:
    return Asked(side, state, counterparty_id, order_id, due_before, q)


@router.get("/payables", response_model=Page[PayableOut])
async def list_payables(
    caller: Reader,
    session: Transaction,
    now: Now,
    paging: PageAsked,
    asked: Annotated[Asked, Depends(_asked)],
) -> Rows[PayableOut]:
    """List what is owed for accepted deliveries, the first due first."""
    return await queries.payables(session, asked, caller=caller, on=today(now), paging=paging)


@router.get("/payables/sums")
async def add_up_payables(
    caller: Reader, session: Transaction, now: Now, asked: Annotated[Asked, Depends(_asked)]
) -> PayableSums:
    """Add up, by currency, all that the list holds on all its pages, by the same filters."""
    found = await queries.sums(session, asked, caller=caller, on=today(now))
    return PayableSums(currencies=found)


@router.get("/payables/summary")
async def sum_up_payables(
    caller: Reader, session: Transaction, now: Now, side: Side = Side.SUPPLIER
) -> SummaryOut:
    """Count what is owed by how it stands, and what waits for this side."""
    return await queries.summary(session, caller=caller, side=side, on=today(now))


@router.get("/payables/{payable_id}", responses=problems(PayableNotFound))
async def read_payable(
    payable_id: UUID, caller: Reader, session: Transaction, now: Now
) -> PayableDetail:
    """Read what is owed for a delivery, how its dates were found, and what happened to it."""
    return await queries.payable(session, payable_id, caller=caller, on=today(now))


@books.get("/journal", response_model=Page[EntryOut])
async def list_entries(  # noqa: PLR0913, PLR0917  what one may filter by
    caller: Reader,
    session: Transaction,
    paging: PageAsked,
    counterparty_id: UUID | None = None,
    account: Account | None = None,
    source_id: UUID | None = None,
) -> Rows[EntryOut]:
    """List the entries of the journal, the latest first."""
    return await journal.entries(
        session,
        caller=caller,
        counterparty_id=counterparty_id,
        account=account,
        source_id=source_id,
        paging=paging,
    )


@books.get("/balances", response_model=Page[BalanceOut])
async def list_balances(
    caller: Reader, session: Transaction, paging: PageAsked, counterparty_id: UUID | None = None
) -> Rows[BalanceOut]:
    """List what the entries on each account add up to, per partner and currency."""
    return await journal.balances(
        session, caller=caller, counterparty_id=counterparty_id, paging=paging
    )
