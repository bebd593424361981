"""What a person chose to see, and how things stood before."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.orders import Side
from services.portal.models import DayTally, SavedView
from services.portal.schemas.people import Me

TREND_DAYS = 84
POINTS_MIN = 2


async def saved_views(session: AsyncSession, me: Me, side: Side) -> Sequence[SavedView]:
    """Return a person's own tabs, oldest first."""
    mine = select(SavedView).where(
        SavedView.organization_id == me.organization.id,
        SavedView.user_id == me.user.id,
        SavedView.side == side,
    )
    return (await session.scalars(mine.order_by(SavedView.id))).all()


async def trend(
    session: AsyncSession, organization_id: UUID, side: Side, *, today: date
) -> dict[str, str]:
    """Return the counts of each light by day, as a sparkline reads them; empty below two days."""
    recent = select(DayTally).where(
        DayTally.organization_id == organization_id,
        DayTally.side == side,
        DayTally.day > today - timedelta(days=TREND_DAYS),
    )
    days = (await session.scalars(recent.order_by(DayTally.day))).all()
    if len(days) < POINTS_MIN:
        return {"late": "", "at_risk": "", "on_time": ""}
    return {
        name: " ".join(str(getattr(day, name)) for day in days)
        for name in ("late", "at_risk", "on_time")
    }
