"""The read tables are what the events say, whatever order the topics come in."""

from random import Random

import pytest
from sqlalchemy import Engine, text

from services.insights.handlers import handlers
from services.insights.queries.digests import Digest, digests
from shared.database import transaction
from shared.inbox import receive
from tests.conftest import Stores
from tests.insights.factories import Pair, sealed
from tests.network import deliver


async def emptied(stores: Stores, superuser: Engine) -> None:
    with superuser.begin() as connection:
        for name in ("inbox", *(d.table for d in await tables(stores))):
            connection.execute(text(f"DELETE FROM insights.{name}"))  # noqa: S608


async def tables(stores: Stores) -> list[Digest]:
    async with transaction(stores["insights"].system) as session:
        return await digests(session)


@pytest.mark.parametrize("seed", range(4))
async def test_any_order_and_any_repetition_gives_the_same_tables(
    seed: int, stores: Stores, superuser: Engine
) -> None:
    pairs = [Pair() for _ in range(3)]
    wire = [message for pair in pairs for message in sealed(*pair.year())]
    await receive(handlers, stores["insights"].system, wire, back_off_s=())
    straight = await tables(stores)
    assert all(found.rows for found in straight if found.table != "organizations")
    await emptied(stores, superuser)
    await deliver(wire, handlers, stores["insights"], chance=Random(seed))
    assert await tables(stores) == straight
