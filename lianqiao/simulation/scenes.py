"""What people say and decide on the day: messages, proposed changes, a report taken back.

These happen now, as no history is imported of them. Each is sent under a key of its own, so that
it happens once however often it is played.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from pydantic import BaseModel

from lianqiao.client import Json, RefusedError
from lianqiao.simulation.plan import Fate, Line, Order, Plan
from lianqiao.simulation.play import Stage, work_orders_for

CONFLICT = 409


class _Report(BaseModel):
    id: UUID
    good: int
    operation: int
    reverses: UUID | None
    occurred_at: datetime


async def play_scenes(plan: Plan, stage: Stage) -> None:
    """Play each scene of which the plan has a line."""
    late = _lines(plan, stage, Fate.LATE)
    calm = _lines(plan, stage, Fate.ON_TIME)
    for scene in late[:1]:
        await _talk_about_lateness(scene)
    for scene in late[1:2]:
        await scene.propose("buyer", days=-2, reason="新车型提前上线，请评估能否提前两天。")
    for scene in calm[:1]:
        change = await scene.propose("supplier", days=2, reason="毛坯晚到两天，其余照常。")
        await scene.decide(change, agree=True, reason="同意，首次承诺保留作考核。")
    for scene in calm[1:2]:
        await _take_a_report_back(scene)
    for scene in _lines(plan, stage, Fate.NOT_STARTED)[:1]:
        change = await scene.propose("supplier", days=5, reason="想与下一批合并生产。")
        await scene.decide(change, agree=False, reason="不能合并，库存只够到承诺日。")
    for scene in _lines(plan, stage, Fate.UNANSWERED)[:2]:
        await scene.write("buyer", "请尽快确认本行交期，谢谢。", reminder=True)


@dataclass(frozen=True)
class _Scene:
    """A line of an order, and what its two sides can say about it."""

    stage: Stage
    order: Order
    line: Line

    @property
    def schedule_line(self) -> UUID:
        return self.stage.schedule_lines[self.order.number, self.line.position]

    @property
    def promised_on(self) -> date:
        return self.line.promise.promised_on if self.line.promise else self.line.due_on

    async def write(self, side: str, text: str, *, reminder: bool = False) -> None:
        path = f"/api/orders/v1/orders/{self.stage.orders[self.order.number]}/messages"
        body = {"text": text, "schedule_line_id": str(self.schedule_line), "reminder": reminder}
        await self.post(side, path, body)

    async def propose(self, side: str, *, days: int, reason: str) -> str | None:
        """Propose another day; return the change, or None where one was proposed before."""
        path = f"/api/orders/v1/schedule-lines/{self.schedule_line}/changes"
        day = str(self.promised_on + timedelta(days=days))
        body = {"kind": "reschedule", "promised_on": day, "reason": reason}
        answer = await self.post(side, path, body)
        return str(answer["id"]) if answer else None

    async def decide(self, change: str | None, *, agree: bool, reason: str) -> None:
        """Let the buyer decide on what its supplier proposed."""
        if change:
            path = f"/api/orders/v1/changes/{change}/decision"
            await self.post("buyer", path, {"agree": agree, "reason": reason})

    async def post(self, side: str, path: str, body: Json) -> Json:
        """Send something once; what had happened before is left as it is."""
        company = self.order.buyer if side == "buyer" else self.order.supplier
        key = self.stage.key(path, body)
        try:
            return await self.stage.api(company).post(path, body, key=key)
        except RefusedError as refused:
            if refused.problem.status != CONFLICT:
                raise
            return {}


def _lines(plan: Plan, stage: Stage, fate: Fate) -> list[_Scene]:
    """Return the lines with a fate, that of the order that is talked about first."""
    found = [_Scene(stage, order, line) for order, line in plan.lines() if line.fate is fate]
    told = plan.talked_about.number
    return sorted(found, key=lambda one: (one.order.number != told, one.order.number))


async def _talk_about_lateness(scene: _Scene) -> None:
    position, part = scene.line.position, scene.line.quantity * 6 // 10
    await scene.write(
        "supplier", f"第 {position} 行热处理排队，正在调班，预计要晚几天，今天给出新交期。"
    )
    wanted = f"催办第 {position} 行：总装 {scene.promised_on:%m-%d} 上线，能否先送 {part:,} 件？"
    await scene.write("buyer", wanted, reminder=True)
    await scene.propose("supplier", days=6, reason="热处理炉检修，产能减半。")


async def _take_a_report_back(scene: _Scene) -> None:
    """Let the supplier reverse its last report of the last operation, and report what is right."""
    api = scene.stage.api(scene.order.supplier)
    work_order = (await work_orders_for(api, {scene.schedule_line}))[scene.schedule_line]
    path = f"/api/production/v1/work-orders/{work_order.id}/reports"
    reports = [one async for one in api.items(path, _Report)]
    last_step = len(scene.order.supplier.routing)
    last = [one for one in reports if one.operation == last_step]
    if any(one.reverses for one in reports) or not last:
        return  # it was taken back before
    wrong = max(last, key=lambda one: one.occurred_at)
    reversal = f"/api/production/v1/reports/{wrong.id}/reversal"
    await scene.post("supplier", reversal, {"reason": "多报了一箱，已重新点数。"})
    good = max(wrong.good - wrong.good // 10, 1)
    reference = f"{scene.order.number}/{scene.line.position}/corrected"
    right = {"operation": last_step, "good": str(good), "reference": reference}
    await scene.post("supplier", path, right)
