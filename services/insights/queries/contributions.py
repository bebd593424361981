"""What pairs did in a month, and who they are: what a release is made of. System role only."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from services.insights.domain.contributions import CURRENCY, Did, Firm, Told, firms
from services.insights.models import Organization, Relationship, Waiver

DID = text(
    """
    SELECT buyer_id, supplier_id,
        coalesce(orders, 0) + coalesce(receipts, 0) + coalesce(payments, 0) > 0 AS active,
        coalesce(ordered_minor, 0) AS ordered_minor,
        coalesce(promised, 0) AS promised, coalesce(kept, 0) AS kept,
        coalesce(payments, 0) AS payments, coalesce(payment_days, 0) AS payment_days,
        coalesce(legal_due_minor, 0) AS legal_due_minor,
        coalesce(legal_kept_minor, 0) AS legal_kept_minor, overdue_minor::bigint
    FROM (SELECT * FROM months WHERE month = :month) AS done
    FULL JOIN (
        SELECT buyer_id, supplier_id, ordered_minor, payments, payment_days, legal_due_minor,
            legal_kept_minor
        FROM month_amounts WHERE month = :month AND currency = :currency
    ) AS amount USING (buyer_id, supplier_id)
    FULL JOIN (
        SELECT buyer_id, supplier_id, greatest(sum(overdue_minor), 0) AS overdue_minor
        FROM month_amounts WHERE month <= :month AND currency = :currency
        GROUP BY buyer_id, supplier_id
        HAVING bool_or(overdue_minor <> 0 OR legal_due_minor <> 0 OR payments <> 0)
    ) AS debt USING (buyer_id, supplier_id)
    ORDER BY buyer_id, supplier_id
    """
)


async def did(session: AsyncSession, month: date) -> list[Did]:
    """Return what every pair did in a month, with what was overdue between them at its end."""
    given = {"month": month, "currency": CURRENCY}
    return [Did(*row) for row in await session.execute(DID, given)]


async def known_firms(session: AsyncSession, parties: Sequence[Did]) -> Mapping[UUID, Firm]:
    """Return every firm with its group and place, also one whose relationship is not heard of."""
    columns = (
        Relationship.buyer_id,
        Relationship.supplier_id,
        Relationship.buyer_group,
        Relationship.supplier_group,
        Relationship.supplier_region,
        Relationship.supplier_industry,
    )
    order = Relationship.changed_at, Relationship.relationship_id
    told = [Told(*row) for row in await session.execute(select(*columns).order_by(*order))]
    coded = select(Organization.organization_id, Organization.uscc)
    codes = {row.organization_id: row.uscc for row in await session.execute(coded)}
    known = firms(told, codes)
    for one in parties:
        for firm in (one.buyer_id, one.supplier_id):
            known.setdefault(firm, Firm(codes.get(firm) or str(firm)))
    return known


async def waivers(session: AsyncSession, known: Mapping[UUID, Firm]) -> frozenset[str]:
    """Return the groups that let their own sums be inferred, by the last word of each firm."""
    last = (
        select(Waiver.organization_id, Waiver.given)
        .ext(distinct_on(Waiver.organization_id))
        .order_by(Waiver.organization_id, Waiver.id.desc())
    )
    said = await session.execute(last)
    return frozenset(known[row[0]].group for row in said if row[1] and row[0] in known)
