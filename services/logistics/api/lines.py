"""What is left to ship, and what a scan means."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from contracts.orders import Side
from services.logistics.api.callers import Reader
from services.logistics.queries import lines as queries
from services.logistics.schemas.lines import ReadyLineOut
from services.logistics.schemas.receipts import ScanOut
from shared.database import Transaction
from shared.idempotency import Route
from shared.paging import Page, PageAsked, Rows
from shared.types import Line, Search

router = APIRouter(route_class=Route, tags=["Lines"])


@router.get("/ready-lines", response_model=Page[ReadyLineOut])
async def list_ready_lines(  # noqa: PLR0913, PLR0917  what one may filter by
    caller: Reader,
    session: Transaction,
    paging: PageAsked,
    side: Side = Side.SUPPLIER,
    order_id: UUID | None = None,
    q: Annotated[Search | None, Query(description="Order number, item number or name.")] = None,
    view: Annotated[Literal["open", "all"], Query(description="All: nothing left, too.")] = "open",
) -> Rows[ReadyLineOut]:
    """List confirmed lines with what is left to ship of each, the earliest promise first."""
    return await queries.ready_lines(
        session,
        caller=caller,
        side=side,
        order_id=order_id,
        q=q,
        with_done=view == "all",
        paging=paging,
    )


@router.get("/scan")
async def scan(
    caller: Reader,
    session: Transaction,
    code: Annotated[Line, Query(description="As a camera, a scanner or a keyboard gives it.")],
) -> ScanOut:
    """Say what a code stands for, and what is expected under it."""
    return await queries.scan(session, caller=caller, code=code)
