"""Ask the logistics service about what is shipped."""

from typing import Any
from uuid import UUID

from contracts.orders import Side
from services.portal.queries.api import Api
from services.portal.schemas.answers import Page
from services.portal.schemas.shipping import ReadyLine, Shipment, ShipmentsSummary, ShipmentSummary


async def ready_lines(api: Api, side: Side, **query: Any) -> Page[ReadyLine]:  # noqa: ANN401
    """Return a page of what can be shipped, the most pressing first."""
    return await api.get(Page[ReadyLine], "logistics", "/ready-lines", side=side.value, **query)


async def shipments(api: Api, side: Side, **query: Any) -> Page[ShipmentSummary]:  # noqa: ANN401
    """Return a page of shipments."""
    return await api.get(Page[ShipmentSummary], "logistics", "/shipments", side=side.value, **query)


async def shipment(api: Api, shipment_id: UUID) -> Shipment:
    return await api.get(Shipment, "logistics", f"/shipments/{shipment_id}")


async def summary(api: Api, side: Side) -> ShipmentsSummary:
    """Return how the shipments of one side stand."""
    return await api.get(ShipmentsSummary, "logistics", "/shipments/summary", side=side.value)


async def document(api: Api, shipment_id: UUID, name: str) -> bytes:
    """Return a document as PDF: `label` or `delivery-note`."""
    return (await api.call("GET", "logistics", f"/shipments/{shipment_id}/{name}")).content
