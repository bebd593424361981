"""One transaction per request, on somebody's behalf, through whatever happens to connections."""

import asyncio

from sqlalchemy import Engine, text

from shared.database import Store, transaction

BACKENDS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'probe_%'"
)


def end_all_backends(superuser: Engine) -> int:
    with superuser.begin() as connection:
        return len(connection.execute(BACKENDS).all())


async def test_connections_that_died_in_the_pool_are_replaced_unnoticed(
    probe: Store, superuser: Engine
) -> None:
    async def work() -> object:
        async with transaction(probe.app) as session:
            return await session.scalar(text("SELECT pg_sleep(0.02)"))

    await asyncio.gather(*(work() for _ in range(8)))
    assert end_all_backends(superuser) >= 8
    for _ in range(10):
        await work()
