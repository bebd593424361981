"""What insights does when the others speak: it writes down what happened, and counts it."""

from collections.abc import Sequence

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


@handlers.together(OrderPlaced)
async def count_orders(session: AsyncSession, events: Sequence[OrderPlaced]) -> None:
    """Count what was ordered."""
    await orders.keep_orders(session, events)


@handlers.together(LineConfirmed)
async def count_promises(session: AsyncSession, events: Sequence[LineConfirmed]) -> None:
    """Count what was promised, and how soon."""
    await orders.keep_promises(session, events)


@handlers.together(ChangeAgreed)
async def count_changes(session: AsyncSession, events: Sequence[ChangeAgreed]) -> None:
    """Measure by what both sides agreed on last, and still by the first promise."""
    await orders.keep_changes(session, events)


@handlers.together(LineCancelled)
async def count_no_more(session: AsyncSession, events: Sequence[LineCancelled]) -> None:
    """Expect nothing of what was given up."""
    await orders.keep_cancellations(session, events)


@handlers.together(GoodsReceived)
async def count_deliveries(session: AsyncSession, events: Sequence[GoodsReceived]) -> None:
    """See whether promises were kept, on time and in full."""
    await receipts.keep_receipts(session, events)


@handlers.together(GoodsAccepted)
async def count_acceptances(session: AsyncSession, events: Sequence[GoodsAccepted]) -> None:
    """Count how soon goods were judged, and take back what was rejected."""
    await receipts.keep_acceptances(session, events)


@handlers.together(PaymentDue)
async def count_debts(session: AsyncSession, events: Sequence[PaymentDue]) -> None:
    """Count what has to be paid by when."""
    await debts.keep_debts(session, events)


@handlers.together(PaymentMade)
async def count_payments(session: AsyncSession, events: Sequence[PaymentMade]) -> None:
    """Count what was paid, and how late."""
    await debts.keep_payments(session, events)
