"""Bring about what comes after a promise: shipments, receipts, invoices, over the public API."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.browser.stage import Company, Stage

ZONE = ZoneInfo("Asia/Shanghai")
USCC = "91330110MA2B1XKQ5T"


def partners_for_long(stage: Stage, buyer: Company, supplier: Company) -> None:
    """Let a large buyer and a small supplier work together, signed when the Decree was in force."""
    met = {
        "buyer_id": str(buyer.id),
        "supplier_id": str(supplier.id),
        "since": "2026-01-05",
        "signed_on": "2026-01-05",
        "terms": {"quantity_tolerance_percent": "2"},
        "buyer": {"size": "large", "region": "310115", "industry": "C3611"},
        "supplier": {"size": "small", "region": "330110", "industry": "C3670"},
    }

    def told() -> bool:
        path = "onboarding/v1/relationships/import"
        answer = stage.call(stage.operator, "POST", path, {"relationships": [met]})
        return bool(answer["results"][0]["status"] != "refused")

    stage.until(told)
    path = "orders/v1/relationships?limit=200"
    stage.until(
        lambda: any(
            one["supplier_id"] == str(supplier.id)
            for one in stage.call(buyer.token, "GET", path)["items"]
        )
    )


def ready(stage: Stage, supplier: Company, order: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the lines of an order that can be shipped, once logistics has heard of them all."""
    path = f"logistics/v1/ready-lines?side=supplier&order_id={order['id']}&limit=200"
    found: list[dict[str, Any]] = []

    def heard() -> bool:
        found[:] = stage.call(supplier.token, "GET", path)["items"]
        return len(found) == len(order["lines"])

    stage.until(heard)
    return found


def announced(
    stage: Stage, supplier: Company, lines: Sequence[Mapping[str, Any]], quantity: int
) -> dict[str, Any]:
    """Make a notice of so much of each line."""
    notice: dict[str, Any] = stage.call(
        supplier.token,
        "POST",
        "logistics/v1/shipments",
        {
            "buyer_id": lines[0]["buyer_id"],
            "lines": [
                {"schedule_line_id": line["schedule_line_id"], "quantity": str(quantity)}
                for line in lines
            ],
            "packages": [{"kind": "pallet", "lines": [{"line": 1, "quantity": str(quantity)}]}],
        },
    )
    return notice


def delivered(  # noqa: PLR0913  who received what of whom, when
    stage: Stage,
    buyer: Company,
    supplier: Company,
    lines: Sequence[Mapping[str, Any]],
    quantity: int,
    *,
    days_ago: int = 0,
) -> str:
    """Receive so much of each line without a notice, see it accepted, and return the receipt."""
    counted = {
        "supplier_id": str(supplier.id),
        "received_at": (datetime.now(ZONE) - timedelta(days=days_ago, minutes=5)).isoformat(),
        "lines": [
            {"schedule_line_id": line["schedule_line_id"], "received": str(quantity)}
            for line in lines
        ],
    }
    receipt = stage.call(buyer.token, "POST", "logistics/v1/receipts", counted)
    if days_ago < 1:  # the time to inspect an older one has run out: it is deemed accepted
        path = f"logistics/v1/receipts/{receipt['id']}/acceptance"
        stage.call(buyer.token, "POST", path, {})
    owed = "settlement/v1/payables?side=supplier&limit=200"
    stage.until(
        lambda: any(
            row["receipt_id"] == receipt["id"]
            for row in stage.call(supplier.token, "GET", owed)["items"]
        ),
        within_s=100,
    )
    return str(receipt["id"])


def invoiced(stage: Stage, buyer: Company, supplier: Company, number: str) -> dict[str, Any]:
    """Invoice all that was accepted."""
    claim = {"buyer_id": str(buyer.id), "number": number}
    path = "settlement/v1/invoices/from-receipts"
    invoice: dict[str, Any] = stage.call(supplier.token, "POST", path, claim)
    return invoice
