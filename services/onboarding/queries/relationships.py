"""Ask how the caller stands to its counterparties."""

from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from contracts.onboarding import RelationshipState
from contracts.orders import Side
from services.onboarding.domain.relationships import RelationshipNotFound
from services.onboarding.models import Organization, Relationship, Step
from services.onboarding.schemas.relationships import RelationshipOut
from shared.auth import Caller
from shared.paging import Paging, Rows, keyset

BUYER, SUPPLIER = aliased(Organization), aliased(Organization)


def is_party(caller: Caller) -> ColumnElement[bool]:
    """Say which relationships the caller may see."""
    party = caller.organization_id
    return or_(Relationship.buyer_id == party, Relationship.supplier_id == party)


def with_names() -> Select[Any]:
    """Select relationships with the names of both sides."""
    names = BUYER.name.label("buyer_name"), SUPPLIER.name.label("supplier_name")
    return (
        select(*Relationship.__table__.columns, *names)
        .join(BUYER, BUYER.id == Relationship.buyer_id)
        .join(SUPPLIER, SUPPLIER.id == Relationship.supplier_id)
    )


class Asked(NamedTuple):
    """Which relationships; what is None does not matter."""

    state: RelationshipState | None = None
    side: Side | None = None
    counterparty_id: UUID | None = None
    q: str | None = None  # a part of the other's name, or of its vendor number


async def relationships(
    session: AsyncSession, asked: Asked, *, caller: Caller, paging: Paging
) -> Rows[RelationshipOut]:
    """Return a page of the caller's relationships, on either side; of one side by name."""
    rows = with_names().where(is_party(caller))
    if asked.state:
        rows = rows.where(Relationship.state == asked.state)
    if asked.counterparty_id:
        both = Relationship.buyer_id, Relationship.supplier_id
        rows = rows.where(or_(*(one == asked.counterparty_id for one in both)))
    names = {Side.BUYER: SUPPLIER.name, Side.SUPPLIER: BUYER.name}
    searched = [names[asked.side]] if asked.side else [*names.values()]
    if asked.q:
        told = [*searched, Relationship.vendor_number]
        rows = rows.where(or_(*(one.icontains(asked.q, autoescape=True) for one in told)))
    if asked.side:
        mine = {Side.BUYER: Relationship.buyer_id, Side.SUPPLIER: Relationship.supplier_id}
        rows = rows.where(mine[asked.side] == caller.organization_id)
    order = (names[asked.side], Relationship.id) if asked.side else (Relationship.id,)
    page = await keyset(session, rows, order=order, paging=paging)
    found = [RelationshipOut.model_validate(dict(row._mapping)) for row in page.items]  # noqa: SLF001
    return Rows(found, page.next)


async def relationship(
    session: AsyncSession, *, caller: Caller, relationship_id: UUID
) -> RelationshipOut:
    """Return one relationship."""
    chosen = with_names().where(is_party(caller), Relationship.id == relationship_id)
    found = (await session.execute(chosen)).one_or_none()
    if found is None:
        raise RelationshipNotFound("There is no such relationship among yours.")
    return RelationshipOut.model_validate(dict(found._mapping))  # noqa: SLF001


async def steps(
    session: AsyncSession, *, caller: Caller, relationship_id: UUID, paging: Paging
) -> Rows[Step]:
    """Return what happened to a relationship, from the beginning."""
    await relationship(session, caller=caller, relationship_id=relationship_id)
    taken = select(Step).where(Step.relationship_id == relationship_id)
    return await keyset(session, taken, order=(Step.id,), paging=paging)
