"""What onboarding does when identity speaks."""

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.identity import OrganizationRegistered
from services.onboarding import commands
from shared.database import utc_now
from shared.inbox import Handlers

handlers = Handlers()


@handlers.on(OrganizationRegistered)
async def know_the_organization(session: AsyncSession, event: OrganizationRegistered) -> None:
    """Relationships are between organizations that exist, and carry their names."""
    await commands.know_organization(
        session, organization_id=event.organization_id, name=event.name, at=utc_now()
    )
