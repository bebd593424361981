"""What orders does when onboarding and production speak."""

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


@handlers.on(WorkOrderOpened)
async def keep_the_operations(session: AsyncSession, event: WorkOrderOpened) -> None:
    """Show in the order book through which operations a line goes."""
    await progress.open_work_order(session, event, at=utc_now())


@handlers.on(ProgressReported)
async def keep_the_progress(session: AsyncSession, event: ProgressReported) -> None:
    """Show in the order book how far each line has come."""
    await progress.report(session, event, at=utc_now())


@handlers.on(SlippagePredicted)
async def keep_the_prediction(session: AsyncSession, event: SlippagePredicted) -> None:
    """Show in the order book what will be late before it is late."""
    await progress.predict(session, event, at=utc_now())


@handlers.on(WorkOrderCompleted)
async def keep_the_completion(session: AsyncSession, event: WorkOrderCompleted) -> None:
    """Show in the order book when a line was completed."""
    await progress.complete(session, event, at=utc_now())
