"""Tests run on real PostgreSQL and Kafka, as the roles that production has."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

import pytest
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy import Engine, create_engine, text

from contracts.event import Event
from contracts.scopes import Scope
from shared import local
from shared.app import Service, create_app
from shared.auth import Caller
from shared.database import Store, open_store
from shared.local import Kafka
from shared.migrating import INI, INIS, migrate, migrated_services
from tests.probe.contracts import Noted

pytest_plugins = ["tests.absences", "tests.telling"]

EMPTY = text(
    """
    DO $$ DECLARE name text; BEGIN
        SET LOCAL session_replication_role = replica; -- in any order, whatever refers to what
        FOR name IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
            WHERE tableowner LIKE '%_owner' AND tablename <> 'alembic_version'
        LOOP EXECUTE 'DELETE FROM ' || name; END LOOP;
    END $$
    """
)

SERVICES = [name for name in migrated_services() if (INI.parent / "migrations" / name).is_dir()]

Stores = dict[str, Store]
SignIn = Callable[..., AsyncClient]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """Give servers a place of their own: pytest's may not be entered by PostgreSQL's account."""
    with TemporaryDirectory(prefix="lianqiao-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@pytest.fixture(scope="session")
def empty_database_url(folder: Path) -> Iterator[str]:
    with local.postgres(folder / "postgres", durable=False) as url:
        yield url


@pytest.fixture(scope="session")
def database_url(empty_database_url: str) -> str:
    """Build every schema the way production does: by running the migrations."""
    for service in SERVICES:
        migrate(service, database_url=empty_database_url)
    return empty_database_url


@pytest.fixture(scope="session")
async def opened(database_url: str) -> AsyncIterator[Stores]:
    stores = {service: open_store(database_url, service=service) for service in SERVICES}
    yield stores
    for store in stores.values():
        await store.close()


@pytest.fixture(scope="session")
def superuser(empty_database_url: str) -> Iterator[Engine]:
    engine = create_engine(empty_database_url, connect_args={"options": "-c lock_timeout=4s"})
    yield engine
    engine.dispose()


@pytest.fixture
def stores(opened: Stores, superuser: Engine) -> Iterator[Stores]:
    """Yield every service's store, empty; tests commit, and then all of it is deleted."""
    yield opened
    with superuser.begin() as connection:
        connection.execute(EMPTY)


@pytest.fixture(scope="session")
async def probe_opened(empty_database_url: str) -> AsyncIterator[Store]:
    """Create the schema of the service that only tests of the kernel know."""
    INIS.append(Path(__file__).parent / "probe" / "alembic.ini")
    migrate("probe", database_url=empty_database_url)
    store = open_store(empty_database_url, service="probe")
    yield store
    await store.close()


@pytest.fixture
def probe(probe_opened: Store, superuser: Engine) -> Iterator[Store]:
    """Yield the probe's store, empty, while its event is one that readers know."""
    Event.catalogue[Noted.type] = Noted
    yield probe_opened
    del Event.catalogue[Noted.type]
    with superuser.begin() as connection:
        connection.execute(EMPTY)


@pytest.fixture
def broker(folder: Path) -> Iterator[Kafka]:
    """Run a broker for one test, which hears nothing of what others said on the same topics."""
    with local.kafka(folder / f"kafka-{uuid4().hex}") as running:
        yield running


def service_named(name: str) -> Service:
    """Return what a service's main module exports."""
    found = import_module(f"services.{name}.main").service
    assert isinstance(found, Service)
    return found


@pytest.fixture
async def sign_in(stores: Stores) -> AsyncIterator[SignIn]:
    """Open a service's API: `sign_in("orders", organization_id, Scope.ORDERS_READ, …)`."""
    async with AsyncExitStack() as stack:

        def as_organization(
            service: str,
            organization_id: UUID,
            *scopes: Scope,
            name: str = "Li Wei",
            user_id: UUID | None = None,
        ) -> AsyncClient:
            caller = Caller(
                organization_id=organization_id,
                scopes=frozenset(scopes),
                client_id="tests",
                user_id=user_id or uuid4(),
                name=name,
            )
            app = create_app(service_named(service), store=stores[service], verify=lambda _: caller)
            client = AsyncClient(
                transport=ASGITransport(app, raise_app_exceptions=False),
                base_url=f"http://localhost/api/{service}/v1/",
                headers={"Authorization": "Bearer x"},
            )
            stack.push_async_callback(client.aclose)
            return client

        yield as_organization
