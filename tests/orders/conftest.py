"""After every test that wrote orders, the books must balance."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from services.orders.queries.checks import CHECKS
from shared.database import transaction
from tests.conftest import Stores


async def violations(stores: Stores) -> dict[str, int]:
    """Count the rows that break an invariant, by invariant."""
    async with transaction(stores["orders"].system) as session:
        found = {name: (await session.execute(text(sql))).all() for name, sql in CHECKS.items()}
    return {name: len(rows) for name, rows in found.items() if rows}


@pytest.fixture(autouse=True)
async def _the_books_balance(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    uses_database = "stores" in request.fixturenames
    stores: Stores = request.getfixturevalue("stores") if uses_database else {}
    yield
    if uses_database:
        assert await violations(stores) == {}
