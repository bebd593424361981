"""What settlement does when onboarding, orders and logistics speak."""

from collections.abc import Sequence

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


@handlers.together(OrderPlaced)
async def keep_the_prices(session: AsyncSession, events: Sequence[OrderPlaced]) -> None:
    """Know what was ordered at which price."""
    await deliveries.keep_orders(session, events, at=utc_now())


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


@handlers.together(GoodsReceived)
async def keep_the_receipts(session: AsyncSession, events: Sequence[GoodsReceived]) -> None:
    """Know what was counted and waits to be judged."""
    await deliveries.keep_receipts(session, events)


@handlers.together(GoodsAccepted)
async def owe_for_what_was_accepted(session: AsyncSession, events: Sequence[GoodsAccepted]) -> None:
    """Owe for what was accepted, from the day on that the law and the contract name."""
    await deliveries.keep_acceptances(session, events, at=utc_now())
