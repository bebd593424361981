"""Run one service's migrations as its owner: `alembic --name production upgrade head`."""

from importlib import import_module

from alembic import context
from sqlalchemy import NullPool, create_engine, text

import shared.idempotency
import shared.inbox
from shared.database import KernelModel
from shared.settings import settings

service = context.config.config_ini_section
models = import_module(context.config.get_section_option(service, "models") or "")
assert shared.inbox, shared.idempotency  # they register the kernel's own tables

# The owner migrates. The app role serves requests and the system role relays and consumes: both
# work in the schema, own nothing, bypass nothing, and neither can become the other.
BORDER = """
DO $$ BEGIN
    IF to_regrole('{service}_owner') IS NULL THEN
        CREATE ROLE {service}_owner NOLOGIN;
        CREATE ROLE {service}_app LOGIN NOINHERIT;
        CREATE ROLE {service}_system LOGIN NOINHERIT;
        ALTER ROLE {service}_app SET search_path = {service};
        ALTER ROLE {service}_system SET search_path = {service};
    END IF;
    IF to_regnamespace('{service}') IS NULL THEN
        CREATE SCHEMA {service} AUTHORIZATION {service}_owner;
        GRANT USAGE ON SCHEMA {service} TO {service}_app, {service}_system;
        ALTER DEFAULT PRIVILEGES FOR ROLE {service}_owner IN SCHEMA {service}
            GRANT SELECT, INSERT, UPDATE ON TABLES TO {service}_app, {service}_system;
        ALTER DEFAULT PRIVILEGES FOR ROLE {service}_owner IN SCHEMA {service}
            GRANT USAGE ON SEQUENCES TO {service}_app, {service}_system;
    END IF;
END $$
"""

# A role's secret reaches PostgreSQL as a parameter of this transaction, never as SQL in a log.
LET_IN = """
DO $$ BEGIN
    EXECUTE format('ALTER ROLE %I PASSWORD %L',
        current_setting('app.role'), current_setting('app.secret'));
END $$
"""
GIVE = text("SELECT set_config('app.role', :role, true), set_config('app.secret', :secret, true)")

database_url = context.config.attributes.get("database_url") or settings().database_url
engine = create_engine(database_url, poolclass=NullPool)  # a lock ends with its connection
with engine.connect() as connection:
    connection.execute(text("SELECT pg_advisory_lock(hashtext('lianqiao.migrate'))"))
    connection.execute(text("SET createrole_self_grant = 'set'"))  # for a user that is no superuser
    connection.execute(text(BORDER.format(service=service)))
    for role in f"{service}_app", f"{service}_system":
        if secret := settings().database_role_secrets.get(role):
            connection.execute(GIVE, {"role": role, "secret": secret.get_secret_value()})
            connection.execute(text(LET_IN))
    connection.execute(text(f"SET ROLE {service}_owner"))
    connection.execute(text(f"SET search_path = {service}"))
    connection.execute(text("SET lock_timeout = '4s'"))
    connection.execute(text("SET statement_timeout = '5s'"))
    connection.commit()
    connection.dialect.default_schema_name = service
    context.configure(
        connection=connection,
        target_metadata=[models.Model.metadata, KernelModel.metadata],
        transaction_per_migration=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()
