"""Bring a buyer and a supplier together, let them pause, agree anew, and part."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from contracts.onboarding import RelationshipChanged, RelationshipState, Signatory, Terms
from contracts.orders import Side
from services.onboarding.domain.relationships import (
    Act,
    NotNow,
    OrganizationNotKnownYet,
    RelationshipNotFound,
    Standing,
    WithItself,
    after,
    check_new_terms,
    imported,
    proposed,
    signed,
)
from services.onboarding.models import Organization, Relationship, Step
from services.onboarding.queries.relationships import is_party
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
    signing: "Signing | None" = None


class Signing(NamedTuple):
    """On what two sides agreed, on which day, and what they were then."""

    terms: Terms | None
    signed_on: date | None
    buyer: Signatory | None = None
    supplier: Signatory | None = None


class Kept(NamedTuple):
    """A relationship that is active now, and whether that is news."""

    relationship_id: UUID
    new: bool


async def know_organization(
    session: AsyncSession, *, organization_id: UUID, name: str, uscc: str | None, at: datetime
) -> None:
    """Know an organization by its name; under another one its relationships are told again."""
    known = await session.get(Organization, organization_id, with_for_update=True)
    if known is None:
        values = {"id": organization_id, "name": name, "uscc": uscc, "heard_at": at}
        await session.execute(insert(Organization).values(values).on_conflict_do_nothing())
        return
    known.uscc = uscc or known.uscc
    if known.name != name:
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
    row, side = await _own(session, caller, relationship_id)
    standing = after(_standing(row), act, by=side, on=today(at))
    _move(session, row, standing, caller=caller, reason=reason, at=at)
    _announce(session, row, await _names(session, [row.buyer_id, row.supplier_id]))
    return row


async def propose_terms(  # noqa: PLR0913  who proposes what
    session: AsyncSession,
    *,
    caller: Caller,
    relationship_id: UUID,
    terms: Terms,
    buyer: Signatory,
    at: datetime,
) -> Relationship:
    """Ask the supplier to agree on other terms from now on; until then the old ones hold.

    Raises RelationshipNotFound, OtherSidesTurn, NotNow.
    """
    row, side = await _own(session, caller, relationship_id)
    check_new_terms(_standing(row), by=side, proposed=False)
    row.proposed_terms = terms.model_dump(mode="json")
    if row.signed_on is None:
        row.buyer = buyer.model_dump(mode="json")
    _move(session, row, _standing(row), caller=caller, at=at)
    _announce(session, row, await _names(session, [row.buyer_id, row.supplier_id]))
    return row


async def accept_terms(
    session: AsyncSession,
    *,
    caller: Caller,
    relationship_id: UUID,
    supplier: Signatory,
    at: datetime,
) -> Relationship:
    """Agree to the terms that the buyer proposed.

    What both sides are is frozen when they agree for the first time, and stays so.
    Raises RelationshipNotFound, OtherSidesTurn, NotNow.
    """
    row, side = await _own(session, caller, relationship_id)
    check_new_terms(_standing(row), by=side, proposed=True)
    if row.proposed_terms is None:
        raise NotNow("The buyer has proposed no terms that wait for you.")
    row.terms, row.proposed_terms = row.proposed_terms, None
    if row.signed_on is None:
        row.signed_on, row.supplier = today(at), supplier.model_dump(mode="json")
    _move(session, row, _standing(row), caller=caller, at=at)
    _announce(session, row, await _names(session, [row.buyer_id, row.supplier_id]))
    return row


async def sign(  # noqa: PLR0913  who agrees on what
    session: AsyncSession,
    *,
    caller: Caller,
    buyer_id: UUID,
    vendor_number: str | None,
    signing: Signing,
    at: datetime,
) -> Relationship:
    """Make the caller a supplier of the buyer by what both agreed on, and announce it.

    Raises OrganizationNotKnownYet, NotNow.
    """
    supplier_id = caller.organization_id
    names = await _names(session, [buyer_id, supplier_id])
    _refuse_unknown(names, buyer_id, supplier_id)
    row = Relationship(id=uuid7(), buyer_id=buyer_id, supplier_id=supplier_id)
    new = await _created(session, [row], at)
    [row] = await _held(session, Relationship.buyer_id == buyer_id, supplier_id)
    standing = signed(None if new else _standing(row), on=today(at))
    row.vendor_number = vendor_number or row.vendor_number
    _keep(row, signing)
    _move(session, row, standing, caller=caller, at=at)
    _announce(session, row, names)
    return row


def _keep(row: Relationship, signing: Signing) -> None:
    row.proposed_terms, row.signed_on = None, signing.signed_on
    row.terms = signing.terms.model_dump(mode="json") if signing.terms else None
    row.buyer = signing.buyer.model_dump(mode="json") if signing.buyer else None
    row.supplier = signing.supplier.model_dump(mode="json") if signing.supplier else None


def today(at: datetime) -> date:
    """Return the day on which something happens, by the platform's calendar."""
    return at.astimezone(settings().calendar).date()


async def _own(
    session: AsyncSession, caller: Caller, relationship_id: UUID
) -> tuple[Relationship, Side]:
    rows = await _held(session, (Relationship.id == relationship_id) & is_party(caller))
    if not rows:
        raise RelationshipNotFound("There is no such relationship among yours.")
    side = Side.BUYER if rows[0].buyer_id == caller.organization_id else Side.SUPPLIER
    return rows[0], side


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
    news = pair.signing if pair.signing and row.signed_on is None and row.terms is None else None
    if standing == before and news is None:
        return Kept(row.id, new=False)
    row.vendor_number = pair.vendor_number
    if news:
        _keep(row, news)
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
        signed_on=row.signed_on,
        terms=Terms.model_validate(row.terms) if row.terms else None,
        buyer=Signatory.model_validate(row.buyer) if row.buyer else None,
        supplier=Signatory.model_validate(row.supplier) if row.supplier else None,
        suspended_by=Side(row.suspended_by).value if row.suspended_by else None,
        changed_at=row.changed_at,
    )
    publish(session, event)
