"""After every test that wrote orders, the books must balance."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from services.orders.queries.checks import CHECKS


def violations(superuser: Engine) -> dict[str, int]:
    """Count the rows that break an invariant, by invariant."""
    with superuser.begin() as connection:
        connection.execute(text("SET LOCAL search_path = orders"))
        found = {name: connection.execute(text(sql)).all() for name, sql in CHECKS.items()}
    return {name: len(rows) for name, rows in found.items() if rows}


@pytest.fixture(autouse=True)
def _the_books_balance(request: pytest.FixtureRequest) -> Iterator[None]:
    uses_database = "stores" in request.fixturenames
    superuser = request.getfixturevalue("superuser") if uses_database else None
    if uses_database:
        request.getfixturevalue("stores")  # emptied only after this was looked at
    yield
    if superuser:
        assert violations(superuser) == {}
