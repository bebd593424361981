"""What waits for a buyer's people besides orders: suppliers, goods, exceptions, money."""

import asyncio
from dataclasses import dataclass
from typing import Any

from contracts.orders import Side
from contracts.scopes import Scope
from services.portal.api.parts import if_there
from services.portal.commands.sessions import Visit
from services.portal.queries import inviting, paying, receiving
from services.portal.schemas.answers import Page
from services.portal.schemas.inviting import Application
from services.portal.schemas.paying import Due, Forecast, OwedSummary
from services.portal.schemas.receiving import ReceiptCounts, ShipmentCounts

REVIEWED_MAX = 100
DAYS = 14
BREACHING_SHOWN = 5


@dataclass(frozen=True)
class Duties:
    """What is to be done, each part only where its service answers and the role includes it."""

    applications: int = 0
    shipments: ShipmentCounts | None = None
    receipts: ReceiptCounts | None = None
    owed: OwedSummary | None = None
    forecast: Forecast | None = None

    @property
    def any(self) -> bool:
        """Tell whether anything waits."""
        goods = self.receipts and self.receipts.waiting
        gate = self.shipments and (self.shipments.arrived or self.shipments.late)
        money = self.owed and (
            self.owed.exceptions_for_me
            or self.owed.statements_for_me
            or self.owed.proposals_to_approve
        )
        return bool(self.applications or goods or gate or money or self.breaching)

    @property
    def breaching(self) -> list[Due]:
        """What will break its term first."""
        return self.forecast.items[:BREACHING_SHOWN] if self.forecast else []


async def duties_of(visitor: Visit) -> Duties:
    """Ask every service at once; one that does not answer leaves its part out."""
    api = visitor.api

    async def wanted(scope: Scope, asked: Any, otherwise: Any = None) -> Any:  # noqa: ANN401
        if visitor.me.may(scope):
            return await if_there(asked(), otherwise)
        return otherwise

    nobody: Page[Application] = Page(items=[])
    applying, shipments, receipts, owed, forecast = await asyncio.gather(
        wanted(
            Scope.ONBOARDING_WRITE,
            lambda: inviting.applications(api, state="submitted", limit=REVIEWED_MAX),
            nobody,
        ),
        wanted(Scope.LOGISTICS_RECEIVE, lambda: receiving.shipment_counts(api, Side.BUYER)),
        wanted(Scope.LOGISTICS_RECEIVE, lambda: receiving.receipt_counts(api, Side.BUYER)),
        wanted(Scope.SETTLEMENT_READ, lambda: paying.owed(api, Side.BUYER)),
        wanted(Scope.SETTLEMENT_READ, lambda: paying.forecast(api, days=DAYS)),
    )
    return Duties(len(applying.items), shipments, receipts, owed, forecast)
