"""What a buyer decided for its own payments."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.settlement.domain.paying import Limit
from services.settlement.models import Settings


async def limit_of(session: AsyncSession, organization_id: UUID) -> Limit:
    """Return above which amount two persons approve; until it is set, what holds for all."""
    columns = Settings.approval_limit_minor, Settings.approval_limit_currency
    found = await session.execute(select(*columns).filter_by(organization_id=organization_id))
    row = found.first()
    return Limit(*row) if row else Limit()
