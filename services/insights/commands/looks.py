"""Write down who read whose figures; nothing that was written down is ever changed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from contracts.orders import Side
from services.insights.models import Look, Organization, Relationship, ReleaseLook, Waiver
from shared.auth import Caller

UNKNOWN = "?"


async def note_looks(
    session: AsyncSession, read: Sequence[Relationship], *, kind: str, by: Caller, at: datetime
) -> None:
    """Write down that the caller read figures that are also its counterparties': a row for each."""
    rows = [
        {
            "id": uuid7(),
            "created_at": at,
            "buyer_id": row.buyer_id,
            "supplier_id": row.supplier_id,
            "reader": (Side.BUYER if row.buyer_id == by.organization_id else Side.SUPPLIER).value,
            "person": by.name,
            "kind": kind,
        }
        for row in read
    ]
    if rows:
        await session.execute(insert(Look), rows)


async def note_release_look(  # noqa: PLR0913  who did what with which, and when
    session: AsyncSession, release_id: UUID, *, kind: str, detail: str, by: Caller, at: datetime
) -> None:
    """Write down that somebody read or downloaded a release; one row, however many it is about."""
    name = select(Organization.name).where(Organization.organization_id == by.organization_id)
    row = {
        "id": uuid7(),
        "created_at": at,
        "release_id": release_id,
        "reader_id": by.organization_id,
        "reader_name": await session.scalar(name) or UNKNOWN,
        "person": by.name,
        "kind": kind,
        "detail": detail,
    }
    await session.execute(insert(ReleaseLook), [row])


async def say_waiver(session: AsyncSession, *, given: bool, by: Caller, at: datetime) -> Waiver:
    """Let one's own sums be inferred from later releases, or do so no more."""
    waiver = Waiver(
        id=uuid7(),
        created_at=at,
        organization_id=by.organization_id,
        given=given,
        said_by=by.name,
    )
    session.add(waiver)
    await session.flush()
    return waiver
