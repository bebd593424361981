"""Bring database and broker to what this release expects; it can be done again and again."""

import os
from collections.abc import Callable
from functools import partial

from sqlalchemy import exc

from lianqiao.installation import (
    KAFKA_SERVERS,
    PORTAL_SECRET,
    CannotError,
    keep,
    kept,
    service_names,
    topics,
)
from lianqiao.serving import stores_of, unreachable
from shared.database import transaction, utc_now
from shared.kafka import create_topics
from shared.migrating import migrate
from shared.settings import settings

OPERATOR_SECRET = "LIANQIAO_OPERATOR_CLIENT_SECRET"  # noqa: S105  the name of a variable

Say = Callable[[str], None]


def migrate_all(say: Say) -> list[str]:
    """Create or upgrade every service's roles, schema and tables; return the services' names."""
    for name in service_names():
        say(f"Migrating {name} …")
        try:
            migrate(name, database_url=settings().database_url)
        except exc.OperationalError as error:
            raise CannotError(unreachable(error)) from error
    return list(service_names())


def create_all_topics() -> None:
    """Create the topic of every publishing service, where it does not exist yet."""
    try:
        create_topics(settings().kafka_servers, topics())
    except (ConnectionError, OSError) as error:
        raise CannotError(
            f"No Kafka broker answers at {settings().kafka_servers} ({KAFKA_SERVERS})."
        ) from error


async def introduce() -> None:
    """Make what identity needs before anybody signs in: a key, the operator and the portal.

    Secrets come from the environment; without one its client is left as it is.
    """
    from services.identity import commands  # noqa: PLC0415  not for commands that do without

    async with stores_of(["identity"]) as stores, transaction(stores["identity"].system) as session:
        at = utc_now()
        await commands.ensure_signing_key(session, at=at)
        await commands.ensure_operator(session, name="Lianqiao", at=at)
        if secret := os.environ.get(OPERATOR_SECRET):
            make = partial(commands.ensure_operator_client, session, name="operator-cli", at=at)
            client_id = (await make(secret=secret)).client_id
            if kept("operator") != {"client_id": client_id, "secret": secret}:
                keep("operator", {"client_id": client_id, "secret": secret})
        if secret := os.environ.get(PORTAL_SECRET):
            await commands.ensure_portal_client(
                session, redirect_uris=[f"{settings().issuer}/signed-in"], secret=secret, at=at
            )
