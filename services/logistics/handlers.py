"""What logistics does when other services speak."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.identity import OrganizationRegistered
from contracts.onboarding import RelationshipChanged
from contracts.orders import ChangeAgreed, LineCancelled, LineConfirmed, OrderPlaced
from contracts.production import ProgressReported
from services.logistics.commands import lines
from shared.database import utc_now
from shared.inbox import Handlers

handlers = Handlers()


@handlers.on(OrganizationRegistered)
async def know_who_may_carry(session: AsyncSession, event: OrganizationRegistered) -> None:
    """Let suppliers name an organization of this platform as a carrier."""
    await lines.know_organization(session, event.organization_id)


@handlers.on(RelationshipChanged)
async def keep_the_relationship(session: AsyncSession, event: RelationshipChanged) -> None:
    """Know both sides by name, what they tolerate and how long the buyer may inspect."""
    await lines.keep_relationship(session, event)


@handlers.on(OrderPlaced)
async def keep_the_order(session: AsyncSession, event: OrderPlaced) -> None:
    """Know what may come."""
    await lines.keep_order(session, event, at=utc_now())


@handlers.on(LineConfirmed)
async def let_it_be_shipped(session: AsyncSession, event: LineConfirmed) -> None:
    """Let a supplier ship what it promised."""
    await lines.confirm(session, event, at=utc_now())


@handlers.on(ChangeAgreed)
async def follow_the_agreement(session: AsyncSession, event: ChangeAgreed) -> None:
    """Expect what both sides agreed on last."""
    await lines.change(session, event, at=utc_now())


@handlers.on(LineCancelled)
async def expect_it_no_more(session: AsyncSession, event: LineCancelled) -> None:
    """Expect no more of what was given up."""
    await lines.cancel(session, event, at=utc_now())


@handlers.together(ProgressReported, in_turn=True)
async def keep_the_progress(session: AsyncSession, events: Sequence[ProgressReported]) -> None:
    """Show beside what is left to ship how much of it is finished."""
    await lines.keep_progress(session, events)
