"""Know organizations and relationships, as identity and onboarding tell them."""

from typing import Any

from sqlalchemy import tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.identity import OrganizationRegistered
from contracts.onboarding import RelationshipChanged, Signatory
from services.insights.commands.facts import alone
from services.insights.models import Organization, Relationship

NOBODY = Signatory()


async def keep_organization(session: AsyncSession, event: OrganizationRegistered) -> None:
    """Know an organization by the name that it has now, and by its code."""
    values = {"name": event.name, "uscc": event.identifiers.get("uscc")}
    keeping = insert(Organization).values(organization_id=event.organization_id, **values)
    await alone(session)
    await session.execute(
        keeping.on_conflict_do_update(index_elements=["organization_id"], set_=values)
    )


async def keep_relationship(session: AsyncSession, event: RelationshipChanged) -> None:
    """Know how two organizations stand to each other; what is older than that is passed over."""
    values = {
        "relationship_id": event.relationship_id,
        "buyer_name": event.buyer_name,
        "supplier_name": event.supplier_name,
        "state": event.state.value,
        "since": event.since,
        "changed_at": event.changed_at,
        **_signed("buyer", event.buyer or NOBODY),
        **_signed("supplier", event.supplier or NOBODY),
    }
    pair = {"buyer_id": event.buyer_id, "supplier_id": event.supplier_id}
    keeping = insert(Relationship).values(**pair, **values)
    new, known = keeping.excluded, Relationship
    newer = tuple_(new.changed_at, new.relationship_id) >= tuple_(
        known.changed_at, known.relationship_id
    )
    told = {name: getattr(new, name) for name in values}
    await alone(session)
    await session.execute(
        keeping.on_conflict_do_update(index_elements=list(pair), set_=told, where=newer)
    )


def _signed(side: str, signatory: Signatory) -> dict[str, Any]:
    return {
        f"{side}_group": signatory.group or signatory.uscc,
        f"{side}_size": signatory.size and signatory.size.value,
        f"{side}_region": signatory.region,
        f"{side}_industry": signatory.industry,
    }
