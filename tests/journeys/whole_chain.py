"""One order from an invitation to its payment, as its two sides live it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from services.identity import commands as identity
from shared.database import transaction, utc_now
from shared.settings import settings
from tests.onboarding.story import PROFILE, TERMS
from tests.world import Party, World

QUANTITY, SHORT, SPOILED = 10, 2, 1
PRICE = "12.50"
DUE = "2199-06-01"
WORTH = {"amount": "87.50", "currency": "CNY"}  # of the 10 − 2 − 1 that were accepted

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
