"""The installation's secret: how closely nobody may be estimated."""

import secrets
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.insights.models import Protection

PERCENT_MIN, PERCENT_MAX = 10, 20
STEPS = 10_000  # per percent


async def ensure_percent(session: AsyncSession) -> Decimal:
    """Draw the percentage when it is first asked for, evenly from 10 to 20, and return it.

    As the system role alone; it belongs into no answer, no log and no release.
    """
    known = select(Protection.percent)
    if percent := await session.scalar(known):
        return percent
    drawn = secrets.randbelow((PERCENT_MAX - PERCENT_MIN) * STEPS + 1)
    percent = PERCENT_MIN + Decimal(drawn) / STEPS
    drawing = insert(Protection).values(id=1, percent=percent).on_conflict_do_nothing()
    await session.execute(drawing)
    return (await session.scalars(known)).one()
