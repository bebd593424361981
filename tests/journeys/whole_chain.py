"""One order from an invitation to its payment and a release, as its sides live it."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from typing import Any, get_args
from uuid import uuid4

from contracts.scopes import Scope
from services.identity import commands as identity
from services.insights.commands import previews
from services.insights.domain.figures import first_of_month, month_after
from shared.database import Now, transaction, utc_now
from shared.settings import settings
from tests.onboarding.story import PROFILE, TERMS
from tests.world import Party, World

QUANTITY, SHORT, SPOILED = 10, 2, 1
PRICE = "12.50"
DUE = "2199-06-01"
WORTH = {"amount": "87.50", "currency": "CNY"}  # of the 10 − 2 − 1 that were accepted
PROVINCE, DIVISION = "340000", "C36"  # where the supplier is counted

Arrive = Callable[[], Awaitable[None]]


@dataclass
class Chain:
    """A buyer and a supplier that meet; `arrive` lets their events arrive."""

    world: World
    arrive: Arrive
    buyer: Party
    supplier: Party
    seen: dict[str, Any] = field(default_factory=dict)

    @classmethod
    async def begin(cls, world: World, arrive: Arrive) -> "Chain":
        """Let a core enterprise exist, and a company that knows nobody."""
        found: list[Party] = []
        for name in ("Alpha Cars", "Kappa Metal"):
            async with transaction(world.stores["identity"].system) as session:
                id_ = await identity.ensure_organization(session, name=name, at=utc_now())
            found.append(Party(id_, name))
        await arrive()
        buyer, supplier = found
        return cls(world, arrive, buyer, supplier)

    async def asks(self, party: Party, method: str, path: str, body: Any = None) -> Any:  # noqa: ANN401
        return await self.world.act(party, method, path, body)

    async def join(self) -> None:
        """Invite, apply, approve and agree; orders can be placed from then on."""
        asked = {"name": self.supplier.name, "email": "kappa@example.com"}
        invited = await self.asks(self.buyer, "POST", "onboarding/invitations", asked)
        await self.asks(self.supplier, "PUT", "onboarding/profile", PROFILE)
        secret = {"secret": invited["link"].rpartition("/")[2]}
        begun = await self.asks(self.supplier, "POST", "onboarding/invitations/acceptance", secret)
        path = f"onboarding/applications/{begun['id']}"
        await self.asks(self.supplier, "POST", f"{path}/submission")
        await self.asks(self.buyer, "POST", f"{path}/approval", {"terms": TERMS})
        text = await self.asks(self.supplier, "GET", f"{path}/agreement")
        accepted = {"sha256": text["sha256"]}
        await self.asks(self.supplier, "POST", f"{path}/agreement/acceptance", accepted)
        await self.arrive()

    async def make(self) -> None:
        """Order, promise and make one line."""
        line = {
            "position": 10,
            "item_number": "K-1",
            "item_name": "bracket",
            "unit": "C62",
            "price": PRICE,
            "schedule_lines": [{"quantity": str(QUANTITY), "due_on": DUE}],
        }
        body = {
            "number": "PO-1",
            "supplier_id": str(self.supplier.id),
            "currency": "CNY",
            "lines": [line],
        }
        order = await self.asks(self.buyer, "POST", "orders/orders", body)
        self.seen["order"] = order["id"]
        [part] = order["lines"][0]["schedule_lines"]
        self.seen["line"] = part["id"]
        promise = f"orders/schedule-lines/{part['id']}/confirmation"
        await self.asks(self.supplier, "POST", promise, {})
        await self.arrive()
        found = await self.asks(self.supplier, "GET", "production/work-orders")
        [work] = found["items"]
        report = {"operation": 1, "good": str(QUANTITY)}
        path = f"production/work-orders/{work['id']}/reports"
        await self.asks(self.supplier, "POST", path, report)
        await self.arrive()

    async def deliver(self) -> None:
        """Ship all, receive it short, reject one piece and accept the rest."""
        notice = {
            "buyer_id": str(self.buyer.id),
            "lines": [{"schedule_line_id": self.seen["line"], "quantity": str(QUANTITY)}],
        }
        sent = await self.asks(self.supplier, "POST", "logistics/shipments", notice)
        await self.asks(self.supplier, "POST", f"logistics/shipments/{sent['id']}/departure", {})
        counted = {
            "shipment_id": sent["id"],
            "lines": [
                {
                    "notice_line_id": sent["lines"][0]["id"],
                    "received": str(QUANTITY - SHORT),
                    "damaged": str(SPOILED),
                }
            ],
        }
        receipt = await self.asks(self.buyer, "POST", "logistics/receipts", counted)
        verdict = {
            "receipt_line_id": receipt["lines"][0]["id"],
            "accepted": str(QUANTITY - SHORT - SPOILED),
            "rejected": str(SPOILED),
            "reason": "dented",
        }
        path = f"logistics/receipts/{receipt['id']}/acceptance"
        await self.asks(self.buyer, "POST", path, {"lines": [verdict]})
        await self.arrive()

    async def settle(self) -> None:
        """Agree on the month, invoice it, and have two people approve its payment."""
        today = utc_now().astimezone(settings().calendar).date()
        month = {"counterparty_id": str(self.buyer.id), "month": f"{today:%Y-%m}"}
        statement = await self.asks(self.supplier, "POST", "settlement/statements", month)
        path = f"settlement/statements/{statement['id']}"
        for party in (self.buyer, self.supplier):
            agreed = await self.asks(party, "POST", f"{path}/agreement", {})
        assert agreed["sha256"], "frozen"
        invoice = await self.asks(self.supplier, "POST", f"{path}/invoice", {"number": "I-1"})
        self.seen["invoice"] = invoice["id"]
        limit = {"approval_limit": {"amount": "10.00", "currency": "CNY"}}
        await self.asks(self.buyer, "PUT", "settlement/settings", limit)
        due = {"due_before": "2199-12-31"}
        proposal = await self.asks(self.buyer, "POST", "settlement/proposals", due)
        approval = f"settlement/proposals/{proposal['id']}/approval"
        for _ in range(2):
            await self.asks(replace(self.buyer, user_id=uuid4()), "POST", approval, {})
        paid = {"proposal_id": proposal["id"], "paid_on": f"{today}", "reference": "P-1"}
        await self.asks(self.buyer, "POST", "settlement/payments", paid)
        await self.arrive()

    async def publish(self) -> None:
        """Preview the month once it is over and publish it, as the platform's operator."""
        operator = Party(uuid4(), "Operator")
        month = this_month()
        with when_over(self.world, month):
            body = {"month": f"{month}"}
            asked = await self.asks(operator, "POST", "insights/previews", body)
            assert await previews.work(self.world.stores["insights"].system)
            path = f"insights/previews/{asked['id']}"
            self.seen["preview"] = await self.asks(operator, "GET", path)
            release = {"preview_id": asked["id"]}
            self.seen["release"] = await self.asks(operator, "POST", "insights/releases", release)
        await self.arrive()

    async def reads(self, path: str) -> Any:  # noqa: ANN401
        """Read something of insights as a regulator, who may do nothing else."""
        token = self.world.token(Party(uuid4(), "Authority"), Scope.INSIGHTS_REGULATE)
        answer = await self.world.send("insights", "GET", f"/api/insights/v1/{path}", token=token)
        return answer.json() if answer.is_success else answer.status_code


def this_month() -> date:
    """Return the first day of the month in which all of this happens."""
    return first_of_month(utc_now().astimezone(settings().calendar).date())


@contextmanager
def when_over(world: World, month: date) -> Iterator[None]:
    """Let it be noon on the first day after a month, for insights."""
    clock = get_args(Now)[1].dependency
    noon = datetime.combine(month_after(month), time(12), UTC)

    async def later() -> datetime:
        return noon

    world.apps["insights"].dependency_overrides[clock] = later
    yield
    del world.apps["insights"].dependency_overrides[clock]
