"""Give documents and handling units the next number of their organization."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, any_, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.logistics.domain.handling_units import Labeler
from services.logistics.domain.shipments import Known
from services.logistics.models import Counter, Receipt, Shipment


class Numbered(StrEnum):
    """What is numbered, by the column that counts it."""

    NOTICES = "notices"
    RECEIPTS = "receipts"
    UNITS = "units"


PREFIX = {Numbered.NOTICES: "ASN", Numbered.RECEIPTS: "GR"}
DOCUMENT = {
    Numbered.NOTICES: (Shipment, Shipment.supplier_id),
    Numbered.RECEIPTS: (Receipt, Receipt.buyer_id),
}


async def take(
    session: AsyncSession, organization_id: UUID, what: Numbered, count: int
) -> tuple[Labeler, range]:
    """Take so many numbers of an organization; nobody else gets them, unless this fails."""
    taking = insert(Counter).values(
        organization_id=organization_id,
        **{name.value: 0 for name in Numbered} | {what.value: count},
    )
    column = getattr(Counter, what.value)
    raised = taking.on_conflict_do_update(
        index_elements=[Counter.organization_id], set_={what.value: column + count}
    ).returning(Counter.labeler, column)
    labeler, last = (await session.execute(raised)).one()
    return Labeler(labeler), range(last - count, last)


async def units(session: AsyncSession, organization_id: UUID, count: int) -> Iterator[str]:
    """Return the next SSCCs of an organization."""
    if not count:
        return iter(())
    labeler, serials = await take(session, organization_id, Numbered.UNITS, count)
    return map(labeler.sscc, serials)


async def numbered(
    session: AsyncSession, organization_id: UUID, what: Numbered, asked: Sequence[str]
) -> list[str]:
    """Return the numbers of documents, with the next free ones where none was given."""
    numbers = [number or None for number in asked]
    while missing := [place for place, number in enumerate(numbers) if number is None]:
        _, drawn = await take(session, organization_id, what, len(missing))
        fresh = [f"{PREFIX[what]}-{number + 1:06}" for number in drawn]
        taken = {*await known(session, organization_id, what, fresh), *numbers}
        for place, number in zip(missing, fresh, strict=True):
            numbers[place] = None if number in taken else number
    return [number for number in numbers if number is not None]


async def known(
    session: AsyncSession, organization_id: UUID, what: Numbered, numbers: Sequence[str]
) -> dict[str, Known]:
    """Return an organization's documents that have one of the numbers."""
    document: Any
    document, owner = DOCUMENT[what]
    asked = select(document.number, document.id, document.digest).where(
        owner == organization_id, document.number == any_(literal(list(numbers), ARRAY(Text)))
    )
    return {number: Known(id_, digest) for number, id_, digest in await session.execute(asked)}
