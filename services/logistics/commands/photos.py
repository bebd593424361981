"""Keep pictures of goods."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from services.logistics.models import Photo
from shared.auth import Caller


async def keep(
    session: AsyncSession,
    *,
    caller: Caller,
    content: bytes,
    size: tuple[int, int],
    at: datetime,
) -> Photo:
    """Keep a picture; nobody but the caller sees it until a receipt shows it to the supplier."""
    width, height = size
    photo = Photo(
        id=uuid7(),
        buyer_id=caller.organization_id,
        supplier_id=None,
        width=width,
        height=height,
        taken_by=caller.name,
        created_at=at,
        content=content,
    )
    session.add(photo)
    await session.flush()
    return photo
