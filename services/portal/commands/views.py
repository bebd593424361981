"""Keep what a person chose to see, and when they looked."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from contracts.orders import Side
from services.portal.models import DayTally, Look, SavedView
from services.portal.schemas.orders import Summary
from services.portal.schemas.people import Me

VISIT = timedelta(minutes=30)  # looks closer together than this are one visit


async def look(session: AsyncSession, me: Me, page: str, *, at: datetime) -> datetime | None:
    """Note that a person looks now, and return when the visit before this one ended."""
    mine = {"organization_id": me.organization.id, "user_id": me.user.id, "page": page}
    known = await session.scalar(select(Look).filter_by(**mine).with_for_update())
    if known is None:
        first = insert(Look).values(**mine, before_at=at, at=at).on_conflict_do_nothing()
        await session.execute(first)
        return None
    if at - known.at > VISIT:
        known.before_at = known.at
    known.at = at
    return known.before_at if known.before_at < at else None


async def note_tally(session: AsyncSession, organization_id: UUID, summary: Summary) -> None:
    """Keep how the order book stands today; the last look of a day counts."""
    counts = {name: summary.tally(name).count for name in ("late", "at_risk", "on_time")}
    row = {"organization_id": organization_id, "side": summary.side, "day": summary.today}
    kept = insert(DayTally).values(**row, **counts)
    await session.execute(kept.on_conflict_do_update(index_elements=list(row), set_=counts))


async def save_view(session: AsyncSession, me: Me, *, side: Side, name: str, query: str) -> None:
    """Keep a filter as a tab; the same name again replaces it."""
    row = insert(SavedView).values(
        id=uuid7(),
        organization_id=me.organization.id,
        user_id=me.user.id,
        side=side,
        name=name,
        query=query,
    )
    keys = ["organization_id", "user_id", "side", "name"]
    await session.execute(row.on_conflict_do_update(index_elements=keys, set_={"query": query}))


async def remove_view(session: AsyncSession, me: Me, view_id: UUID) -> None:
    """Give up a tab of one's own."""
    mine = SavedView.id == view_id, SavedView.user_id == me.user.id
    await session.execute(delete(SavedView).where(*mine))
