"""Know who deals with whom, and on which terms, as onboarding tells it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.onboarding import RelationshipChanged
from services.settlement.commands.clock import reckon_payables
from services.settlement.models import Payable, Relationship

Pair = tuple[UUID, UUID]
TOLD = {
    *("buyer_id", "buyer_name", "supplier_id", "supplier_name"),
    *("state", "signed_on", "changed_at"),
}
AGREED = "terms", "buyer", "supplier"


async def keep_relationship(
    session: AsyncSession, event: RelationshipChanged, *, at: datetime
) -> None:
    """Keep what two sides agreed on; what is older than what is known is passed over.

    What was owed before anything was known of the two gets their terms now. Terms that change
    later hold for later deliveries.
    """
    values = event.model_dump(include=TOLD)
    told = event.model_dump(mode="json", include={*AGREED})
    values |= {name: told[name] for name in AGREED}
    keeping = insert(Relationship).values(id=event.relationship_id, **values)
    newer = keeping.excluded.changed_at >= Relationship.changed_at
    new = {name: getattr(keeping.excluded, name) for name in values}
    await session.execute(
        keeping.on_conflict_do_update(index_elements=[Relationship.id], set_=new, where=newer)
    )
    pair = event.buyer_id, event.supplier_id
    agreed = (await agreements(session, [pair])).get(pair)
    waiting = (
        update(Payable)
        .where(
            Payable.buyer_id == event.buyer_id,
            Payable.supplier_id == event.supplier_id,
            Payable.agreed.is_(None),
        )
        .values(agreed=agreed)
        .returning(Payable.id)
    )
    await reckon_payables(session, list(await session.scalars(waiting)), at=at)


async def agreements(session: AsyncSession, pairs: Iterable[Pair]) -> Mapping[Pair, dict[str, Any]]:
    """Return what two sides agreed on: terms, when they signed, and what they were then."""
    both = tuple_(Relationship.buyer_id, Relationship.supplier_id)
    found = await session.scalars(select(Relationship).where(both.in_(sorted(set(pairs)))))
    return {
        (one.buyer_id, one.supplier_id): {
            "terms": one.terms,
            "signed_on": one.signed_on and one.signed_on.isoformat(),
            "buyer": one.buyer,
            "supplier": one.supplier,
        }
        for one in found
    }
