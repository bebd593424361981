"""Receipts and acceptances over HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from uuid_utils.compat import uuid7

from contracts.orders import Side
from services.logistics.api.callers import Importer, Reader, Receiver
from services.logistics.commands import acceptances, history
from services.logistics.commands import receipts as commands
from services.logistics.commands.receipts import Placement
from services.logistics.domain import problems as refused
from services.logistics.domain.acceptances import Verdict
from services.logistics.domain.history import PastLine, PastReceipt
from services.logistics.domain.receipts import LineCounted, ReceiptAsked
from services.logistics.queries import receipts as queries
from services.logistics.queries.receipts import Filter
from services.logistics.schemas.receipts import (
    AcceptanceIn,
    PastReceiptIn,
    PastReceiptsIn,
    ReceiptCounts,
    ReceiptIn,
    ReceiptOut,
    ReceiptResult,
    ReceiptResults,
    ReceiptsIn,
    ReceiptState,
    ReceiptSummary,
)
from shared.database import Now, Transaction
from shared.idempotency import Route
from shared.paging import Page, PageAsked, Rows
from shared.problem import Problem, problems
from shared.types import Search

router = APIRouter(route_class=Route, tags=["Receipts"])

REFUSALS = problems(
    refused.ShipmentNotFound,
    refused.ScheduleLineNotFound,
    refused.PhotoNotFound,
    refused.NotYourSide,
    refused.AlreadyReceived,
    refused.OtherSupplier,
    refused.NotOnThisNotice,
    refused.NumberTaken,
    refused.SupplierUnknown,
    refused.NotYetHappened,
    refused.MoreDamagedThanReceived,
)


async def _filter(
    *,
    side: Side | None = None,
    state: ReceiptState | None = None,
    order_id: UUID | None = None,
    supplier_id: UUID | None = None,
    q: Annotated[Search | None, Query(description="Receipt, order or item.")] = None,
) -> Filter:
    return Filter(side, state, order_id, supplier_id, q)


@router.post("/receipts", status_code=201, responses=REFUSALS)
async def receive(body: ReceiptIn, caller: Receiver, session: Transaction, now: Now) -> ReceiptOut:
    """Count what came, with a notice or without. The same receipt again is answered as it is."""
    asked = [_asked(body, now)]
    [outcome] = await commands.receive_goods(session, caller=caller, asked=asked, at=now)
    if isinstance(outcome, Problem):
        raise outcome
    return await queries.receipt(session, outcome.receipt_id, caller=caller, at=now)


@router.post("/receipts/bulk")
async def receive_many(
    body: ReceiptsIn, caller: Receiver, session: Transaction, now: Now
) -> ReceiptResults:
    """Count many receipts, each as if alone; the answers are in the same order."""
    asked = [_asked(one, now) for one in body.receipts]
    outcomes = await commands.receive_goods(session, caller=caller, asked=asked, at=now)
    return _results([one.number for one in body.receipts], outcomes)


@router.post("/receipts/import")
async def import_receipts(
    body: PastReceiptsIn, caller: Importer, session: Transaction, now: Now
) -> ReceiptResults:
    """Take in the caller's receipts of the past, each as if alone; nobody has to judge them.

    An order that was not heard of here yet is refused as `order-not-known-yet`: send it again.
    """
    asked = [_past(one) for one in body.receipts]
    outcomes = await history.import_receipts(session, caller=caller, asked=asked, at=now)
    return _results([one.number for one in body.receipts], outcomes)


@router.get("/receipts", response_model=Page[ReceiptSummary])
async def list_receipts(
    caller: Reader,
    session: Transaction,
    paging: PageAsked,
    now: Now,
    only: Annotated[Filter, Depends(_filter)],
) -> Rows[ReceiptSummary]:
    """List receipts, the newest first."""
    return await queries.receipts(session, only, caller=caller, paging=paging, at=now)


@router.get("/receipts/summary")
async def count_receipts(
    caller: Reader, session: Transaction, now: Now, side: Side = Side.BUYER
) -> ReceiptCounts:
    """Count receipts that wait and that deviated, for a home page."""
    return await queries.counts(session, caller=caller, side=side, at=now)


@router.get("/receipts/{receipt_id}", responses=problems(refused.ReceiptNotFound))
async def read_receipt(
    receipt_id: UUID, caller: Reader, session: Transaction, now: Now
) -> ReceiptOut:
    """Read a receipt with its lines, its acceptances and its story."""
    return await queries.receipt(session, receipt_id, caller=caller, at=now)


@router.post(
    "/receipts/{receipt_id}/acceptance",
    status_code=201,
    responses=problems(
        refused.ReceiptNotFound,
        refused.NotYourSide,
        refused.NothingWaits,
        refused.MoreThanWaits,
        refused.DeemedAccepted,
        refused.ReasonMissing,
    ),
)
async def accept(
    receipt_id: UUID, body: AcceptanceIn, caller: Receiver, session: Transaction, now: Now
) -> ReceiptOut:
    """Accept or reject lines, or all that waits: then what is noted as damaged is rejected."""
    verdicts = [Verdict(**dict(line)) for line in body.lines] if body.lines else None
    await acceptances.accept(
        session, caller=caller, receipt_id=receipt_id, verdicts=verdicts, at=now
    )
    return await queries.receipt(session, receipt_id, caller=caller, at=now)


def _results(
    numbers: Sequence[str | None], outcomes: Sequence[Placement | Problem]
) -> ReceiptResults:
    results = [
        ReceiptResult(index=n, number=number, status="refused", problem=outcome.details())
        if isinstance(outcome, Problem)
        else ReceiptResult(
            index=n,
            number=outcome.number,
            receipt_id=outcome.receipt_id,
            status="recorded" if outcome.new else "unchanged",
        )
        for n, (number, outcome) in enumerate(zip(numbers, outcomes, strict=True))
    ]
    return ReceiptResults(results=results)


def _asked(body: ReceiptIn, now: datetime) -> ReceiptAsked:
    return ReceiptAsked(
        id=uuid7(),
        number=body.number or "",
        lines=tuple(LineCounted(**dict(line)) for line in body.lines),
        received_at=body.received_at or now,
        shipment_id=body.shipment_id,
        supplier_id=body.supplier_id,
        complete=body.complete,
    )


def _past(body: PastReceiptIn) -> PastReceipt:
    lines = [PastLine(line.quantity, line.schedule_line_id, line.position) for line in body.lines]
    return PastReceipt(
        id=uuid7(),
        number=body.number,
        order_number=body.order_number,
        supplier_id=body.supplier_id,
        postings=tuple(body.postings),
        lines=tuple(lines),
        delivered_on=body.delivered_on,
        accepted=body.accepted,
    )
