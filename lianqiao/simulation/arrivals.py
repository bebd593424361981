"""What is ready, on its way, at the gate and counted on the day of the story."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from lianqiao.client import Json
from lianqiao.simulation.deals import happens
from lianqiao.simulation.plan import Fate, Line, Order, Plan
from lianqiao.simulation.play import Stage

SHIPMENTS, RECEIPTS = "/api/logistics/v1/shipments", "/api/logistics/v1/receipts"
SHORT = 2  # pieces that did not come
TO_BE_SHIPPED = 2  # lines that are made and have no notice yet


@dataclass(frozen=True)
class _Load:
    """A finished line on its way to the buyer."""

    stage: Stage
    order: Order
    line: Line

    @property
    def schedule_line(self) -> UUID:
        return self.stage.schedule_lines[self.order.number, self.line.position]

    async def announce(self, number: str, *, arrives: datetime) -> Json:
        """Write the notice; nothing where it was written before."""
        assert self.line.promise
        quantity = str(self.line.promise.quantity)
        notice = {
            "number": number,
            "buyer_id": str(self.stage.party(self.order.buyer).id),
            "carrier_name": "顺达物流",
            "vehicle": f"粤B·{int(self.order.number[-4:]) % 9_000 + 1_000}8",
            "lines": [{"schedule_line_id": str(self.schedule_line), "quantity": quantity}],
            "packages": [{"kind": "pallet", "lines": [{"line": 1, "quantity": quantity}]}],
            "estimated_arrival_at": arrives.isoformat(),
        }
        return await self._supplier(SHIPMENTS, notice)

    async def leave(self, notice: Json, *, at: datetime) -> None:
        await self._supplier(f"{SHIPMENTS}/{notice['id']}/departure", {"at": at.isoformat()})

    async def arrive(self, notice: Json, *, at: datetime) -> None:
        path = f"{SHIPMENTS}/{notice['id']}/arrival"
        await happens(self.stage, self.stage.api(self.order.buyer), path, {"at": at.isoformat()})

    async def count(self, notice: Json, *, less: int, at: datetime) -> Json:
        """Receive it, so many pieces short."""
        [line] = notice["lines"]
        received = str(int(line["quantity"]) - less)
        receipt = {
            "number": f"R{notice['number']}",
            "shipment_id": notice["id"],
            "received_at": at.isoformat(),
            "lines": [{"notice_line_id": line["id"], "received": received}],
        }
        return await happens(self.stage, self.stage.api(self.order.buyer), RECEIPTS, receipt)

    async def accept(self, receipt: Json) -> None:
        path = f"{RECEIPTS}/{receipt['id']}/acceptance"
        await happens(self.stage, self.stage.api(self.order.buyer), path, {})

    async def _supplier(self, path: str, body: Json) -> Json:
        return await happens(self.stage, self.stage.api(self.order.supplier), path, body)


async def play_arrivals(plan: Plan, stage: Stage) -> None:
    """Let finished lines be announced, leave, come, be counted short, and be accepted."""
    loads = [_Load(stage, *found) for found in plan.lines() if found[1].fate is Fate.COMPLETED]
    loads = [load for load in loads if load.order.buyer == plan.talked_about.buyer][TO_BE_SHIPPED:]
    now, hour = plan.now, timedelta(hours=1)
    for turn, load in enumerate(loads):
        late = turn == 1
        arrives = now - 3 * hour if late else now + (2 + turn) * hour
        notice = await load.announce(f"SH-{now:%m%d}-{turn + 1}", arrives=arrives)
        if notice and turn:
            await load.leave(notice, at=now - (30 - turn) * hour)
            await _come(load, notice, turn, now)
        stage.told("shipments are under way", turn + 1, len(loads))


async def _come(load: _Load, notice: Json, turn: int, now: datetime) -> None:
    """Take a shipment as far as its turn says: at the gate, counted, short, accepted."""
    minute = timedelta(minutes=1)
    if turn >= 3:  # noqa: PLR2004  the first three are still on the road
        await load.arrive(notice, at=now - 90 * minute)
    if turn >= 4:  # noqa: PLR2004
        less = SHORT if turn == 4 else 0  # noqa: PLR2004
        receipt = await load.count(notice, less=less, at=now - 40 * minute)
        if receipt and turn > 4:  # noqa: PLR2004
            await load.accept(receipt)
