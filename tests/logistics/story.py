"""What is shipped, carried, received and accepted in the story that everybody tells."""

from typing import Any

from services.logistics.schemas.receipts import TINY
from tests.story import WHISPERED, Cast
from tests.world import Party, World


async def tell(world: World, cast: Cast) -> None:
    """Let each pair ship twice, once with a carrier, receive once of it, and judge a part."""
    for buyer, supplier, number in (
        (cast.buyer, cast.supplier, WHISPERED),
        (cast.other_buyer, cast.supplier, "Gamma"),
        (cast.other_buyer, cast.other_supplier, "Delta"),
    ):
        await ship(world, buyer, supplier, number)
    await world.settle()


async def ship(world: World, buyer: Party, supplier: Party, number: str) -> None:
    """Let a supplier ship what it confirmed, itself the carrier, and the buyer receive."""
    ready = await world.act(supplier, "GET", f"logistics/ready-lines?q={number}")
    lines = [line["id"] for line in ready["items"] if line["buyer_id"] == str(buyer.id)]
    notices = [
        await world.act(
            supplier,
            "POST",
            "logistics/shipments",
            a_notice(f"{number}-{place}", buyer, supplier, two),
        )
        for place, two in enumerate((lines[:2], lines[1:3], lines[2:4]))
    ]
    gone, under_way, _ = (notice["id"] for notice in notices)
    for shipment_id in (gone, under_way):
        await world.act(supplier, "POST", f"logistics/shipments/{shipment_id}/departure", {})
        said = {"kind": "on_the_way", "place": f"{number} gate", "text": f"{number} rolls"}
        await world.act(supplier, "POST", f"logistics/carriage/{shipment_id}/tracking", said)
    for place in range(2):
        await receive(world, buyer, supplier, notices[0] if not place else None, lines, number)


def a_notice(number: str, buyer: Party, carrier: Party, lines: list[str]) -> dict[str, Any]:
    """Return a notice of two of each line, all in one box, which its supplier carries."""
    return {
        "number": number,
        "buyer_id": str(buyer.id),
        "carrier_id": str(carrier.id),
        "note": f"{number} with care",
        "vehicle": f"{number} truck",
        "lines": [{"schedule_line_id": id_, "quantity": "2", "lot": number} for id_ in lines],
        "packages": [{"kind": "carton", "lines": [{"line": 1, "quantity": "2"}]}],
    }


async def receive(  # noqa: PLR0913, PLR0917  who receives what of whom
    world: World,
    buyer: Party,
    supplier: Party,
    notice: dict[str, Any] | None,
    lines: list[str],
    number: str,
) -> None:
    """Let a buyer count one too few of a notice, or a line without one, and judge one piece."""
    photo = await world.act(buyer, "POST", "logistics/photos", {"content": TINY})
    named = (
        [{"notice_line_id": line["id"]} for line in notice["lines"]]
        if notice
        else [{"schedule_line_id": lines[0]}]
    )
    counted = {"received": "2", "damaged": "1", "note": f"{number} dent", "photo_id": photo["id"]}
    wrong = {"item_number": f"{number} wrong", "received": "1"}
    receipt = await world.act(
        buyer,
        "POST",
        "logistics/receipts",
        {
            "shipment_id": notice and notice["id"],
            "supplier_id": str(supplier.id),
            "lines": [*({**line, **counted} for line in named), wrong],
        },
    )
    verdict = {
        "receipt_line_id": receipt["lines"][0]["id"],
        "rejected": "1",
        "reason": f"{number} dent",
    }
    address = f"logistics/receipts/{receipt['id']}/acceptance"
    await world.act(buyer, "POST", address, {"lines": [verdict]})
