"""What settlement does when onboarding, orders and logistics speak."""

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.logistics import GoodsAccepted, GoodsReceived
from contracts.onboarding import RelationshipChanged
from contracts.orders import ChangeAgreed, LineCancelled, LineConfirmed, OrderPlaced
from services.settlement.commands import deliveries, partners
from shared.database import utc_now
from shared.inbox import Handlers

handlers = Handlers()


@handlers.on(RelationshipChanged)
async def keep_the_terms(session: AsyncSession, event: RelationshipChanged) -> None:
    """Know both sides by name, and what they agreed on."""
    await partners.keep_relationship(session, event, at=utc_now())


@handlers.on(OrderPlaced)
async def keep_the_prices(session: AsyncSession, event: OrderPlaced) -> None:
    """Know what was ordered at which price."""
    await deliveries.keep_order(session, event, at=utc_now())


@handlers.on(LineConfirmed)
async def keep_what_was_split_off(session: AsyncSession, event: LineConfirmed) -> None:
    """Know of which order line a part is that the supplier did not promise yet."""
    await deliveries.keep_rest(session, event.schedule_line_id, event.rest, at=utc_now())


@handlers.on(ChangeAgreed)
async def keep_what_was_agreed(session: AsyncSession, event: ChangeAgreed) -> None:
    """Know of which order line a part is that both sides agreed to split off."""
    await deliveries.keep_rest(session, event.schedule_line_id, event.rest, at=utc_now())


@handlers.on(LineCancelled)
async def keep_the_cancellation(session: AsyncSession, event: LineCancelled) -> None:
    """Know that a part will not come."""
    await deliveries.keep_cancellation(session, event)


@handlers.on(GoodsReceived)
async def keep_the_receipt(session: AsyncSession, event: GoodsReceived) -> None:
    """Know what was counted and waits to be judged."""
    await deliveries.keep_receipt(session, event)


@handlers.on(GoodsAccepted)
async def owe_for_what_was_accepted(session: AsyncSession, event: GoodsAccepted) -> None:
    """Owe for what was accepted, from the day on that the law and the contract name."""
    await deliveries.keep_acceptance(session, event, at=utc_now())
