"""One transaction per request, on somebody's behalf, through whatever happens to connections."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import UUID, uuid4

import pytest
from psycopg.errors import ForeignKeyViolation, InsufficientPrivilege
from sqlalchemy import (
    Engine,
    Integer,
    Text,
    column,
    exc,
    func,
    insert,
    select,
    table,
    text,
    update,
)
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from shared.database import (
    Store,
    act_as,
    engine_for,
    is_away,
    is_locked,
    own_connection,
    spelled,
    transaction,
)
from shared.idempotency import IdempotencyKey
from shared.settings import settings
from tests.probe import factories
from tests.probe.models import Effect, Note

BACKENDS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'probe_%'"
)
IN_USE = text(
    "SELECT count(*) FROM pg_stat_activity WHERE usename LIKE 'probe_%' AND state <> 'idle'"
)


def end_all_backends(superuser: Engine) -> int:
    with superuser.begin() as connection:
        return len(connection.execute(BACKENDS).all())


async def work(probe: Store) -> None:
    async with transaction(probe.app) as session:
        await session.execute(text("SELECT pg_sleep(0.02)"))


async def test_connections_that_died_in_the_pool_are_replaced_unnoticed(
    probe: Store, superuser: Engine
) -> None:
    await asyncio.gather(*(work(probe) for _ in range(8)))
    assert end_all_backends(superuser) >= 8
    await asyncio.gather(*(work(probe) for _ in range(10)))
    assert end_all_backends(superuser) >= 1
    for _ in range(10):
        await work(probe)


async def test_a_connection_that_dies_under_way_fails_its_transaction_alone(
    probe: Store, superuser: Engine
) -> None:
    with pytest.raises(OperationalError) as died:
        async with transaction(probe.app) as session:
            await session.execute(text("SELECT 1"))
            end_all_backends(superuser)
            await session.execute(text("SELECT 1"))
    assert is_away(died.value)
    await work(probe)


async def test_a_database_that_is_not_there_is_away() -> None:
    engine = engine_for("postgresql+psycopg://x@127.0.0.1:1/x", role="probe_app")
    with pytest.raises(OperationalError) as away:
        async with engine.connect():
            pass
    assert is_away(away.value)
    await engine.dispose()


async def test_more_at_once_than_connections_wait_and_all_are_served(probe: Store) -> None:
    places = settings().connections_max

    async def backend() -> int:
        async with transaction(probe.app) as session:
            await session.execute(text("SELECT pg_sleep(0.02)"))
            return await session.scalar(text("SELECT pg_backend_pid()")) or 0

    served = await asyncio.gather(*(backend() for _ in range(5 * places)))
    assert len(served) == 5 * places
    assert len(set(served)) <= places


async def test_whoever_waits_too_long_for_a_connection_is_told(probe: Store) -> None:
    pool = probe.app.kw["bind"].sync_engine.pool
    waited_s, pool._timeout = pool._timeout, 0.05  # noqa: SLF001
    try:
        async with AsyncSession(probe.app.kw["bind"]), asyncio.TaskGroup() as group:
            for _ in range(8):
                group.create_task(hold(probe, 0.4))
            await asyncio.sleep(0.1)
            with pytest.raises(exc.TimeoutError) as late:
                await work(probe)
    finally:
        pool._timeout = waited_s  # noqa: SLF001
    assert is_away(late.value)


async def hold(probe: Store, seconds: float) -> None:
    async with transaction(probe.app) as session:
        await session.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": seconds})


async def test_what_is_cancelled_gives_its_connection_back(probe: Store, superuser: Engine) -> None:
    for after_s in (0, 0.001, 0.003, 0.01, 0.02):
        tasks = [asyncio.create_task(hold(probe, 30)) for _ in range(8)]
        await asyncio.sleep(after_s)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.gather(*(work(probe) for _ in range(16)))
    await nothing_runs(superuser)


async def test_a_statement_ends_soon_when_its_client_is_gone(
    probe: Store, superuser: Engine
) -> None:
    async with own_connection(probe.app) as connection:
        connection.pgconn.send_query(b"SELECT pg_sleep(30)")
        connection.pgconn.finish()
    await nothing_runs(superuser)


async def nothing_runs(superuser: Engine) -> None:
    """Wait for the backends, which say a moment later that they have heard."""
    for _ in range(100):
        with superuser.connect() as connection:
            if not (in_use := connection.scalar(IN_USE)):
                break
        await asyncio.sleep(0.1)
    assert in_use == 0


async def test_a_lock_is_waited_for_no_longer_than_the_limit(probe: Store) -> None:
    note = factories.build_note()
    await factories.keep(probe, note)
    held = select(Note).where(Note.id == note.id).with_for_update()
    async with transaction(probe.system) as holder:
        await holder.execute(held)
        with pytest.raises(OperationalError) as refused:
            async with transaction(probe.system) as session:
                assert await session.scalar(text("SHOW lock_timeout")) == "4s"
                await session.execute(text("SET LOCAL lock_timeout = '20ms'"))
                await session.execute(held)
    assert is_locked(refused.value)
    assert not is_away(refused.value)


@pytest.mark.parametrize(("state", "finds"), [(spelled("waiting"), True), ("waiting", False)])
async def test_a_plan_for_all_values_finds_a_partial_index_by_what_is_spelled(
    state: str, finds: bool, probe: Store
) -> None:
    parcels = table("parcels", column("id", Integer), column("state", Text))
    asked = select(parcels.c.id).where(parcels.c.state == state)
    dialect = DefaultDialect(paramstyle="numeric_dollar")
    spoken = asked.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    async with transaction(probe.system) as session:
        for prepare in PARCELS:
            await session.execute(text(prepare))
        connection = await session.connection()
        plan = await connection.exec_driver_sql(f"EXPLAIN (GENERIC_PLAN) {spoken}")
        assert ("waiting_parcels" in "".join(plan.scalars())) == finds


PARCELS = (
    "CREATE TEMP TABLE parcels (id int, state text) ON COMMIT DROP",
    "CREATE INDEX waiting_parcels ON parcels (id) WHERE state = 'waiting'",
    "SET LOCAL enable_seqscan = off",
)


async def test_no_statement_runs_for_ever(probe: Store) -> None:
    limits = {}
    for sessions in probe:
        async with transaction(sessions) as session:
            role = await session.scalar(text("SELECT current_user::text"))
            limits[role] = await session.scalar(text("SHOW statement_timeout"))
    assert limits == {"probe_app": "30s", "probe_system": "5min"}


async def test_what_failed_is_not_committed_even_if_somebody_swallowed_it(probe: Store) -> None:
    with pytest.raises(exc.InvalidRequestError, match="nothing can be committed"):
        async with transaction(probe.system) as session:
            session.add(factories.build_note())
            await session.flush()
            with suppress(exc.DBAPIError):
                await session.execute(text("SELECT 1/0"))
    async with transaction(probe.system) as session:
        assert await session.scalar(select(func.count()).select_from(Note)) == 0
        async with session.begin_nested() as tried:
            with suppress(exc.DBAPIError):
                await session.execute(text("SELECT 1/0"))
            await tried.rollback()
        session.add(factories.build_note())
    async with transaction(probe.system) as session:
        assert await session.scalar(select(func.count()).select_from(Note)) == 1


async def seen_by(probe: Store, actor: UUID | None) -> set[UUID]:
    async with transaction(probe.app, actor=actor) as session:
        return set(await session.scalars(select(Note.id)))


async def test_a_row_is_its_parties_alone(probe: Store) -> None:
    note, other = factories.build_note(), factories.build_note()
    await factories.keep(probe, note, other)
    assert await seen_by(probe, note.buyer_id) == {note.id}
    assert await seen_by(probe, note.supplier_id) == {note.id}
    assert await seen_by(probe, uuid4()) == set()
    assert await seen_by(probe, None) == set()


async def test_who_acted_on_a_connection_before_is_forgotten(probe: Store) -> None:
    note = factories.build_note()
    await factories.keep(probe, note)
    for _ in range(20):
        assert await seen_by(probe, note.buyer_id) == {note.id}
        assert await seen_by(probe, None) == set()


async def test_a_foreign_row_can_neither_be_changed_nor_planted_nor_handed_on(
    probe: Store,
) -> None:
    note = factories.build_note()
    await factories.keep(probe, note)
    change = update(Note).where(Note.id == note.id)
    async with transaction(probe.app, actor=uuid4()) as session:
        assert (await session.execute(change.values(text="y").returning(Note.id))).all() == []
    stolen = change.values(buyer_id=uuid4(), supplier_id=uuid4())
    for attempt in (stolen, insert(Note).values(**columns(factories.build_note()))):
        with pytest.raises(ProgrammingError) as refusal:
            async with transaction(probe.app, actor=note.buyer_id) as session:
                await session.execute(attempt)
        assert isinstance(refusal.value.orig, InsufficientPrivilege)


def columns(note: Note) -> dict[str, object]:
    names = "buyer_id", "supplier_id", "text", "rank", "weight", "noted_at"
    return {name: getattr(note, name) for name in names} | {"created_at": factories.NOW}


async def test_a_row_cannot_refer_to_what_its_parties_cannot_see(probe: Store) -> None:
    note, me = factories.build_note(), uuid4()
    await factories.keep(probe, note)
    with pytest.raises(IntegrityError) as refused:
        async with transaction(probe.app, actor=me) as session:
            session.add(
                Effect(subject_id=me, number=1, note_id=note.id, buyer_id=me, supplier_id=me)
            )
    assert isinstance(refused.value.orig, ForeignKeyViolation)


async def test_an_organizations_keys_are_its_own(probe: Store) -> None:
    mine, other = uuid4(), uuid4()
    async with transaction(probe.app, actor=mine) as session:
        session.add(IdempotencyKey(organization_id=mine, key="k", request_digest=b"", body=b"x"))
    async with transaction(probe.app, actor=other) as session:
        assert (await session.scalars(select(IdempotencyKey))).all() == []
        assert (await session.execute(update(IdempotencyKey).values(body=b"y"))).rowcount == 0  # type: ignore[attr-defined]
    with pytest.raises(ProgrammingError, match="row-level security"):
        async with transaction(probe.app, actor=other) as session:
            session.add(IdempotencyKey(organization_id=mine, key="l", request_digest=b""))


@pytest.mark.parametrize(
    "attempt",
    [
        "SET ROLE probe_system",
        "SET SESSION AUTHORIZATION probe_system",
        "SELECT set_config('role', 'probe_system', true)",
        "SET row_security = off",
        "ALTER ROLE probe_app BYPASSRLS",
        "GRANT probe_system TO probe_app",
        "CREATE POLICY mine ON notes USING (true)",
        "ALTER TABLE notes DISABLE ROW LEVEL SECURITY",
        "CREATE VIEW all_notes AS SELECT * FROM notes",
        "CREATE TABLE probe.mine (id int)",
        "CREATE TABLE public.mine (id int)",
        "TRUNCATE notes",
        "DELETE FROM notes",
        "SELECT set_config('app.organization_id', '', true)",
        "SELECT set_config('app.system', 'relay', true)",
    ],
)
async def test_no_sql_in_a_request_makes_itself_system(attempt: str, probe: Store) -> None:
    await factories.keep(probe, factories.build_note())
    with suppress(ProgrammingError):
        async with transaction(probe.app, actor=uuid4()) as session:
            await session.execute(text(attempt))
            assert (await session.scalars(select(Note))).all() == []
            assert attempt.startswith("S"), "it was allowed"


@pytest.mark.parametrize(
    "table",
    [
        *("outbox", "inbox", "dead_letters", "discarded_letters", "consumer_positions"),
        "alembic_version",
    ],
)
async def test_a_request_reads_no_mail(table: str, probe: Store) -> None:
    with pytest.raises(ProgrammingError, match=f"permission denied for table {table}"):
        async with transaction(probe.app, actor=uuid4()) as session:
            await session.execute(text(f"SELECT * FROM {table}"))  # noqa: S608


async def test_a_request_can_add_to_the_outbox_and_change_nothing_of_it(probe: Store) -> None:
    await factories.said(probe, factories.noted(uuid4()))
    for change in "UPDATE outbox SET published_at = now()", "DELETE FROM outbox":
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with transaction(probe.app, actor=uuid4()) as session:
                await session.execute(text(change))


async def test_history_is_nobodys_to_rewrite(probe: Store) -> None:
    for sessions in probe:
        for change in "UPDATE effects SET number = 0", "DELETE FROM effects":
            with pytest.raises(ProgrammingError, match="permission denied for table effects"):
                async with transaction(sessions) as session:
                    await session.execute(text(change))


@asynccontextmanager
async def sabotaged(database_url: str, ddl: str) -> AsyncIterator[AsyncSession]:
    """Break the schema as its owner, then act as the app role; all of it is rolled back."""
    engine = create_async_engine(database_url)
    async with engine.connect() as connection, AsyncSession(connection) as session:
        await session.execute(text("SET LOCAL search_path = probe"))
        values = columns(factories.build_note())
        await session.execute(insert(Note).values(**values))
        for line in (ddl, "SET LOCAL ROLE probe_app", act_as(uuid4())):
            await session.execute(text(line))
        yield session
    await engine.dispose()


@pytest.mark.parametrize(
    ("ddl", "shows"),
    [
        ("SELECT 1", False),
        ("DROP POLICY parties ON notes", False),  # then nobody sees anything
        ("ALTER TABLE notes DISABLE ROW LEVEL SECURITY", True),
        ("ALTER POLICY parties ON notes USING (true)", True),
        ("ALTER POLICY platform ON notes TO probe_system, probe_app", True),
    ],
)
async def test_the_gate_bites(ddl: str, shows: bool, probe: Store, empty_database_url: str) -> None:
    assert probe
    async with sabotaged(empty_database_url, ddl) as session:
        assert bool((await session.scalars(select(Note.id))).all()) == shows


async def test_a_backfill_by_the_owner_changes_every_row(
    probe: Store, empty_database_url: str
) -> None:
    await factories.keep(probe, factories.build_note(), factories.build_note())
    engine = create_async_engine(empty_database_url)
    async with engine.begin() as connection:
        await connection.execute(text("SET LOCAL ROLE probe_owner"))
        changed = await connection.execute(text("UPDATE probe.notes SET text = 'backfilled'"))
        assert changed.rowcount == 2
    await engine.dispose()
