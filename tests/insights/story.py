"""What is looked at, previewed and published in the story that everybody tells."""

from datetime import date, timedelta
from typing import Any

from services.insights.commands import previews
from services.insights.domain.figures import first_of_month, month_after
from shared.database import utc_now
from shared.settings import settings
from tests.insights.factories import Pair, told
from tests.story import Cast
from tests.world import Party, World

AFTER = ("settlement",)
PREVIEWED = 3  # months; the earliest is published


async def tell(world: World, cast: Cast) -> None:
    """Let pairs read of each other, and the operator publish what a month adds up to."""
    for buyer, supplier in (
        (cast.buyer, cast.supplier),
        (cast.other_buyer, cast.supplier),
        (cast.other_buyer, cast.other_supplier),
    ):
        await look(world, buyer, supplier)
        pair = Pair(buyer_id=buyer.id, supplier_id=supplier.id)
        await told(world.stores, pair.placed(months_ago(PREVIEWED)))  # what only insights heard
    for party in (cast.buyer, cast.supplier, cast.other_buyer, cast.other_supplier):
        for given in (True, False):
            await world.act(party, "POST", "insights/waivers", {"given": given})
    await publish(world, cast.operator)


def months_ago(months: int) -> date:
    """Return a day in a month that is over."""
    today = utc_now().astimezone(settings().calendar).date()
    return month_after(first_of_month(today), months=-months) + timedelta(days=3)


async def look(world: World, buyer: Party, supplier: Party) -> None:
    """Let both sides read their card, and what one of its figures comes from."""
    for reader, other in ((buyer, supplier), (supplier, buyer)):
        address = f"insights/scorecards/{other.id}"
        await world.act(reader, "GET", address)
        await world.act(reader, "GET", f"{address}/events?figure=ordered_amount")


async def publish(world: World, operator: Party) -> None:
    """Preview the months that are over, publish one, and let a regulator read it."""
    asked: list[dict[str, Any]] = []
    for ago in range(PREVIEWED, 0, -1):
        body = {"month": f"{months_ago(ago)}"}
        asked.append(await world.act(operator, "POST", "insights/previews", body))
        assert await previews.work(world.stores["insights"].system)
    body = {"preview_id": asked[0]["id"]}
    release = await world.act(operator, "POST", "insights/releases", body)
    for table in release["tables"]:
        address = f"insights/releases/{release['id']}/tables/{table}"
        await world.act(operator, "GET", address)
