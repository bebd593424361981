"""What orders does when onboarding and production speak."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.onboarding import RelationshipChanged
from contracts.production import (
    ProgressReported,
    SlippagePredicted,
    WorkOrderCompleted,
    WorkOrderOpened,
)
from services.orders.commands import partners, progress
from shared.database import utc_now
from shared.inbox import Handlers

handlers = Handlers()


@handlers.on(RelationshipChanged)
async def keep_the_relationship(session: AsyncSession, event: RelationshipChanged) -> None:
    """Orders are placed within relationships, and show the names of both sides."""
    await partners.keep_relationship(session, event)


@handlers.together(WorkOrderOpened, in_turn=True)
@handlers.together(ProgressReported, in_turn=True)
@handlers.together(SlippagePredicted, in_turn=True)
@handlers.together(WorkOrderCompleted, in_turn=True)
async def keep_the_progress(session: AsyncSession, events: Sequence[progress.Told]) -> None:
    """Show in the order book how far lines have come, and what will be late before it is late."""
    await progress.hear(session, events, at=utc_now())
