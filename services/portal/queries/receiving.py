"""Ask the logistics service what comes in and what was counted."""

from datetime import date
from uuid import UUID

from contracts.orders import Side
from services.portal.queries.api import Api
from services.portal.schemas.answers import Page
from services.portal.schemas.receiving import (
    Arrival,
    Receipt,
    ReceiptCounts,
    ReceiptRow,
    Scan,
    ShipmentCounts,
)


async def arrivals(api: Api, *, on: date, cursor: str | None = None) -> Page[Arrival]:
    """Return what is to come on a day, and what should have come before."""
    return await api.get(
        Page[Arrival], "logistics", "/arrivals", on=on.isoformat(), cursor=cursor, limit=200
    )


async def shipment(api: Api, shipment_id: UUID) -> Arrival:
    return await api.get(Arrival, "logistics", f"/shipments/{shipment_id}")


async def scanned(api: Api, code: str) -> Scan:
    """Tell what a code may stand for: a package, a notice, a QR code, an order."""
    return await api.get(Scan, "logistics", "/scan", code=code)


async def receipts(  # noqa: PLR0913
    api: Api,
    side: Side,
    *,
    state: str = "",
    supplier_id: str = "",
    cursor: str | None = None,
    limit: int = 50,
) -> Page[ReceiptRow]:
    """Return a page of receipts."""
    return await api.get(
        Page[ReceiptRow],
        "logistics",
        "/receipts",
        side=side.value,
        state=state,
        supplier_id=supplier_id,
        cursor=cursor,
        limit=limit,
    )


async def receipt(api: Api, receipt_id: UUID) -> Receipt:
    return await api.get(Receipt, "logistics", f"/receipts/{receipt_id}")


async def receipt_counts(api: Api, side: Side) -> ReceiptCounts:
    return await api.get(ReceiptCounts, "logistics", "/receipts/summary", side=side.value)


async def shipment_counts(api: Api, side: Side) -> ShipmentCounts:
    return await api.get(ShipmentCounts, "logistics", "/shipments/summary", side=side.value)
