"""What onboarding does when identity speaks."""

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.identity import OrganizationRegistered
from services.onboarding.commands import relationships as commands
from shared import uscc
from shared.database import utc_now
from shared.inbox import Handlers

handlers = Handlers()


@handlers.on(OrganizationRegistered)
async def know_the_organization(session: AsyncSession, event: OrganizationRegistered) -> None:
    """Relationships are between organizations that exist, and carry their names."""
    await commands.know_organization(
        session,
        organization_id=event.organization_id,
        name=event.name,
        uscc=_code(event.identifiers.get("uscc", "")),
        at=utc_now(),
    )


def _code(told: str) -> str | None:
    """Return the credit code, unless it is none: one from before codes were checked."""
    try:
        return uscc.read(told).code
    except uscc.WrongUscc:
        return None
