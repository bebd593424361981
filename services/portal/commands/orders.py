"""What people do with orders: each is one call of the orders service."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.portal.queries import orders
from services.portal.queries.api import Api


async def place(api: Api, order: Mapping[str, Any], *, key: str) -> UUID:
    """Place an order and return its id."""
    placed = await api.send("POST", "orders", "/orders", order, key=key)
    return UUID(placed["id"])


async def place_many(
    api: Api, placed: Sequence[Mapping[str, Any]], *, key: str
) -> list[dict[str, Any]]:
    """Place orders in one call and return what became of each."""
    answer = await api.send("POST", "orders", "/orders/bulk", {"orders": list(placed)}, key=key)
    results: list[dict[str, Any]] = answer["results"]
    return results


async def confirm(
    api: Api, schedule_line_id: UUID, promise: Mapping[str, Any], *, key: str
) -> bool:
    """Promise a schedule line; True when a part of it is left to be confirmed."""
    path = f"/schedule-lines/{schedule_line_id}/confirmation"
    answer = await api.send("POST", "orders", path, promise, key=key)
    return bool(answer.get("rest"))


async def confirm_as_asked(
    api: Api, schedule_line_ids: Sequence[UUID], *, key: str
) -> list[dict[str, Any]]:
    """Promise many schedule lines as the buyer asked, and return what became of each."""
    asked = [{"schedule_line_id": str(line)} for line in schedule_line_ids]
    answer = await api.send("POST", "orders", "/confirmations", {"confirmations": asked}, key=key)
    results: list[dict[str, Any]] = answer["results"]
    return results


async def propose(api: Api, schedule_line_id: UUID, change: Mapping[str, Any], *, key: str) -> str:
    """Propose a change and return its state: `agreed` when it holds at once."""
    path = f"/schedule-lines/{schedule_line_id}/changes"
    answer = await api.send("POST", "orders", path, change, key=key)
    return str(answer.get("state", "open"))


async def decide(api: Api, change_id: UUID, *, agree: bool, reason: str | None, key: str) -> None:
    """Agree to what the other side proposed, or decline it."""
    body = {"agree": agree} | ({"reason": reason} if reason else {})
    await api.send("POST", "orders", f"/changes/{change_id}/decision", body, key=key)


async def withdraw(api: Api, change_id: UUID, *, key: str) -> None:
    """Take back one's own proposal."""
    await api.send("POST", "orders", f"/changes/{change_id}/withdrawal", key=key)


async def write(  # noqa: PLR0913
    api: Api,
    order_id: UUID,
    text: str,
    *,
    schedule_line_id: UUID | None = None,
    reminder: bool = False,
    key: str,
) -> None:
    """Write to the other side, or remind it."""
    body: dict[str, Any] = {"text": text, "reminder": reminder}
    if schedule_line_id:
        body["schedule_line_id"] = str(schedule_line_id)
    await api.send("POST", "orders", f"/orders/{order_id}/messages", body, key=key)


async def remind(api: Api, schedule_line_ids: Sequence[UUID], text: str, *, key: str) -> None:
    """Remind the other side of lines, each in the story of its order."""
    for line_id in schedule_line_ids:
        line = await orders.row(api, line_id)
        await write(
            api,
            line.order_id,
            text,
            schedule_line_id=line_id,
            reminder=True,
            key=f"{key}-{line_id}",
        )
