"""Organizations: registered in bulk, suspended, resumed. The platform's operator does this."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from contracts.identity import (
    OrganizationRegistered,
    OrganizationResumed,
    OrganizationSuspended,
)
from contracts.scopes import Role
from services.identity.commands import people, records, sessions
from services.identity.models import Identifier, Organization
from shared import uscc
from shared.auth import Caller
from shared.events import publish
from shared.problem import Conflict, NotFound, Problem

# Whoever registers waits for who came before: one number makes one organization.
ONE_BY_ONE = func.pg_advisory_xact_lock(func.hashtext("identity.organizations"))


class IdentifierTaken(Conflict):
    """Another organization has this identifier."""


class OwnOrganization(Conflict):
    """The platform's operator cannot suspend its own organization."""


@dataclass(frozen=True)
class Administrator:
    """Who is invited to administer a new organization."""

    email: str
    name: str
    language: str


@dataclass(frozen=True)
class Described:
    """An organization as somebody describes it."""

    name: str
    id: UUID | None = None
    identifiers: Mapping[str, str] = field(default_factory=dict)
    administrator: Administrator | None = None


class Registered(NamedTuple):
    """What became of one description."""

    organization: Organization
    status: str  # registered, updated, unchanged


class _Known:
    """What is registered of a batch, kept up while the batch is worked through."""

    def __init__(self, rows: Sequence[Organization], numbers: Sequence[Identifier]) -> None:
        self.by_id = {row.id: row for row in rows}
        self.by_number = {(row.scheme, row.value): row.organization_id for row in numbers}
        self.added: list[Identifier] = []

    def find(self, described: Described) -> Organization | None:
        """Return the organization that is meant, or None. Raises IdentifierTaken."""
        numbers = described.identifiers.items()
        owners = {self.by_number[number] for number in numbers if number in self.by_number}
        named = {described.id} if described.id else owners
        if len(owners) > 1 or (owners and owners != named):
            raise IdentifierTaken("Its identifiers belong to another organization.")
        return self.by_id.get(next(iter(named))) if named else None


async def register(
    session: AsyncSession, *, caller: Caller | None, batch: Sequence[Described], at: datetime
) -> Sequence[Registered | Problem]:
    """Register organizations that are not there yet, found by id or by any identifier.

    New ones are announced (OrganizationRegistered) and their administrator is invited. One
    that is there keeps its name; identifiers it lacks are added. Answers are in order. A unified
    social credit code is normalized, and refused where its check fails.
    """
    await session.execute(select(ONE_BY_ONE))
    read = [_read(described) for described in batch]
    known = await _known(session, [one for one in read if isinstance(one, Described)])
    done: list[Registered | Problem] = []
    for described in read:
        if isinstance(described, Problem):
            done.append(described)
            continue
        try:
            done.append(await _register(session, caller, described, known, at))
        except Problem as refusal:
            done.append(refusal)
    await session.flush()  # the organizations, before what refers to them
    session.add_all(known.added)
    return done


def _read(described: Described) -> Described | Problem:
    code = described.identifiers.get("uscc")
    if code is None:
        return described
    try:
        read = uscc.read(code, field="identifiers.uscc")
    except uscc.WrongUscc as refusal:
        return refusal
    return replace(described, identifiers={**described.identifiers, "uscc": read.code})


async def _known(session: AsyncSession, batch: Sequence[Described]) -> _Known:
    asked = [number for described in batch for number in described.identifiers.items()]
    mine = tuple_(Identifier.scheme, Identifier.value).in_(asked)
    numbers = (await session.scalars(select(Identifier).where(mine))).all() if asked else []
    ids = {row.organization_id for row in numbers} | {d.id for d in batch if d.id}
    rows = await session.scalars(select(Organization).where(Organization.id.in_(ids)))
    return _Known(rows.all(), numbers)


async def _register(
    session: AsyncSession, caller: Caller | None, described: Described, known: _Known, at: datetime
) -> Registered:
    row = known.find(described)
    added = [n for n in described.identifiers.items() if n not in known.by_number]
    status = "registered" if row is None else "updated" if added else "unchanged"
    if row is None:
        row = Organization(id=described.id or uuid7(), name=described.name)
        session.add(row)
        known.by_id[row.id] = row
    for scheme, value in added:
        known.added.append(Identifier(organization_id=row.id, scheme=scheme, value=value))
        known.by_number[scheme, value] = row.id
    if status == "registered":
        await _announce(session, caller, row, described, at)
    return Registered(row, status)


async def _announce(
    session: AsyncSession,
    caller: Caller | None,
    row: Organization,
    described: Described,
    at: datetime,
) -> None:
    publish(
        session,
        OrganizationRegistered(
            organization_id=row.id,
            name=row.name,
            identifiers=dict(described.identifiers),
            registered_at=at,
        ),
    )
    if caller is None:
        session.add(records.entry(row.id, "registered", subject=row.name))
        return
    session.add(records.by(caller, "registered", organization_id=row.id, subject=row.name))
    if described.administrator:
        await session.flush()
        await people.invite(
            session,
            caller=caller,
            organization=row,
            email=described.administrator.email,
            name=described.administrator.name,
            language=described.administrator.language,
            roles=[Role.ORGANIZATION_ADMIN],
            at=at,
        )


async def suspend(
    session: AsyncSession, *, caller: Caller, organization_id: UUID, reason: str, at: datetime
) -> Organization:
    """Let nobody act for an organization: its people's sessions end and its clients stop.

    Announces OrganizationSuspended, by which access tokens that are out become void; they live
    five minutes at most. Raises NotFound, OwnOrganization.
    """
    if organization_id == caller.organization_id:
        raise OwnOrganization("Then nobody could resume it.")
    row = await _held(session, organization_id)
    if row.suspended_at is None:
        row.suspended_at = at
        publish(
            session,
            OrganizationSuspended(organization_id=organization_id, reason=reason, suspended_at=at),
        )
    await sessions.end_of(session, organization_id=organization_id, at=at)
    details = {"reason": reason}
    session.add(records.by(caller, "suspended", organization_id=organization_id, details=details))
    return row


async def resume(
    session: AsyncSession, *, caller: Caller, organization_id: UUID, reason: str, at: datetime
) -> Organization:
    """Let a suspended organization act again; announces OrganizationResumed. Raises NotFound."""
    row = await _held(session, organization_id)
    if row.suspended_at is not None:
        row.suspended_at = None
        publish(session, OrganizationResumed(organization_id=organization_id, resumed_at=at))
    details = {"reason": reason}
    session.add(records.by(caller, "resumed", organization_id=organization_id, details=details))
    return row


async def _held(session: AsyncSession, organization_id: UUID) -> Organization:
    row = await session.get(Organization, organization_id, with_for_update=True)
    if row is None:
        raise NotFound("There is no such organization.")
    return row
