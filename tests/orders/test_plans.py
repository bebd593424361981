"""What a search steps over is told by an index alone, also under row policies."""

from uuid import uuid4

import pytest
from sqlalchemy import text

from contracts.orders import Side
from services.orders.queries.search import ITEMS
from shared.database import transaction
from tests.conftest import Stores

# A small table may be read in any way and then sorted: what the tests before left would decide.
OTHER_WAYS = "enable_seqscan", "enable_bitmapscan", "enable_sort", "enable_incremental_sort"


@pytest.mark.parametrize("side", Side)
async def test_items_of_a_side_are_read_from_an_index_alone(side: Side, stores: Stores) -> None:
    party = uuid4()
    async with transaction(stores["orders"].app, actor=party) as session:
        for way in OTHER_WAYS:
            await session.execute(text(f"SET LOCAL {way} = off"))
        asked = text(f"EXPLAIN {ITEMS[side].text}")
        plan = "\n".join(await session.scalars(asked, {"party": party, "q": "brake"}))
    assert plan.count(f"Index Only Scan using ix_schedule_lines_{side}_item") == 2, plan
