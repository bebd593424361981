"""Labels and delivery notes over HTTP."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from services.logistics.api import drawing
from services.logistics.api.callers import Reader
from services.logistics.domain.problems import ShipmentNotFound
from services.logistics.queries import shipments as queries
from services.logistics.schemas.shipments import ShipmentOut
from shared.database import Now, Transaction
from shared.idempotency import Route
from shared.problem import problems

router = APIRouter(route_class=Route, tags=["Shipments"])

PDF = "application/pdf"
FILE: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
DRAWN: dict[int | str, dict[str, Any]] = {
    200: {"content": {PDF: FILE}},
    **problems(ShipmentNotFound),
}
POOL = ThreadPoolExecutor(2, "papers")  # more at once wait


@router.get("/shipments/{shipment_id}/label", response_class=Response, responses=DRAWN)
async def print_labels(
    shipment_id: UUID, caller: Reader, session: Transaction, now: Now
) -> Response:
    """Print a label for each package: its SSCC as GS1-128, and a QR code that phones open."""
    shipment = await queries.shipment(session, shipment_id, caller=caller, at=now)
    return await _drawn(drawing.labels, shipment, "label")


@router.get("/shipments/{shipment_id}/delivery-note", response_class=Response, responses=DRAWN)
async def print_delivery_note(
    shipment_id: UUID, caller: Reader, session: Transaction, now: Now
) -> Response:
    """Print the note that goes with a shipment, for the receiver to scan and sign."""
    shipment = await queries.shipment(session, shipment_id, caller=caller, at=now)
    return await _drawn(drawing.delivery_note, shipment, "delivery-note")


async def _drawn(
    draw: Callable[[ShipmentOut], bytes], shipment: ShipmentOut, name: str
) -> Response:
    file = await asyncio.get_running_loop().run_in_executor(POOL, draw, shipment)
    headers = {
        "Content-Disposition": f'inline; filename="{name}-{shipment.id}.pdf"',
        "Cache-Control": "private, no-store",
    }
    return Response(file, media_type=PDF, headers=headers)
