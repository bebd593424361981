"""One transaction per request or message, on somebody's behalf. Only this module commits."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from importlib.resources import files
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import orjson
import psycopg
from fastapi import Depends, Request
from psycopg.pq import TransactionStatus
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    DateTime,
    MetaData,
    Text,
    TextClause,
    event,
    exc,
    func,
    literal,
    make_url,
    text,
)
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7

from shared.auth import Caller, authenticated
from shared.settings import settings

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
TYPES = {datetime: DateTime(timezone=True), int: BigInteger}
STATEMENT_S_MAX = {"app": 30, "system": 300}  # by role; longer work is a job, in steps
UNAVAILABLE = exc.OperationalError, exc.InterfaceError, exc.TimeoutError  # or something is locked
AWAY = "08", "53", "57P", "58"  # SQLSTATEs of connections, resources, shutdown and the system
ANEW = text("SET LOCAL plan_cache_mode = force_custom_plan")
LOCKED = "40001", "40P01", "55P03"

Sessions = async_sessionmaker[AsyncSession]


class Store(NamedTuple):
    """The two ways into a service's schema, as two database roles that see different rows."""

    app: Sessions  # requests: what the organization that acts is party to
    system: Sessions  # relays and consumers: everything

    async def close(self) -> None:
        """Let go of all connections."""
        for sessions in self:
            await sessions.kw["bind"].dispose()


def utc_now() -> datetime:
    """Return the time; whoever needs it takes it as `at=`, and only edges call this."""
    return datetime.now(UTC)


class KernelModel(DeclarativeBase):
    """The base of the kernel's own tables, which exist in every service's schema."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = TYPES


class Identified:
    """A row with an id of its own, which sorts by time, and the moment it was created."""

    id: Mapped[UUID] = mapped_column(
        primary_key=True,
        default=uuid7,  # known before the flush, which then inserts many rows at once
        server_default=func.uuidv7(),  # for statements
    )
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


def engine_for(database_url: str, *, role: str) -> AsyncEngine:
    """Prepare to connect as a role, with the secret that is the role's own."""
    secret = settings().database_role_secrets.get(role)
    url = make_url(database_url).set(username=role)
    if secret:
        url = url.set(password=secret.get_secret_value())
    engine = create_async_engine(
        url,
        pool_size=settings().connections_max,
        max_overflow=0,
        pool_timeout=settings().connection_wait_s_max,
        pool_use_lifo=True,
        json_deserializer=orjson.loads,  # eight times as fast as the standard library's
        connect_args=_connecting(role),
    )
    event.listen(engine.sync_engine, "begin", _begin)
    event.listen(engine.sync_engine, "commit", _refuse_what_failed)
    return engine


def _connecting(role: str) -> dict[str, Any]:
    return {
        "autocommit": True,
        "connect_timeout": settings().connection_wait_s_max,
        "options": "-c TimeZone=UTC -c lock_timeout=4s"
        f" -c statement_timeout={STATEMENT_S_MAX[role.rpartition('_')[2]]}s"
        # A statement whose client is gone would go on, and hold its locks: a request to cancel it
        # may come just before it begins, and a process that was killed asks for nothing.
        " -c client_connection_check_interval=1s",
    }


@asynccontextmanager
async def own_connection(sessions: Sessions) -> AsyncIterator[psycopg.AsyncConnection]:
    """Open a connection beside the pool, each statement a transaction of its own.

    For whoever listens, or holds a lock for longer than a transaction. Raises ConnectionError when
    the database is away, or goes away.
    """
    url = sessions.kw["bind"].url
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        async with await psycopg.AsyncConnection.connect(
            address, **_connecting(url.username)
        ) as connection:
            yield connection
    except psycopg.OperationalError as error:
        raise ConnectionError(repr(error)) from error


def open_store(database_url: str, *, service: str) -> Store:
    """Prepare to connect as a service's app and system roles; neither owns anything."""
    roles = f"{service}_app", f"{service}_system"
    engines = (engine_for(database_url, role=role) for role in roles)
    info = {"service": service}
    return Store(
        *(async_sessionmaker(engine, expire_on_commit=False, info=info) for engine in engines)
    )


def sqlstate(error: BaseException) -> str:
    """Return PostgreSQL's code for what went wrong; empty where it never answered."""
    return str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")


def is_away(error: BaseException) -> bool:
    """Tell whether the database could not be reached, or could not serve anybody."""
    if isinstance(error, exc.TimeoutError) or getattr(error, "connection_invalidated", False):
        return True
    state = sqlstate(error)
    return state.startswith(AWAY) if state else isinstance(error, UNAVAILABLE)


def is_locked(error: BaseException) -> bool:
    """Tell whether somebody else held what was needed."""
    return sqlstate(error) in LOCKED


def statement(package: str, name: str) -> TextClause:
    """Return a set-based statement that is kept in a file of its own."""
    return text(files(package).joinpath(name).read_text())


def spelled(value: str) -> ColumnElement[str]:
    """Return a constant that stands in the text of a statement, and is no parameter.

    For what a partial index is about: once a statement is prepared, PostgreSQL may plan it for all
    values of its parameters, and then it cannot use an index that holds rows of one value alone.
    """
    return literal(value, Text(), literal_execute=True)


async def plan_anew(session: AsyncSession) -> None:
    """Plan what follows in the transaction for its values, and not once for all values.

    For what finds few rows or very many: a plan for both reads far more than a page.
    """
    await session.execute(ANEW)


def act_as(organization_id: UUID | None) -> str:
    """Return the SQL that tells the row policies who acts until the transaction ends."""
    return f"SELECT set_config('app.organization_id', '{organization_id or ''}', true)"


def _begin(connection: Connection) -> None:
    """Begin and say who acts in one round trip; psycopg, in autocommit, sends no BEGIN itself."""
    begin = f"BEGIN; {act_as(connection.get_execution_options().get('actor'))}"
    try:
        connection.connection.dbapi_connection.run_async(  # type: ignore[union-attr]
            lambda driver: driver.execute(begin, prepare=False)
        )
    except psycopg.Error as died:  # SQLAlchemy does not look after what a listener raises
        connection.invalidate(died)
        raise exc.OperationalError(begin, None, died, connection_invalidated=True) from died


def _refuse_what_failed(connection: Connection) -> None:
    """Fail where PostgreSQL would not: it answers COMMIT with ROLLBACK after a swallowed error."""
    driver: psycopg.AsyncConnection = connection.connection.driver_connection  # type: ignore[assignment]
    if driver.info.transaction_status is TransactionStatus.INERROR:
        raise exc.InvalidRequestError("A statement failed, so nothing can be committed")


@asynccontextmanager
async def transaction(
    sessions: Sessions, *, actor: UUID | None = None
) -> AsyncIterator[AsyncSession]:
    """Commit what is done inside, or nothing; with no actor, the app role sees no row.

    Pooled connections may have died since they were used: then others are tried, before anything
    was done on them.
    """
    stack, session = await _begun(sessions, actor)
    async with stack:
        yield session


async def _begun(sessions: Sessions, actor: UUID | None) -> tuple[AsyncExitStack, AsyncSession]:
    for spare in reversed(range(settings().connections_max + 1)):
        try:
            async with AsyncExitStack() as stack:
                session = await stack.enter_async_context(sessions.begin())
                await session.connection(execution_options={"actor": actor})
                return stack.pop_all(), session
        except exc.DBAPIError as died:
            if not (spare and died.connection_invalidated):
                raise
    raise AssertionError


async def _request_transaction(
    request: Request, caller: Annotated[Caller, Depends(authenticated)]
) -> AsyncIterator[AsyncSession]:
    store: Store = request.app.state.store
    async with transaction(store.app, actor=caller.organization_id) as session:
        await _opened(request, session)
        yield session


async def _transaction_of_a_key(
    request: Request, caller: Annotated[Caller, Depends(authenticated)]
) -> AsyncIterator[AsyncSession | None]:
    if not hasattr(request.state, "first"):
        yield None
        return
    async for session in _request_transaction(request, caller):
        yield session


async def _system_transaction(request: Request) -> AsyncIterator[AsyncSession]:
    store: Store = request.app.state.store
    async with transaction(store.system) as session:
        if hasattr(request.state, "caller"):  # name the caller before the session in a signature
            await _opened(request, session)
        yield session


async def _opened(request: Request, session: AsyncSession) -> None:
    """Let the route act in the transaction before its endpoint does: see idempotency."""
    if first := getattr(request.state, "first", None):
        await first(session)


async def _now() -> datetime:  # a coroutine, or FastAPI would hop through a thread for it
    return utc_now()


# Function scope commits before the response is sent, so a 201 is never a lie.
Transaction = Annotated[AsyncSession, Depends(_request_transaction, scope="function")]
# For an endpoint that gathers requests: one with an Idempotency-Key has a transaction of its own.
KeyedTransaction = Annotated[AsyncSession | None, Depends(_transaction_of_a_key, scope="function")]
# For what happens before any caller is known, or is the platform's: it sees every row.
SystemTransaction = Annotated[AsyncSession, Depends(_system_transaction, scope="function")]
Now = Annotated[datetime, Depends(_now)]
