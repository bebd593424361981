"""How events flow in every service, and what an operator does with those that do not."""

import getpass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select

from lianqiao.installation import CannotError, service, service_names
from lianqiao.serving import stores_of
from shared import dead_letters
from shared.database import Store, transaction
from shared.events import OutboxEvent
from shared.inbox import ConsumerPosition, DeadLetter
from shared.problem import Problem


class Flow(NamedTuple):
    """What waits in one service."""

    service: str
    unsent: int
    oldest_unsent_s: float
    unread: int
    dead_letters: int


class Letter(NamedTuple):
    """An event that waits for a decision; without a reason it only waits behind another."""

    service: str
    topic: str
    subject: str
    type: str | None
    reason: str | None
    arrived_at: datetime


async def flow() -> list[Flow]:
    """Count, in every service, what waits to be sent, to be read and to be decided."""
    async with stores_of(service_names()) as stores:
        return [await _flow(name, store) for name, store in stores.items()]


async def _flow(name: str, store: Store) -> Flow:
    oldest = func.extract("epoch", func.now() - func.min(OutboxEvent.recorded_at))
    unsent = select(func.count(), func.coalesce(oldest, 0)).select_from(OutboxEvent)
    behind = func.sum(ConsumerPosition.log_end - ConsumerPosition.position)
    async with transaction(store.system) as session:
        count, age_s = (
            await session.execute(unsent.where(OutboxEvent.published_at.is_(None)))
        ).one()
        unread = await session.scalar(select(func.coalesce(behind, 0)))
        letters = await session.scalar(select(func.count()).select_from(DeadLetter))
    return Flow(name, count, round(float(age_s), 1), int(unread or 0), letters or 0)


async def letters() -> list[Letter]:
    """List the dead letters of every service, oldest first."""
    found = []
    async with stores_of(service_names()) as stores:
        for name, store in stores.items():
            async with transaction(store.system) as session:
                rows = await session.scalars(select(DeadLetter).order_by(DeadLetter.position))
                found += [
                    Letter(
                        name,
                        row.topic,
                        row.subject,
                        dead_letters.type_of(row.body),
                        row.reason,
                        row.arrived_at,
                    )
                    for row in rows
                ]
    return found


async def replay_subject(name: str, *, topic: str, subject: str) -> int:
    """Apply a subject's letters again; refused with what stands in the way of one."""
    async with stores_of([name]) as stores:
        try:
            return await dead_letters.replay(
                service(name).handlers, stores[name].system, topic=topic, subject=subject
            )
        except Problem as obstacle:
            raise CannotError(f"It still cannot be applied, and stays: {obstacle}") from obstacle


async def discard_first(name: str, *, topic: str, subject: str, reason: str) -> None:
    """Give up a subject's first letter; it is kept with the reason and this account's name."""
    async with stores_of([name]) as stores:
        by = f"{getpass.getuser()} (lianqiao events discard)"
        given_up = await dead_letters.discard(
            stores[name].system, topic=topic, subject=subject, reason=reason, by=by
        )
    if not given_up:
        raise CannotError(f"{name} has no dead letter of {subject} on {topic}.")
