"""What lies in the tables, and who may see it there."""

from collections.abc import Mapping, Sequence
from functools import cache

from sqlalchemy import Engine, text

from shared.database import Store, transaction
from tests.conftest import SERVICES
from tests.world import Party, World

PARTIES = "organization_id", "buyer_id", "supplier_id"
KERNEL = {"alembic_version", "consumer_positions"}
OK = 200
READABLE = text(
    """
    SELECT to_regclass(:table) IS NOT NULL AND EXISTS (
        SELECT FROM pg_attribute WHERE attrelid = to_regclass(:table) AND attname = 'id'
        AND has_column_privilege(attrelid, attnum, 'SELECT'))
    """
)
TABLES = text(
    """
    SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position) AS columns
    FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
    WHERE table_schema = :schema AND table_type = 'BASE TABLE' GROUP BY table_name
    """
)


@cache
def tables(superuser: Engine, service: str) -> dict[str, list[str]]:
    """Return the tables of a service with their columns."""
    with superuser.connect() as connection:
        found = connection.execute(TABLES, {"schema": service}).all()
    return {name: columns for name, columns in found if name not in KERNEL}


def digests(superuser: Engine) -> dict[str, str]:
    """Return a digest of every table of every service: it changes when any row does."""
    one = "SELECT '{0}', count(*) || coalesce(md5(string_agg(t::text, ' ' ORDER BY t::text)), '')"
    every = [
        f"{one} FROM {service}.{table} t".format(f"{service}.{table}")
        for service in SERVICES
        for table in tables(superuser, service)
    ]
    with superuser.connect() as connection:
        return dict(connection.execute(text(" UNION ALL ".join(every))).all())


async def visible_ids(store: Store, table: str, party: Party) -> list[str]:
    """Return the ids of the rows of a table that the database shows to an organization."""
    async with transaction(store.app, actor=party.id) as session:
        readable = await session.scalar(READABLE, {"table": table})
        if not readable:
            return []
        found = await session.scalars(text(f"SELECT id::text FROM {table} ORDER BY id"))  # noqa: S608
        return list(found)


async def listed_ids(world: World, service: str, name: str, party: Party) -> list[str]:
    """Return the ids that a list shows to a party: `work_order_id` is of `/work-orders`."""
    path = f"{world.services[service].prefix}/{plural(name).replace('_', '-')}"
    token = world.token(party)
    answer = await world.send(service, "GET", path, token=token, params={"limit": 200})
    shown = answer.json() if answer.status_code == OK else {}
    return [str(item["id"]) for item in shown.get("items", ()) if "id" in item]


def plural(name: str) -> str:
    """Return what things are called together whose id goes by a name."""
    return f"{name.removesuffix('_id')}s"


class Acquaintance:
    """The ids that parties can see, looked up once each."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._seen: dict[tuple[str, str, Party], Sequence[str]] = {}

    async def ids(self, service: str, names: set[str], party: Party) -> Mapping[str, Sequence[str]]:
        """Return what a party can see, by the names under which it is sent."""
        found = {}
        for name in sorted(names):
            key = service, name, party
            if key not in self._seen:
                self._seen[key] = await self._look(*key)
            found[name] = self._seen[key]
        return found

    async def _look(self, service: str, name: str, party: Party) -> Sequence[str]:
        listed = await listed_ids(self._world, service, name, party)
        stored = await visible_ids(self._world.stores[service], plural(name), party)
        return listed + [one for one in stored if one not in listed]
