"""The database itself keeps one organization's rows from another."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import uuid4

import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from shared.database import act_as, transaction
from tests.conftest import SERVICES, Stores
from tests.story import Cast
from tests.tenancy.rows import PARTIES, tables
from tests.world import Party, World

ROLES = "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
KERNEL = "outbox", "inbox", "dead_letters", "discarded_letters", "alembic_version"
ATTEMPTS = [
    "SET ROLE {service}_system",
    "SET SESSION AUTHORIZATION {service}_system",
    "SELECT set_config('role', '{service}_system', true)",
    "SET row_security = off",
    "ALTER ROLE {service}_app BYPASSRLS",
    "GRANT {service}_system TO {service}_app",
    "CREATE POLICY mine ON {table} USING (true)",
    "ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
    "SELECT set_config('app.system', 'relay', true)",
    "SELECT set_config('app.organization_id', '', true)",
]


@contextmanager
def acting(superuser: Engine, service: str, party: Party | None, *ddl: str) -> Iterator[Connection]:
    """Act as a service's app role, on a schema broken as one likes; all of it is rolled back."""
    with superuser.connect() as connection:
        connection.execute(text(f"SET LOCAL search_path = {service}"))
        for line in ddl:
            connection.execute(text(line))
        connection.execute(text(act_as(party.id if party else None)))
        connection.execute(text(f"SET LOCAL ROLE {service}_app"))
        yield connection
        connection.rollback()


def party_tables(superuser: Engine) -> list[tuple[str, str, list[str]]]:
    """Return every table that says whose its rows are, with the columns that say it."""
    return [
        (service, table, sorted(parties))
        for service in SERVICES
        for table, columns in tables(superuser, service).items()
        if (parties := set(columns) & set(PARTIES))
    ]


def row_of(superuser: Engine, service: str, table: str, whose: str) -> dict[str, Any] | None:
    """Return a row that the first pair has and an outsider has no part in."""
    with superuser.connect() as connection:
        found = connection.scalar(
            text(f"SELECT to_json(t) FROM {service}.{table} t WHERE {whose} LIMIT 1")  # noqa: S608
        )
    return dict(found) if found else None


def of_the_pair(cast: Cast, columns: list[str]) -> str:
    """Return the condition under which a row is of the first pair alone."""
    pair = f"('{cast.buyer.id}', '{cast.supplier.id}')"
    return " AND ".join(f"coalesce({column}::text, '') IN {pair}" for column in columns)


def seen(connection: Connection, table: str, condition: str) -> int:
    """Count the rows of others that show; a table that the role may not read shows none."""
    with suppress(ProgrammingError), connection.begin_nested():
        counted = f"SELECT count(*) FROM {table} WHERE {condition}"  # noqa: S608
        return int(connection.scalar(text(counted)) or 0)
    return 0


def changed(connection: Connection, table: str, condition: str, column: str) -> int:
    """Count the rows of others that could be changed or taken away."""
    count = 0
    for change in (
        f"UPDATE {table} SET {column} = {column} WHERE {condition}",  # noqa: S608
        f"DELETE FROM {table} WHERE {condition}",  # noqa: S608
    ):
        try:
            with suppress(ProgrammingError), connection.begin_nested():
                count += connection.execute(text(change)).rowcount
        except IntegrityError:  # what refers to the row is in the way, and no policy was
            count += 1
    return count


def planted(superuser: Engine, connection: Connection, service: str, table: str, row: Any) -> bool:  # noqa: ANN401
    """Tell whether a row could be put among those of others."""
    generated = (
        "SELECT attname FROM pg_attribute WHERE attrelid = '{}'::regclass AND attgenerated <> ''"
    )
    with superuser.connect() as other:
        computed = set(other.scalars(text(generated.format(f"{service}.{table}"))))
    names = ", ".join(name for name in row if name not in computed)
    put = f"""
        INSERT INTO {table} ({names})
        SELECT {names} FROM json_populate_record(NULL::{table}, CAST(:row AS json))
    """  # noqa: S608
    try:
        with connection.begin_nested():
            connection.execute(text(put), {"row": json.dumps(row)})
    except DBAPIError as refusal:  # a key that is taken says that the policy had let it pass
        return not isinstance(refusal.orig, InsufficientPrivilege)
    return True


def breaches(superuser: Engine, cast: Cast, *ddl: str) -> list[str]:
    """Try to see, change and plant rows of the first pair in every table, as an outsider."""
    found = []
    for service, table, columns in party_tables(superuser):
        condition = of_the_pair(cast, columns)
        row = row_of(superuser, service, table, condition)
        if row is None:
            continue
        breaking = [line.format(table=table, service=service) for line in ddl]
        for outsider in cast.outsiders:
            with acting(superuser, service, outsider, *breaking) as connection:
                if seen(connection, table, condition):
                    found.append(f"{service}.{table} shows")
                if changed(connection, table, condition, columns[0]):
                    found.append(f"{service}.{table} changes")
                if planted(superuser, connection, service, table, row):
                    found.append(f"{service}.{table} takes in")
    return found


async def test_no_row_of_others_is_seen_changed_or_planted(cast: Cast, superuser: Engine) -> None:
    assert breaches(superuser, cast) == []


@pytest.mark.parametrize(
    "ddl",
    [
        "CREATE POLICY everybody ON {table} USING (true) WITH CHECK (true)",
        "ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
        "GRANT {service}_system TO {service}_app WITH INHERIT TRUE",
    ],
)
async def test_without_the_row_policies_all_of_it_goes_red(
    ddl: str, cast: Cast, superuser: Engine
) -> None:
    open_now = " ".join(breaches(superuser, cast, ddl))
    for service, table, columns in party_tables(superuser):
        with acting(superuser, service, None) as connection:
            readable = connection.scalar(
                text("SELECT has_table_privilege(:table, 'SELECT')"), {"table": table}
            )
        if readable and row_of(superuser, service, table, of_the_pair(cast, columns)):
            assert f"{service}.{table} shows" in open_now


async def test_the_story_leaves_a_row_in_every_table_of_parties(
    cast: Cast, superuser: Engine
) -> None:
    """What nobody has rows in proves nothing; sessions of the portal begin in a browser."""
    empty = [
        f"{service}.{table}"
        for service, table, columns in party_tables(superuser)
        if service != "portal" and not row_of(superuser, service, table, of_the_pair(cast, columns))
    ]
    assert not empty


async def test_a_request_sees_nothing_without_saying_who_acts(
    cast: Cast, superuser: Engine
) -> None:
    for service, table, columns in party_tables(superuser):
        with acting(superuser, service, None) as connection:
            assert seen(connection, table, of_the_pair(cast, columns)) == 0


async def test_no_sql_in_a_request_makes_itself_system(
    world: World, cast: Cast, superuser: Engine
) -> None:
    for service, table, columns in party_tables(superuser):
        others = text(f"SELECT count(*) FROM {table} WHERE {of_the_pair(cast, columns)}")  # noqa: S608
        app = world.stores[service].app
        for attempt in ATTEMPTS:
            with suppress(ProgrammingError):
                async with transaction(app, actor=cast.other_supplier.id) as session:
                    await session.execute(text(attempt.format(service=service, table=table)))
                    assert await session.scalar(others) == 0, attempt


@pytest.mark.parametrize("service", SERVICES)
async def test_neither_role_is_above_the_rules(service: str, stores: Stores) -> None:
    for sessions, role in zip(stores[service], ("app", "system"), strict=True):
        async with transaction(sessions) as session:
            found = (await session.execute(text(ROLES))).one()
        assert tuple(found) == (f"{service}_{role}", False, False)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("table", KERNEL)
async def test_a_request_reads_no_mail(table: str, service: str, stores: Stores) -> None:
    with pytest.raises(ProgrammingError, match=f"permission denied for table {table}"):
        async with transaction(stores[service].app, actor=uuid4()) as session:
            await session.execute(text(f"SELECT * FROM {table}"))  # noqa: S608


@pytest.mark.parametrize("service", SERVICES)
async def test_every_other_service_is_out_of_reach(
    service: str, stores: Stores, superuser: Engine
) -> None:
    for other in set(SERVICES) - {service}:
        table = next(iter(tables(superuser, other)))
        for sessions in stores[service]:
            with pytest.raises(ProgrammingError, match=f"permission denied for schema {other}"):
                async with transaction(sessions, actor=uuid4()) as session:
                    await session.execute(text(f"SELECT * FROM {other}.{table}"))  # noqa: S608


async def test_the_system_sees_every_organization(world: World, cast: Cast) -> None:
    orders = "SELECT count(DISTINCT buyer_id) FROM orders"
    async with transaction(world.stores["orders"].system) as session:
        assert await session.scalar(text(orders)) == len({cast.buyer, cast.other_buyer})
