"""Notices and shipments over HTTP."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from uuid_utils.compat import uuid7

from contracts.orders import Side
from services.logistics.api.callers import Reader, Shipper, Speaker
from services.logistics.commands import journeys, notices
from services.logistics.domain import problems as refused
from services.logistics.domain.shipments import (
    LineAsked,
    PackageAsked,
    ShipmentAsked,
    ShipmentState,
)
from services.logistics.queries import shipments as queries
from services.logistics.queries.shipments import Filter
from services.logistics.schemas.shipments import (
    ArrivalOut,
    CancellationIn,
    MomentIn,
    PackageIn,
    PackagesIn,
    ShipmentCounts,
    ShipmentIn,
    ShipmentOut,
    ShipmentResult,
    ShipmentResults,
    ShipmentsIn,
    ShipmentSummary,
)
from shared.database import Now, Transaction
from shared.idempotency import Route
from shared.paging import Page, PageAsked, Rows
from shared.problem import Problem, problems
from shared.types import Day, Search

router = APIRouter(route_class=Route, tags=["Shipments"])

REFUSALS = problems(
    refused.ScheduleLineNotFound,
    refused.NotYourSide,
    refused.OtherBuyer,
    refused.NotConfirmed,
    refused.MoreThanLeft,
    refused.NumberTaken,
    refused.PackedOtherwise,
    refused.CarrierUnknown,
)
ON_ITS_WAY = problems(
    refused.ShipmentNotFound,
    refused.NotYourSide,
    refused.AlreadyDeparted,
    refused.NotUnderWay,
    refused.NotYetHappened,
)


async def _filter(
    *,
    side: Side | None = None,
    state: ShipmentState | None = None,
    order_id: UUID | None = None,
    q: Annotated[Search | None, Query(description="Notice, order or item.")] = None,
    expected_on: Day | None = None,
) -> Filter:
    return Filter(side, state, order_id, q, expected_on)


@router.post("/shipments", status_code=201, responses=REFUSALS)
async def announce_shipment(
    body: ShipmentIn, caller: Shipper, session: Transaction, now: Now
) -> ShipmentOut:
    """Announce what is to be shipped. The same notice sent again is answered as it stands."""
    [outcome] = await notices.announce(session, caller=caller, asked=[_asked(body)], at=now)
    if isinstance(outcome, Problem):
        raise outcome
    return await queries.shipment(session, outcome.shipment_id, caller=caller, at=now)


@router.post("/shipments/bulk")
async def announce_many_shipments(
    body: ShipmentsIn, caller: Shipper, session: Transaction, now: Now
) -> ShipmentResults:
    """Announce many shipments, each as if alone; the answers are in the same order."""
    asked = [_asked(one) for one in body.shipments]
    outcomes = await notices.announce(session, caller=caller, asked=asked, at=now)
    results = [
        ShipmentResult(index=n, number=one.number, status="refused", problem=outcome.details())
        if isinstance(outcome, Problem)
        else ShipmentResult(
            index=n,
            number=outcome.number,
            shipment_id=outcome.shipment_id,
            status="planned" if outcome.new else "unchanged",
        )
        for n, (one, outcome) in enumerate(zip(body.shipments, outcomes, strict=True))
    ]
    return ShipmentResults(results=results)


@router.get("/shipments", response_model=Page[ShipmentSummary])
async def list_shipments(
    caller: Reader,
    session: Transaction,
    paging: PageAsked,
    now: Now,
    only: Annotated[Filter, Depends(_filter)],
) -> Rows[ShipmentSummary]:
    """List shipments, the newest first."""
    return await queries.shipments(session, only, caller=caller, paging=paging, at=now)


@router.get("/shipments/summary")
async def count_shipments(
    caller: Reader, session: Transaction, now: Now, side: Side = Side.SUPPLIER
) -> ShipmentCounts:
    """Count shipments and what is ready to be shipped, for a home page."""
    return await queries.counts(session, caller=caller, side=side, at=now)


@router.get("/arrivals", response_model=Page[ArrivalOut])
async def list_arrivals(
    caller: Reader, session: Transaction, paging: PageAsked, now: Now, on: Day | None = None
) -> Rows[ArrivalOut]:
    """List what comes to the caller on a day by the hour; today shows what is late as well."""
    day: date | None = on
    return await queries.arrivals(session, day, caller=caller, paging=paging, at=now)


@router.get("/shipments/{shipment_id}", responses=problems(refused.ShipmentNotFound))
async def read_shipment(
    shipment_id: UUID, caller: Reader, session: Transaction, now: Now
) -> ShipmentOut:
    """Read a shipment with its lines, packages, receipts and story."""
    return await queries.shipment(session, shipment_id, caller=caller, at=now)


@router.put(
    "/shipments/{shipment_id}/packages",
    responses=problems(
        refused.ShipmentNotFound,
        refused.NotYourSide,
        refused.AlreadyDeparted,
        refused.PackedOtherwise,
    ),
)
async def pack_shipment(
    shipment_id: UUID, body: PackagesIn, caller: Shipper, session: Transaction, now: Now
) -> ShipmentOut:
    """Pack a shipment anew; each package gets an SSCC that is never used again."""
    packages = _packages(body.packages)
    await notices.pack(session, caller=caller, shipment_id=shipment_id, packages=packages, at=now)
    return await queries.shipment(session, shipment_id, caller=caller, at=now)


@router.post("/shipments/{shipment_id}/departure", responses=ON_ITS_WAY)
async def depart(
    shipment_id: UUID, body: MomentIn, caller: Shipper, session: Transaction, now: Now
) -> ShipmentOut:
    """Let a shipment leave, or say when it is expected to."""
    if expected := _estimate(body):
        await journeys.estimate(
            session, caller=caller, shipment_id=shipment_id, departure_at=expected, at=now
        )
    else:
        await journeys.depart(session, caller=caller, shipment_id=shipment_id, when=body.at, at=now)
    return await queries.shipment(session, shipment_id, caller=caller, at=now)


@router.post("/shipments/{shipment_id}/arrival", responses=ON_ITS_WAY)
async def arrive(
    shipment_id: UUID, body: MomentIn, caller: Speaker, session: Transaction, now: Now
) -> ShipmentOut:
    """Let a shipment stand at the gate, which either side may say, or say when it will."""
    if expected := _estimate(body):
        await journeys.estimate(
            session, caller=caller, shipment_id=shipment_id, arrival_at=expected, at=now
        )
    else:
        await journeys.arrive(session, caller=caller, shipment_id=shipment_id, when=body.at, at=now)
    return await queries.shipment(session, shipment_id, caller=caller, at=now)


@router.post(
    "/shipments/{shipment_id}/cancellation",
    responses=problems(refused.ShipmentNotFound, refused.NotYourSide, refused.AlreadyDeparted),
)
async def cancel(
    shipment_id: UUID, body: CancellationIn, caller: Shipper, session: Transaction, now: Now
) -> ShipmentOut:
    """Take a notice back before its goods leave."""
    await journeys.cancel(
        session, caller=caller, shipment_id=shipment_id, reason=body.reason, at=now
    )
    return await queries.shipment(session, shipment_id, caller=caller, at=now)


def _estimate(body: MomentIn) -> datetime | None:
    """Return what is merely expected; where it is said to have happened, nothing is."""
    return None if body.at else body.estimated_at


def _packages(packages: list[PackageIn]) -> tuple[PackageAsked, ...]:
    return tuple(
        PackageAsked(one.kind, tuple((packed.line, packed.quantity) for packed in one.lines))
        for one in packages
    )


def _asked(body: ShipmentIn) -> ShipmentAsked:
    lines = [LineAsked(line.schedule_line_id, line.quantity, line.lot) for line in body.lines]
    return ShipmentAsked(
        id=uuid7(),
        number=body.number or "",
        buyer_id=body.buyer_id,
        lines=tuple(lines),
        packages=_packages(body.packages),
        carrier_id=body.carrier_id,
        carrier_name=body.carrier_name,
        vehicle=body.vehicle,
        note=body.note,
        estimated_departure_at=body.estimated_departure_at,
        estimated_arrival_at=body.estimated_arrival_at,
    )
