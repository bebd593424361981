"""A company comes by itself: its organization, and the person who administers it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.scopes import Role
from services.identity.commands import mail, organizations, passwords, people, records, sessions
from services.identity.domain.passwords import Limit, check_password
from services.identity.models import Identifier, Organization, Password, User
from shared.database import Sessions, transaction
from shared.problem import Busy, Conflict, Problem

USCC = "uscc"
PER_REGISTRATION = Limit(free=30)  # from one network address, which an industrial park may share
FIRST_ROLES = (
    Role.ORGANIZATION_ADMIN,
    Role.SUPPLIER_FINANCE,
    Role.SUPPLIER_LOGISTICS,
    Role.SUPPLIER_PRODUCTION,
    Role.SUPPLIER_SALES,
)


class AlreadyHere(Conflict):
    """The company is on the platform already."""


@dataclass(frozen=True)
class Registration:
    """What somebody says of a company and of oneself; the code was read, the rest is trimmed."""

    uscc: str
    organization: str
    name: str
    email: str
    password: str
    language: str


async def is_here(session: AsyncSession, *, uscc: str) -> bool:
    """Tell whether an organization has this code."""
    here = Identifier.scheme == USCC, Identifier.value == uscc
    return await session.scalar(select(Identifier.id).where(*here)) is not None


async def register(
    store: Sessions, asked: Registration, *, address: str, browser: str, at: datetime
) -> str:
    """Register a company with its first administrator and sign in; return the cookie's secret.

    Announces OrganizationRegistered and writes a letter to the administrator. Somebody new chooses
    a password; who has one already proves it. One code makes one organization, however many ask.

    Raises AlreadyHere, WeakPassword, WrongPassword, TooManyAttempts.
    """
    async with transaction(store) as session:
        await passwords.count_registration(session, address, PER_REGISTRATION, at=at)
    async with transaction(store) as session:
        if await is_here(session, uscc=asked.uscc):
            raise _already_here()
        known = await session.scalar(select(User.id).where(User.email == asked.email))
    kept = None
    if known:
        proof = asked.email, asked.password
        await passwords.prove(store, email=proof[0], password=proof[1], address=address, at=at)
    else:
        check_password(asked.password, clues=(asked.email, asked.name, asked.organization))
        kept = await passwords.hashed(asked.password)
    async with transaction(store) as session:
        organization = await _organization(session, asked, at)
        user = await _person(session, asked, kept, at)
        roles = [str(role) for role in FIRST_ROLES]
        await people.become(session, organization.id, user, roles, at=at)
        joined = records.entry(
            organization.id, "joined", actor=user, subject=user.email, address=address
        )
        session.add(joined)
        words = {"organization": organization.name}
        mail.write(session, user, mail.REGISTERED, at=at, path="/sign-in", **words)
        return sessions.begin(session, user, address=address, browser=browser, at=at)


async def _organization(session: AsyncSession, asked: Registration, at: datetime) -> Organization:
    described = organizations.Described(asked.organization, identifiers={USCC: asked.uscc})
    [done] = await organizations.register(session, caller=None, batch=[described], at=at)
    if isinstance(done, Problem):
        raise done
    if done.status != "registered":
        raise _already_here()
    return done.organization


async def _person(
    session: AsyncSession, asked: Registration, kept: str | None, at: datetime
) -> User:
    """Return who administers; with a new password, a person who was not there before."""
    mine = select(User).where(User.email == asked.email)
    if kept is None:
        return (await session.scalars(mine)).one()
    row = {"email": asked.email, "name": asked.name, "language": asked.language, "created_at": at}
    creating = insert(User).values(row).on_conflict_do_nothing().returning(User.id)
    if await session.scalar(creating) is None:
        raise Busy("Somebody registers with this address just now; try again in a moment.")
    user = (await session.scalars(mine)).one()
    session.add(Password(user_id=user.id, hash=kept, changed_at=at))
    return user


def _already_here() -> AlreadyHere:
    return AlreadyHere("Your company is here already: sign in as its administrator.")
