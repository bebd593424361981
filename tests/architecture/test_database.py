"""What every schema promises, read from PostgreSQL's own catalog."""

import ast
import re
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from migrations.operations import take_time
from shared.migrating import INI
from tests.architecture.sources import called, modules, named, parsed
from tests.conftest import SERVICES

PARTIES = "('organization_id', 'buyer_id', 'supplier_id')"

UNPROTECTED = f"""
    SELECT DISTINCT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
    WHERE relnamespace = CAST(:schema AS regnamespace) AND relkind IN ('r', 'p')
        AND attname IN {PARTIES} AND NOT attisdropped
        AND NOT (relrowsecurity AND relforcerowsecurity)
"""  # noqa: S608  all parts are ours
WRITABLE_BY_ALL = """
    SELECT polrelid::regclass::text FROM pg_policy JOIN pg_class ON polrelid = pg_class.oid
    WHERE relnamespace = CAST(:schema AS regnamespace)
        AND to_regrole(:schema || '_app')::oid = ANY (polroles)
        AND polcmd IN ('*', 'a', 'w') AND (
            polwithcheck IS NULL AND polqual IS NULL
            OR pg_get_expr(polwithcheck, polrelid) IN ('true', '(true)'))
"""
POLICIES_OF_ANYBODY = """
    SELECT polrelid::regclass::text FROM pg_policy JOIN pg_class ON polrelid = pg_class.oid
    WHERE relnamespace = CAST(:schema AS regnamespace) AND polpermissive AND (
        0 = ANY (polroles)
        OR (to_regrole(:schema || '_app')::oid = ANY (polroles) AND cardinality(polroles) > 1)
        OR (to_regrole(:schema || '_app')::oid = ANY (polroles)
            AND pg_get_expr(polqual, polrelid) NOT LIKE '%app.organization_id%'
            AND pg_get_expr(polqual, polrelid) NOT LIKE '%SELECT%FROM%'))  -- a table with policies
"""
POWERS = """
    SELECT rolname FROM pg_roles
    WHERE rolname IN (:schema || '_app', :schema || '_system') AND (
        rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication
        OR EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid)
        OR EXISTS (SELECT FROM pg_auth_members WHERE member = pg_roles.oid))
"""
KEYS_PAST_THE_PARTIES = f"""
    SELECT conname FROM pg_constraint WHERE contype = 'f'
        AND connamespace = CAST(:schema AS regnamespace)
        AND EXISTS (
            SELECT attname FROM pg_attribute WHERE attrelid = conrelid AND attname IN {PARTIES}
            INTERSECT
            SELECT attname FROM pg_attribute WHERE attrelid = confrelid AND attname IN {PARTIES}
            EXCEPT
            SELECT attname FROM pg_attribute WHERE attrelid = conrelid AND attnum = ANY (conkey))
"""  # noqa: S608
UNIQUE_PAST_THE_PARTIES = f"""
    SELECT index.relname FROM pg_index
    JOIN pg_class AS index ON index.oid = indexrelid
    WHERE index.relnamespace = CAST(:schema AS regnamespace) AND indisunique AND NOT indisprimary
        AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = indrelid AND attname IN {PARTIES})
        AND NOT EXISTS (  -- the digest of a secret tells nobody anything
            SELECT FROM pg_attribute WHERE attrelid = indrelid AND attnum = ANY (indkey)
            AND (attname IN {PARTIES} OR atttypid = CAST('bytea' AS regtype)))
"""  # noqa: S608
VIEWS_OF_THE_OWNER = """
    SELECT relname FROM pg_class WHERE relnamespace = CAST(:schema AS regnamespace) AND (
        relkind = 'm' OR (relkind = 'v' AND NOT coalesce(reloptions, '{}') && ARRAY[
            'security_invoker=true', 'security_invoker=on', 'security_invoker=1']))
"""
FUNCTIONS_OF_THE_OWNER = """
    SELECT proname FROM pg_proc
    WHERE pronamespace = CAST(:schema AS regnamespace) AND prosecdef
"""
ENUMS = """
    SELECT typname FROM pg_type
    WHERE typnamespace = CAST(:schema AS regnamespace) AND typtype = 'e'
"""
RIGHTS = """
    SELECT grantee || ': ' || privilege_type FROM information_schema.column_privileges
    WHERE table_schema = :schema AND table_name = :name AND privilege_type = 'UPDATE'
        AND grantee <> :schema || '_owner'
    UNION
    SELECT grantee || ': ' || privilege_type FROM information_schema.table_privileges
    WHERE table_schema = :schema AND table_name = :name
        AND privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE') AND grantee <> :schema || '_owner'
"""
PROMISES = {
    "a table with party columns is protected, also from its owner": UNPROTECTED,
    "nobody writes rows of others": WRITABLE_BY_ALL,
    "no policy speaks to everybody": POLICIES_OF_ANYBODY,
    "no role that works is above the rules": POWERS,
    "a foreign key leads to no row of other parties": KEYS_PAST_THE_PARTIES,
    "what must be unique is unique per party": UNIQUE_PAST_THE_PARTIES,
    "a view looks with the eyes of who asks": VIEWS_OF_THE_OWNER,
    "no function looks with others' eyes": FUNCTIONS_OF_THE_OWNER,
    "no enum lets a predicate run before the policy": ENUMS,
}
KNOWINGLY = {
    "fk_authorizations_client_id": "a program acts for people of other organizations than its own",
    "fk_authorizations_session_id": "whoever is signed in may change to another organization",
    "uq_identifiers_scheme_value": "a code of the real world belongs to one organization",
}
PLANTED = {
    UNPROTECTED: "CREATE TABLE planted (organization_id uuid)",
    WRITABLE_BY_ALL: """
        CREATE TABLE planted (buyer_id uuid);
        CREATE POLICY parties ON planted TO {service}_app USING (false) WITH CHECK (true)
    """,
    POLICIES_OF_ANYBODY: """
        CREATE TABLE planted (buyer_id uuid); CREATE POLICY everybody ON planted USING (true)
    """,
    POWERS: "ALTER ROLE {service}_system BYPASSRLS",
    KEYS_PAST_THE_PARTIES: """
        CREATE TABLE one (id uuid PRIMARY KEY, buyer_id uuid);
        CREATE TABLE two (one_id uuid REFERENCES one, buyer_id uuid)
    """,
    UNIQUE_PAST_THE_PARTIES: "CREATE TABLE planted (buyer_id uuid, number text UNIQUE)",
    VIEWS_OF_THE_OWNER: "CREATE VIEW planted AS SELECT 1",
    FUNCTIONS_OF_THE_OWNER: (
        "CREATE FUNCTION planted() RETURNS int SECURITY DEFINER LANGUAGE sql RETURN 1"
    ),
    ENUMS: "CREATE TYPE planted AS ENUM ('x')",
}


@pytest.fixture
def connection(superuser: Engine, database_url: str) -> Iterator[Connection]:
    """Open a transaction that never commits, on the migrated database."""
    assert database_url
    with superuser.connect() as opened:
        yield opened
        opened.rollback()


def found(connection: Connection, query: str, service: str, **given: Any) -> list[str]:  # noqa: ANN401
    """Return what a query finds in a service's schema."""
    return list(connection.scalars(text(query), {"schema": service, **given}))


def append_only_tables() -> list[tuple[str, str]]:
    """Return the tables that migrations close to every change, with their services."""
    return [
        (path.parent.name, node.args[0].value)
        for path in modules("migrations")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call)
        and called(node.func) == "append_only"
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    ]


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("promise", PROMISES)
def test_the_schema_keeps_its_promise(promise: str, service: str, connection: Connection) -> None:
    broken = set(found(connection, PROMISES[promise], service)) - set(KNOWINGLY)
    assert not broken


@pytest.mark.parametrize("promise", PROMISES)
def test_a_broken_promise_is_seen(promise: str, connection: Connection) -> None:
    service = SERVICES[0]
    connection.execute(text(f"SET search_path = {service}"))
    connection.execute(text(PLANTED[PROMISES[promise]].format(service=service)))
    assert found(connection, PROMISES[promise], service) != []


def alembic_config(service: str, database_url: str) -> Config:
    """Return Alembic's view of a service, which speaks to nobody."""
    attributes = {"database_url": database_url}
    return Config(str(INI), ini_section=service, attributes=attributes, stdout=StringIO())


@pytest.mark.parametrize("service", SERVICES)
def test_the_models_describe_what_was_migrated(service: str, database_url: str) -> None:
    command.check(alembic_config(service, database_url))


def test_a_forgotten_migration_is_seen(database_url: str, superuser: Engine) -> None:
    service = SERVICES[0]
    with superuser.begin() as connection:
        connection.execute(text(f"ALTER TABLE {service}.outbox ADD planted int"))
    try:
        with pytest.raises(CommandError, match="planted"):
            command.check(alembic_config(service, database_url))
    finally:
        with superuser.begin() as connection:
            connection.execute(text(f"ALTER TABLE {service}.outbox DROP planted"))


def later_migrations() -> list[tuple[str, str]]:
    """Return the sources of migrations of tables that may be large already."""
    sources = {path.name: path.read_text() for path in modules("migrations")}
    return [
        (name, source)
        for name, source in sources.items()
        if "down_revision = " in source and "down_revision = None" not in source
    ]


LONG = re.compile(r"CREATE INDEX|\bUPDATE [a-z]+ SET|GENERATED ALWAYS|SET NOT NULL|VALIDATE")


@pytest.mark.parametrize(("name", "source"), later_migrations())
def test_a_migration_of_large_tables_may_take_time(name: str, source: str) -> None:
    assert not LONG.search(source) or "take_time()" in source, name


def test_what_takes_long_ends_unless_it_may_take_time(superuser: Engine) -> None:
    with superuser.connect() as connection:
        context = MigrationContext.configure(connection)
        with Operations.context(context):
            connection.execute(text("SET LOCAL statement_timeout = '20ms'"))
            with pytest.raises(OperationalError, match="timeout"), connection.begin_nested():
                connection.execute(text("SELECT pg_sleep(0.1)"))
            take_time()
            connection.execute(text("SELECT pg_sleep(0.1)"))


@pytest.mark.parametrize(("service", "table"), append_only_tables())
def test_history_is_never_rewritten(service: str, table: str, connection: Connection) -> None:
    assert found(connection, RIGHTS, service, name=table) == []
    connection.execute(text(f"GRANT DELETE ON {service}.{table} TO {service}_app"))
    assert found(connection, RIGHTS, service, name=table) != []


def test_every_service_with_models_is_migrated() -> None:
    with_models = {
        path.parts[-2] if path.stem == "models" else path.parts[-3]
        for path in modules("services")
        if path.stem == "models" or path.parts[-2:] == ("models", "__init__.py")
    }
    assert with_models == set(SERVICES), f"{named(INI)} has a section for each"
