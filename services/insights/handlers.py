"""What insights does when the others speak: it writes down what happened, and counts it."""

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.identity import OrganizationRegistered
from contracts.logistics import GoodsAccepted, GoodsReceived
from contracts.onboarding import RelationshipChanged
from contracts.orders import ChangeAgreed, LineCancelled, LineConfirmed, OrderPlaced
from contracts.settlement import PaymentDue, PaymentMade
from services.insights.commands import debts, orders, parties, receipts
from shared.inbox import Handlers

handlers = Handlers()


@handlers.on(OrganizationRegistered)
async def know_the_organization(session: AsyncSession, event: OrganizationRegistered) -> None:
    """Say by name who read what."""
    await parties.keep_organization(session, event)


@handlers.on(RelationshipChanged)
async def know_the_relationship(session: AsyncSession, event: RelationshipChanged) -> None:
    """Know of whom a buyer has a scorecard, and in which region and industry a supplier counts."""
    await parties.keep_relationship(session, event)


@handlers.on(OrderPlaced)
async def count_the_order(session: AsyncSession, event: OrderPlaced) -> None:
    """Count what was ordered."""
    await orders.keep_order(session, event)


@handlers.on(LineConfirmed)
async def count_the_promise(session: AsyncSession, event: LineConfirmed) -> None:
    """Count what was promised, and how soon."""
    await orders.keep_promise(session, event)


@handlers.on(ChangeAgreed)
async def count_the_change(session: AsyncSession, event: ChangeAgreed) -> None:
    """Measure by what both sides agreed on last, and still by the first promise."""
    await orders.keep_change(session, event)


@handlers.on(LineCancelled)
async def count_no_more(session: AsyncSession, event: LineCancelled) -> None:
    """Expect nothing of what was given up."""
    await orders.keep_cancellation(session, event)


@handlers.on(GoodsReceived)
async def count_the_delivery(session: AsyncSession, event: GoodsReceived) -> None:
    """See whether promises were kept, on time and in full."""
    await receipts.keep_receipt(session, event)


@handlers.on(GoodsAccepted)
async def count_the_acceptance(session: AsyncSession, event: GoodsAccepted) -> None:
    """Count how soon goods were judged, and take back what was rejected."""
    await receipts.keep_acceptance(session, event)


@handlers.on(PaymentDue)
async def count_the_debt(session: AsyncSession, event: PaymentDue) -> None:
    """Count what has to be paid by when."""
    await debts.keep_debt(session, event)


@handlers.on(PaymentMade)
async def count_the_payment(session: AsyncSession, event: PaymentMade) -> None:
    """Count what was paid, and how late."""
    await debts.keep_payment(session, event)
