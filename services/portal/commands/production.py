"""What suppliers tell of their work: each is one call of the production service."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.portal.queries.api import Api
from services.portal.schemas.production import Sheet

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def report(api: Api, work_order_id: UUID, body: Mapping[str, Any], *, key: str) -> None:
    """Report good and scrapped quantity of one operation."""
    await api.send("POST", "production", f"/work-orders/{work_order_id}/reports", body, key=key)


async def reverse(api: Api, report_id: UUID, reason: str, *, key: str) -> None:
    """Take a report back; it stays on record."""
    path = f"/reports/{report_id}/reversal"
    await api.send("POST", "production", path, {"reason": reason}, key=key)


async def set_operations(api: Api, work_order_id: UUID, names: Sequence[str]) -> None:
    """Say in which steps a work order is made, before the first report."""
    body = {"operations": [{"name": name} for name in names]}
    await api.send("PUT", "production", f"/work-orders/{work_order_id}/operations", body)


async def template(api: Api) -> bytes:
    """Return the spreadsheet of one's open work orders."""
    return (await api.call("GET", "production", "/reports/sheet")).content


async def send_sheet(api: Api, content: bytes, *, dry_run: bool) -> Sheet:
    """Have a spreadsheet of reports recorded or, in a dry run, judged."""
    answer = await api.call(
        "POST",
        "production",
        "/reports/sheet",
        query={"dry_run": "true" if dry_run else "false"},
        content=content,
        media_type=XLSX,
    )
    return Sheet.model_validate_json(answer.content)
