"""The database itself keeps one organization's rows from another, and history as it was."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from services.production import commands
from services.production.domain.reports import Circumstances, Made
from services.production.models import WorkOrder
from shared.auth import Caller
from shared.database import Store, act_as, transaction
from shared.settings import settings
from tests.conftest import Stores
from tests.production import factories
from tests.production.factories import NOW

TABLES = "work_orders", "reports", "scrap_reasons", "routings", "relationships"
SEEN_BY_BOTH = "work_orders", "reports", "relationships"
PLANT = "INSERT INTO relationships VALUES (:buyer_id, 'Buyer', :supplier_id, 'Supplier', now())"


@pytest.fixture
async def order(stores: Stores) -> WorkOrder:
    """Return a work order of which every table has a row."""
    store = stores["production"]
    order = await factories.work_order(store)
    me = Caller(order.supplier_id, frozenset(), name="Li Wei")
    under = Circumstances(order.supplier_id, NOW, settings().calendar)
    made = Made(uuid4(), order.id, 1, Decimal(1), Decimal(1), NOW, scrap_reason="Cracked")
    async with transaction(store.app, actor=order.supplier_id) as session:
        await commands.set_operations(session, order.id, caller=me, names=["Cut"], at=NOW)
        await commands.report_progress(session, [made], by=me, under=under)
    async with transaction(store.system) as session:
        parties = {"buyer_id": order.buyer_id, "supplier_id": order.supplier_id}
        await session.execute(text(PLANT), parties)
    return order


async def seen(session: AsyncSession) -> set[str]:
    counts = {
        table: await session.scalar(text(f"SELECT count(*) FROM {table}"))  # noqa: S608
        for table in TABLES
    }
    return {table for table, count in counts.items() if count}


async def seen_by(store: Store, organization_id: UUID | None) -> set[str]:
    async with transaction(store.app, actor=organization_id) as session:
        return await seen(session)


async def test_each_party_sees_what_is_its_own(stores: Stores, order: WorkOrder) -> None:
    store = stores["production"]
    assert await seen_by(store, order.supplier_id) == set(TABLES)
    assert await seen_by(store, order.buyer_id) == set(SEEN_BY_BOTH)
    assert await seen_by(store, uuid4()) == set()
    assert await seen_by(store, None) == set()


@pytest.mark.parametrize("table", ["reports", "scrap_reasons"])
async def test_history_cannot_be_rewritten(table: str, stores: Stores, order: WorkOrder) -> None:
    for sessions in stores["production"]:
        for change in (f"UPDATE {table} SET buyer_id = buyer_id", f"DELETE FROM {table}"):  # noqa: S608
            with pytest.raises(ProgrammingError) as refused:
                async with transaction(sessions, actor=order.supplier_id) as session:
                    await session.execute(text(change))
            assert isinstance(refused.value.orig, InsufficientPrivilege)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE work_orders SET agreed = 1",
        "UPDATE work_orders SET buyer_id = supplier_id",
        "UPDATE work_orders SET promised_on = '2030-01-01'",
        "UPDATE work_orders SET cancelled_at = now()",
        "INSERT INTO work_orders DEFAULT VALUES",
        "DELETE FROM work_orders",
        "UPDATE relationships SET buyer_name = 'x'",
    ],
)
async def test_a_request_changes_no_agreement(
    change: str, stores: Stores, order: WorkOrder
) -> None:
    with pytest.raises(ProgrammingError) as refused:
        async with transaction(stores["production"].app, actor=order.supplier_id) as session:
            await session.execute(text(change))
    assert isinstance(refused.value.orig, InsufficientPrivilege)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE work_orders SET reports = 9",
        """
        INSERT INTO reports SELECT uuidv7(), work_order_id, buyer_id, supplier_id, operation, good,
            scrapped, reverses, reason, reference, reported_by, occurred_at, recorded_at, imported
        FROM reports
        """,
    ],
)
async def test_a_buyer_reports_nothing(change: str, stores: Stores, order: WorkOrder) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"):
        async with transaction(stores["production"].app, actor=order.buyer_id) as session:
            await session.execute(text(change))


async def test_a_foreign_work_order_cannot_be_advanced(stores: Stores, order: WorkOrder) -> None:
    async with transaction(stores["production"].app, actor=uuid4()) as session:
        changed = await session.execute(text("UPDATE work_orders SET reports = 9 RETURNING id"))
        assert changed.all() == []
    assert (await factories.by_line(stores["production"], order.schedule_line_id)).reports == 1


PLANTED = "INSERT INTO scrap_reasons VALUES (uuidv7(), :buyer_id, :supplier_id, 'planted')"


async def test_a_row_cannot_be_planted_among_others(stores: Stores, order: WorkOrder) -> None:
    parties = {"buyer_id": order.buyer_id, "supplier_id": order.supplier_id}
    with pytest.raises(ProgrammingError, match="row-level security"):
        async with transaction(stores["production"].app, actor=order.buyer_id) as session:
            await session.execute(text(PLANTED), parties)


@asynccontextmanager
async def sabotaged(database_url: str, ddl: str) -> AsyncIterator[AsyncSession]:
    """Break the schema as its owner, then act as the app role; all of it is rolled back."""
    engine = create_async_engine(database_url)
    async with engine.connect() as connection, AsyncSession(connection) as session:
        for line in ("SET LOCAL search_path = production", ddl, "SET LOCAL ROLE production_app"):
            await session.execute(text(line))
        yield session
    await engine.dispose()


@pytest.mark.parametrize(
    ("ddl", "leaks"),
    [
        ("SELECT 1", False),
        ("ALTER TABLE scrap_reasons DISABLE ROW LEVEL SECURITY", True),
        ("ALTER POLICY parties ON scrap_reasons USING (true)", True),
        ("ALTER POLICY parties ON work_orders USING (true)", True),
        ("ALTER POLICY platform ON reports TO production_system, production_app", True),
    ],
)
async def test_the_gate_bites(ddl: str, leaks: bool, order: WorkOrder, database_url: str) -> None:
    assert order.id
    async with sabotaged(database_url, ddl) as session:
        await session.execute(text(act_as(uuid4())))
        assert bool(await seen(session)) is leaks
