"""What happens between an order and its payment, brought about over the API."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from contracts.values import plain
from tests.browser.stage import TODAY, Company, Stage

Answer = dict[str, Any]


def ready_lines(stage: Stage, supplier: Company, order: Mapping[str, Any]) -> list[Answer]:
    """Wait until the lines of an order may be shipped, and return them."""
    path = f"logistics/v1/ready-lines?side=supplier&order_id={order['id']}&limit=200"
    wanted = sum(len(line["schedule_lines"]) for line in order["lines"])

    def lines() -> list[Answer]:
        found: list[Answer] = stage.call(supplier.token, "GET", path)["items"]
        return found

    stage.until(lambda: len(lines()) == wanted)
    return lines()


def ship(  # noqa: PLR0913  what a notice says
    stage: Stage,
    buyer: Company,
    supplier: Company,
    order: Mapping[str, Any],
    *,
    number: str | None = None,
    leaves: bool = True,
) -> Answer:
    """Announce all that is left of an order in two packages, and let it leave."""
    lines = [
        {"schedule_line_id": line["schedule_line_id"], "quantity": line["left_to_ship"]}
        for line in ready_lines(stage, supplier, order)
    ]
    packages = [
        {"kind": "pallet", "lines": [{"line": n, "quantity": line["quantity"]}]}
        for n, line in enumerate(lines, start=1)
    ]
    body = {"buyer_id": str(buyer.id), "lines": lines, "packages": packages}
    body |= {"number": number} if number else {}
    made: Answer = stage.call(supplier.token, "POST", "logistics/v1/shipments", body)
    if leaves:
        path = f"logistics/v1/shipments/{made['id']}/departure"
        made = stage.call(supplier.token, "POST", path, {})
    return made


def receive(
    stage: Stage, buyer: Company, shipment: Mapping[str, Any], *, short: int = 0, damaged: int = 0
) -> Answer:
    """Count a shipment: so many too few, and so many damaged, of its first line."""
    lines = [
        {
            "notice_line_id": line["id"],
            "received": plain(Decimal(line["quantity"]) - (short if n == 0 else 0)),
            "damaged": str(damaged if n == 0 else 0),
        }
        for n, line in enumerate(shipment["lines"])
    ]
    body = {"shipment_id": shipment["id"], "lines": lines}
    made: Answer = stage.call(buyer.token, "POST", "logistics/v1/receipts", body)
    return made


def accept(stage: Stage, buyer: Company, receipt: Mapping[str, Any]) -> None:
    """Accept all that waits but what is damaged."""
    path = f"logistics/v1/receipts/{receipt['id']}/acceptance"
    stage.call(buyer.token, "POST", path, {})


def owed(stage: Stage, buyer: Company, order: Mapping[str, Any], *, lines: int = 1) -> list[Answer]:
    """Wait until what was accepted of an order is owed, and return that."""
    path = f"settlement/v1/payables?side=buyer&order_id={order['id']}&limit=200"

    def rows() -> list[Answer]:
        found: list[Answer] = stage.call(buyer.token, "GET", path)["items"]
        return found

    stage.until(lambda: len(rows()) >= lines)
    return rows()


def invoice(  # noqa: PLR0913  what an invoice says
    stage: Stage,
    buyer: Company,
    supplier: Company,
    order: Mapping[str, Any],
    number: str,
    *,
    more: int = 0,
) -> Answer:
    """Invoice what was accepted of an order, and so many more of its first line."""
    lines = []
    for n, due in enumerate(owed(stage, buyer, order)):
        claimed = Decimal(due["quantity"]) + (more if n == 0 else 0)
        each = Decimal(due["amount"]["amount"]) / Decimal(due["quantity"])
        lines.append(
            {
                "order_number": due["order_number"],
                "position": due["position"],
                "quantity": plain(claimed),
                "amount": f"{each * claimed:.2f}",
            }
        )
    body = {
        "number": number,
        "buyer_id": str(buyer.id),
        "invoiced_on": str(TODAY),
        "lines": lines,
    }
    made: Answer = stage.call(supplier.token, "POST", "settlement/v1/invoices", body)
    return made
