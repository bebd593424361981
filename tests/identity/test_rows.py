"""What requests may read and change is decided by the database, not by a careful query."""

import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import select, text, update
from sqlalchemy.exc import ProgrammingError

from services.identity.main import CHECKS
from services.identity.models import (
    AuditEntry,
    Authorization,
    Client,
    Membership,
    Organization,
    Session,
    User,
)
from shared.database import transaction
from tests.identity.factories import World

SECRETS = [
    "passwords",
    "password_resets",
    "throttles",
    "refresh_tokens",
    "access_tokens",
    "used_assertions",
    "signing_keys",
    "mails",
]


@pytest.mark.parametrize("table", SECRETS)
async def test_requests_read_no_secrets(world: World, table: str) -> None:
    with pytest.raises(ProgrammingError) as refused:
        async with transaction(world.store.app, actor=world.ids["supplier"]) as session:
            await session.execute(text(f"SELECT * FROM {table}"))  # noqa: S608  ours
    assert isinstance(refused.value.orig, InsufficientPrivilege)


async def test_an_organization_sees_its_own_rows(world: World) -> None:
    for name in "li", "wang":
        browser = await world.signed_in(name)
        await browser.tokens("portal")
    async with transaction(world.store.app, actor=world.ids["supplier"]) as session:
        assert list(await session.scalars(select(Organization.name))) == ["supplier"]
        assert list(await session.scalars(select(User.name))) == ["Li"]
        assert list(await session.scalars(select(Membership.user_id))) == [world.ids["li"]]
        assert set(await session.scalars(select(Authorization.user_id))) == {world.ids["li"]}
        assert len(list(await session.scalars(select(Session.id)))) == 1
        found = set(await session.scalars(select(Client.organization_id)))
        assert found == {world.ids["supplier"]}
        found = set(await session.scalars(select(AuditEntry.organization_id)))
        assert found == {world.ids["supplier"]}


async def test_nobody_sees_nothing(world: World) -> None:
    await (await world.signed_in("li")).tokens()
    async with transaction(world.store.app) as session:
        for column in Organization.id, User.id, Membership.user_id, Client.id, Session.id:
            assert list(await session.scalars(select(column))) == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE organizations SET suspended_at = NULL",
        "UPDATE users SET email = 'x'",
        "UPDATE sessions SET expires_at = now()",
        "UPDATE authorizations SET scope = 'identity:operate'",
        "UPDATE audit_entries SET action = 'x'",
        "DELETE FROM audit_entries",
        "DELETE FROM memberships",
        "INSERT INTO memberships SELECT * FROM memberships",
        "INSERT INTO identifiers SELECT * FROM identifiers",
    ],
)
async def test_requests_change_only_what_an_administrator_may(world: World, change: str) -> None:
    with pytest.raises(ProgrammingError) as refused:
        async with transaction(world.store.app, actor=world.ids["supplier"]) as session:
            await session.execute(text(change))
    assert isinstance(refused.value.orig, InsufficientPrivilege)


async def test_another_organizations_rows_do_not_change(world: World) -> None:
    async with transaction(world.store.app, actor=world.ids["buyer"]) as session:
        change = update(Membership).where(Membership.organization_id == world.ids["supplier"])
        changed = await session.execute(change.values(roles=[]).returning(Membership.user_id))
        assert changed.all() == []


async def test_a_client_cannot_be_handed_to_another(world: World) -> None:
    theft = update(Client).where(Client.id == world.ids["web"])
    async with transaction(world.store.app, actor=world.ids["supplier"]) as session:
        with pytest.raises(ProgrammingError) as refused:
            await session.execute(theft.values(organization_id=world.ids["buyer"]))
        await session.rollback()
    assert isinstance(refused.value.orig, InsufficientPrivilege)


async def test_the_invariants_are_sound_sql_and_hold(world: World) -> None:
    await (await world.signed_in("li")).tokens()
    async with transaction(world.store.system) as session:
        for name, query in CHECKS.items():
            assert (await session.execute(text(query))).all() == [], name
