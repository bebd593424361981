"""What production does when other services speak."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.onboarding import RelationshipChanged
from contracts.orders import ChangeAgreed, LineConfirmed
from services.production import commands
from shared.database import utc_now
from shared.inbox import Handlers

handlers = Handlers()


@handlers.together(LineConfirmed, in_turn=True)
async def open_the_work_orders(session: AsyncSession, events: Sequence[LineConfirmed]) -> None:
    """Have made what suppliers promised."""
    await commands.open_work_orders(session, events, at=utc_now())


@handlers.on(ChangeAgreed)
async def follow_the_agreement(session: AsyncSession, event: ChangeAgreed) -> None:
    """Make what both sides agreed on last."""
    await commands.apply_change(session, event, at=utc_now())


@handlers.on(RelationshipChanged)
async def note_the_names(session: AsyncSession, event: RelationshipChanged) -> None:
    """Know both sides of a work order by name."""
    await commands.note_relationship(session, event)
