"""What nobody will ask for again is forgotten, and nothing else."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, text, update

from shared import pruning
from shared.database import Store, transaction, utc_now
from shared.events import OutboxEvent
from shared.idempotency import IdempotencyKey
from shared.run import running
from tests.probe import factories


async def keep_keys(store: Store, *days: int) -> None:
    async with transaction(store.system) as session:
        session.add_all(
            IdempotencyKey(
                organization_id=uuid4(),
                key=str(age),
                request_digest=b"",
                created_at=utc_now() - timedelta(days=age, minutes=1),
            )
            for age in days
        )


async def keep_sent(store: Store, *days: int | None) -> None:
    """Publish events, sent so many days ago or not at all."""
    for age in days:
        await factories.said(store, factories.noted(uuid4()))
        sent_at = None if age is None else utc_now() - timedelta(days=age, minutes=1)
        last = select(OutboxEvent.position).order_by(OutboxEvent.position.desc()).limit(1)
        mark = update(OutboxEvent).where(OutboxEvent.position == last.scalar_subquery())
        async with transaction(store.system) as session:
            await session.execute(mark.values(published_at=sent_at))


async def left(store: Store) -> tuple[set[str], int]:
    async with transaction(store.system) as session:
        keys = set(await session.scalars(select(IdempotencyKey.key)))
        return keys, len((await session.scalars(select(OutboxEvent.position))).all())


async def test_old_answers_and_sent_events_are_forgotten_and_nothing_else(probe: Store) -> None:
    await keep_keys(probe, 0, 6, 7, 90)
    await keep_sent(probe, None, 31, 30, 29, 0)
    assert await pruning.prune(probe.system) == 4
    assert await left(probe) == ({"0", "6"}, 3)
    assert await pruning.prune(probe.system) == 0


async def test_much_is_forgotten_in_steps(probe: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "STEP_ROWS_MAX", 2)
    await keep_keys(probe, *range(8, 15))
    await keep_sent(probe, *[40] * 5)
    assert await pruning.prune(probe.system) == 12
    assert await left(probe) == (set(), 0)


async def test_requests_cannot_forget(probe: Store) -> None:
    for table in "idempotency_keys", "outbox":
        with pytest.raises(Exception, match="permission denied"):
            async with transaction(probe.app) as session:
                await session.execute(text(f"DELETE FROM {table}"))  # noqa: S608


async def test_it_runs_beside_others_and_stops_when_told(probe: Store) -> None:
    await keep_keys(probe, 90)
    async with running([pruning.pruning(probe.system)]):
        for _ in range(100):
            if not (await left(probe))[0]:
                break
            await asyncio.sleep(0.02)
    assert await left(probe) == (set(), 0)
