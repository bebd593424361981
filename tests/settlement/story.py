"""What is owed, agreed on, invoiced, disputed and paid in the story that everybody tells."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

from shared.database import utc_now
from shared.settings import settings
from tests.story import WHISPERED, Cast
from tests.world import Party, World

AFTER = ("logistics",)


async def tell(world: World, cast: Cast) -> None:
    """Let each pair accept goods, agree on a month, invoice, quarrel and pay."""
    for buyer, supplier, number in (
        (cast.buyer, cast.supplier, WHISPERED),
        (cast.other_buyer, cast.supplier, "Gamma"),
        (cast.other_buyer, cast.other_supplier, "Delta"),
    ):
        await deliver(world, buyer, supplier, number)
        await agree(world, buyer, supplier, number)
        await claim(world, buyer, supplier, number)
        await pay(world, buyer, supplier, number)


async def deliver(world: World, buyer: Party, supplier: Party, number: str) -> None:
    """Let three more deliveries come and be accepted."""
    ready = await world.act(supplier, "GET", f"logistics/ready-lines?q={number}")
    lines = [line["id"] for line in ready["items"] if line["buyer_id"] == str(buyer.id)]
    for line in lines[1:4]:
        counted = {
            "supplier_id": str(supplier.id),
            "lines": [{"schedule_line_id": line, "received": "3"}],
        }
        receipt = await world.act(buyer, "POST", "logistics/receipts", counted)
        await world.act(buyer, "POST", f"logistics/receipts/{receipt['id']}/acceptance", {})
    await world.settle()


async def agree(world: World, buyer: Party, supplier: Party, number: str) -> None:
    """Let both agree on the month but for one line, and the supplier invoice it."""
    month = f"{utc_now().astimezone(settings().calendar):%Y-%m}"
    asked = {"counterparty_id": str(buyer.id), "month": month, "side": "supplier"}
    statement = await world.act(supplier, "POST", "settlement/statements", asked)
    address = f"settlement/statements/{statement['id']}"
    last = statement["lines"][-1]["id"]
    refused = {"agree": False, "note": f"{number} is not ours"}
    await world.act(buyer, "POST", f"{address}/lines/{last}/answer", refused)
    for party in (buyer, supplier):
        await world.act(party, "POST", f"{address}/agreement", {})
    await world.act(supplier, "POST", f"{address}/invoice", {"number": f"{number}-1"})


async def claim(world: World, buyer: Party, supplier: Party, number: str) -> None:
    """Let the supplier ask too much for what is left, the buyer refuse, and some be given back."""
    [left] = [
        row
        for row in await listed(world, supplier, "settlement/payables?side=supplier&limit=200")
        if row["buyer_id"] == str(buyer.id) and row["state"] == "uninvoiced"
    ]
    line = {"payable_id": left["id"], "quantity": left["quantity"], "amount": "99.00"}
    body = {
        "number": f"{number}-2",
        "buyer_id": str(buyer.id),
        "invoiced_on": f"{utc_now().astimezone(settings().calendar).date()}",
        "lines": [line],
    }
    invoice = await world.act(supplier, "POST", "settlement/invoices", body)
    refusal = {
        "invoice_line_id": invoice["lines"][0]["id"],
        "decision": "reject",
        "reason": f"{number} costs less",
    }
    address = f"settlement/invoices/{invoice['id']}"
    await world.act(buyer, "POST", f"{address}/resolution", {"lines": [refusal]})
    note = {
        "invoice_id": invoice["id"],
        "number": f"{number}-C",
        "reason": f"{number} was dear",
        "amount": "10.00",
    }
    await world.act(supplier, "POST", "settlement/credit-notes", note)


async def pay(world: World, buyer: Party, supplier: Party, number: str) -> None:
    """Let the buyer pay a part at once, and have the rest approved by a colleague."""
    limit = {"approval_limit": {"amount": "5000.00", "currency": "CNY"}}
    await world.act(buyer, "PUT", "settlement/settings", limit)
    invoices = await listed(world, buyer, "settlement/invoices?side=buyer&state=matched")
    [first] = [one for one in invoices if one["supplier_id"] == str(supplier.id)]
    part = {
        "invoice_id": first["id"],
        "amount": "1.00",
        "paid_on": f"{utc_now().astimezone(settings().calendar).date()}",
        "reference": f"{number}-P",
        "remittance": f"{number} in part",
    }
    await world.act(buyer, "POST", "settlement/payments", part)
    due = {"due_before": "2199-12-31", "counterparty_id": str(supplier.id)}
    proposal = await world.act(buyer, "POST", "settlement/proposals", due)
    colleague = replace(buyer, user_id=uuid4())
    await world.act(colleague, "POST", f"settlement/proposals/{proposal['id']}/approval", {})


async def listed(world: World, party: Party, path: str) -> list[dict[str, Any]]:
    """Return the rows of a list's first page."""
    found = await world.act(party, "GET", path)
    rows: list[dict[str, Any]] = found["items"]
    return rows
