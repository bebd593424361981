"""Keep what an organization says of itself, step by step."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.onboarding import Signatory
from services.onboarding.models import Profile
from services.onboarding.queries.joining import profile_values
from shared.auth import Caller


async def keep(
    session: AsyncSession, *, caller: Caller, values: Mapping[str, str | None], at: datetime
) -> None:
    """Keep what is given, by column; the rest of the profile stays as it was."""
    row = {"organization_id": caller.organization_id, "updated_at": at, **values}
    keeping = insert(Profile).values(row)
    told = {name: keeping.excluded[name] for name in (*values, "updated_at")}
    await session.execute(
        keeping.on_conflict_do_update(index_elements=[Profile.organization_id], set_=told)
    )


async def signatory(session: AsyncSession, *, organization_id: UUID) -> Signatory:
    """Return what an organization is today, as it signs; its own transaction alone reads it."""
    values = await profile_values(session, organization_id=organization_id)
    return signatory_of(values)


def signatory_of(values: Mapping[str, str | None]) -> Signatory:
    """Return what a profile makes a signatory; without a parent it decides for itself."""
    return Signatory.model_validate(
        {name: values.get(name) for name in ("uscc", "size", "region", "industry")}
        | {"group": values.get("parent_uscc") or values.get("uscc")}
    )
