"""Ask the production service."""

from uuid import UUID

from contracts.orders import Side
from services.portal.queries.api import Api
from services.portal.schemas.answers import Page
from services.portal.schemas.production import Report, WorkOrder


async def work_orders(  # noqa: PLR0913
    api: Api,
    side: Side,
    *,
    status: str = "open",
    q: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[WorkOrder]:
    """Return a page of work orders."""
    query = {"side": side.value, "status": status, "q": q, "cursor": cursor, "limit": limit}
    return await api.get(Page[WorkOrder], "production", "/work-orders", **query)


async def work_order(api: Api, work_order_id: UUID) -> WorkOrder:
    return await api.get(WorkOrder, "production", f"/work-orders/{work_order_id}")


async def reports(api: Api, work_order_id: UUID) -> list[Report]:
    """Return the reports on a work order, newest first."""
    path = f"/work-orders/{work_order_id}/reports"
    found = await api.get_list(Report, "production", path, limit=100)
    return sorted(found, key=lambda report: report.recorded_at, reverse=True)
