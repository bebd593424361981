"""What may be done in onboarding. Each function is one use case in the caller's transaction."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from contracts.onboarding import RelationshipChanged, RelationshipState
from contracts.orders import Side
from services.onboarding.domain import (
    Act,
    OrganizationNotKnownYet,
    RelationshipNotFound,
    Standing,
    WithItself,
    after,
    imported,
    proposed,
)
from services.onboarding.models import Organization, Relationship, Step
from services.onboarding.queries import is_party
from shared.auth import Caller
from shared.events import publish
from shared.problem import Problem
from shared.settings import settings

TICK = timedelta(microseconds=1)

Names = dict[UUID, str]


class Pair(NamedTuple):
    """A relationship that both sides live already."""

    buyer_id: UUID
    supplier_id: UUID
    since: date
    vendor_number: str | None = None


class Kept(NamedTuple):
    """A relationship that is active now, and whether that is news."""

    relationship_id: UUID
    new: bool


async def know_organization(
    session: AsyncSession, *, organization_id: UUID, name: str, at: datetime
) -> None:
    """Know an organization by its name; under another one its relationships are told again."""
    known = await session.get(Organization, organization_id, with_for_update=True)
    if known is None:
        values = {"id": organization_id, "name": name, "heard_at": at}
        await session.execute(insert(Organization).values(values).on_conflict_do_nothing())
    elif known.name != name:
        known.name, known.heard_at = name, at
        await session.flush()
        party = organization_id
        concerned = or_(Relationship.buyer_id == party, Relationship.supplier_id == party)
        rows = await _held(session, concerned)
        names = await _names(session, (id_ for r in rows for id_ in (r.buyer_id, r.supplier_id)))
        for row in rows:
            row.changed_at = _later(row, at)
            _announce(session, row, names)


async def propose(
    session: AsyncSession,
    *,
    caller: Caller,
    supplier_id: UUID,
    vendor_number: str | None,
    at: datetime,
) -> Relationship:
    """Ask a supplier for a relationship and announce that; after one has ended, for a new one."""
    buyer_id = caller.organization_id
    _refuse_itself(buyer_id, supplier_id)
    names = await _names(session, [buyer_id, supplier_id])
    _refuse_unknown(names, buyer_id, supplier_id)
    row = Relationship(id=uuid7(), buyer_id=buyer_id, supplier_id=supplier_id)
    new = await _created(session, [row], at)
    [row] = await _held(session, Relationship.buyer_id == buyer_id, supplier_id)
    row.vendor_number = vendor_number
    _move(session, row, proposed(None if new else _standing(row)), caller=caller, at=at)
    _announce(session, row, names)
    return row


async def step(  # noqa: PLR0913  who does what to which, why and when
    session: AsyncSession,
    *,
    caller: Caller,
    relationship_id: UUID,
    act: Act,
    reason: str | None,
    at: datetime,
) -> Relationship:
    """Accept, suspend, resume or end a relationship and announce how it stands now."""
    rows = await _held(session, (Relationship.id == relationship_id) & is_party(caller))
    if not rows:
        raise RelationshipNotFound("There is no such relationship among yours.")
    [row] = rows
    side = Side.BUYER if row.buyer_id == caller.organization_id else Side.SUPPLIER
    today = at.astimezone(settings().calendar).date()
    standing = after(_standing(row), act, by=side, on=today)
    _move(session, row, standing, caller=caller, reason=reason, at=at)
    _announce(session, row, await _names(session, [row.buyer_id, row.supplier_id]))
    return row


async def import_relationships(
    session: AsyncSession, *, caller: Caller, pairs: Sequence[Pair], at: datetime
) -> list[Kept | Problem]:
    """Take in relationships as active, in turn, and announce each that is new.

    Runs as the platform: its operator is party to none of them.
    """
    names = await _names(session, (id_ for pair in pairs for id_ in pair[:2]))
    asked = {pair[:2]: pair for pair in pairs if not _refusal(pair, names)}
    rows = [Relationship(id=uuid7(), buyer_id=buyer, supplier_id=other) for buyer, other in asked]
    new = await _created(session, rows, at)
    parties = tuple_(Relationship.buyer_id, Relationship.supplier_id)
    held = await _held(session, parties.in_(list(asked)))
    known = {(row.buyer_id, row.supplier_id): row for row in held}
    kept: list[Kept | Problem] = []
    for pair in pairs:
        try:
            if refusal := _refusal(pair, names):
                raise refusal
            row = known[pair[:2]]
            now = _take_in(session, row, pair, caller, at, fresh=row.id in new)
            kept.append(now)
            if now.new:
                new.discard(row.id)
                _announce(session, row, names)
        except Problem as problem:
            kept.append(problem)
    return kept


def _take_in(  # noqa: PLR0913  what is known of one relationship
    session: AsyncSession,
    row: Relationship,
    pair: Pair,
    caller: Caller,
    at: datetime,
    *,
    fresh: bool,
) -> Kept:
    before = None if fresh else _standing(row)
    standing = imported(before, pair.since)
    if standing == before:
        return Kept(row.id, new=False)
    row.vendor_number = pair.vendor_number
    _move(session, row, standing, caller=caller, at=at)
    return Kept(row.id, new=True)


def _refusal(pair: Pair, names: Names) -> Problem | None:
    try:
        _refuse_itself(pair.buyer_id, pair.supplier_id)
        _refuse_unknown(names, pair.buyer_id, pair.supplier_id)
    except Problem as refusal:
        return refusal
    return None


def _refuse_itself(buyer_id: UUID, supplier_id: UUID) -> None:
    if buyer_id == supplier_id:
        raise WithItself("Name another organization as the supplier.")


def _refuse_unknown(names: Names, *ids: UUID) -> None:
    for id_ in ids:
        if id_ not in names:
            raise OrganizationNotKnownYet(
                f"{id_} is not known here. If it was registered a moment ago, try again shortly."
            )


async def _names(session: AsyncSession, ids: Iterable[UUID]) -> Names:
    known = select(Organization.id, Organization.name).where(Organization.id.in_(set(ids)))
    return dict((await session.execute(known)).all())


async def _created(session: AsyncSession, rows: Sequence[Relationship], at: datetime) -> set[UUID]:
    """Create relationships where there are none, in one order, and return the new ones' ids."""
    if not rows:
        return set()
    values = [
        {
            "id": row.id,
            "buyer_id": row.buyer_id,
            "supplier_id": row.supplier_id,
            "state": RelationshipState.PROPOSED,
            "changed_at": at,
        }
        for row in sorted(rows, key=lambda row: (row.buyer_id, row.supplier_id))
    ]
    creating = insert(Relationship).values(values).on_conflict_do_nothing()
    return set(await session.scalars(creating.returning(Relationship.id)))


async def _held(
    session: AsyncSession, which: ColumnElement[bool], supplier_id: UUID | None = None
) -> Sequence[Relationship]:
    rows = select(Relationship).where(which).order_by(Relationship.id).with_for_update()
    if supplier_id:
        rows = rows.where(Relationship.supplier_id == supplier_id)
    return (await session.scalars(rows.execution_options(populate_existing=True))).all()


def _standing(row: Relationship) -> Standing:
    side = Side(row.suspended_by) if row.suspended_by else None
    return Standing(RelationshipState(row.state), row.since, side)


def _later(row: Relationship, at: datetime) -> datetime:
    """Return a moment after the last change: readers keep what is newest."""
    return max(at, row.changed_at + TICK)


def _move(  # noqa: PLR0913  what a step is
    session: AsyncSession,
    row: Relationship,
    standing: Standing,
    *,
    caller: Caller,
    at: datetime,
    reason: str | None = None,
) -> None:
    row.state, row.since = standing.state, standing.since
    row.suspended_by, row.changed_at = standing.suspended_by, _later(row, at)
    session.add(
        Step(
            relationship_id=row.id,
            buyer_id=row.buyer_id,
            supplier_id=row.supplier_id,
            state=standing.state,
            by=caller.name,
            organization_id=caller.organization_id,
            reason=reason,
            recorded_at=at,
        )
    )


def _announce(session: AsyncSession, row: Relationship, names: Names) -> None:
    """Tell all that a relationship is now."""
    event = RelationshipChanged(
        relationship_id=row.id,
        buyer_id=row.buyer_id,
        buyer_name=names[row.buyer_id],
        supplier_id=row.supplier_id,
        supplier_name=names[row.supplier_id],
        state=RelationshipState(row.state),
        vendor_number=row.vendor_number,
        since=row.since,
        changed_at=row.changed_at,
    )
    publish(session, event)
