"""A buyer with very many suppliers finds them by name, a page at a time, and each by its id."""

from collections.abc import AsyncIterator
from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert

from contracts.scopes import Role
from services.onboarding.models import Organization, Relationship
from shared.database import transaction, utc_now
from tests.conftest import Stores
from tests.portal.desks import Office, office

BUYER = uuid4()


@pytest.fixture
async def desks(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    async with office(stores, monkeypatch, "onboarding", "insights") as found:
        await found.hire(BUYER, "比邻汽车", {"林敏": [Role.BUYER_PROCUREMENT]})
        yield found


async def supplied_by(stores: Stores, count: int) -> list[UUID]:
    """Let the buyer work with so many suppliers."""
    ids, at = [uuid4() for _ in range(count)], utc_now()
    names = [f"供应商{n:05d}" for n in range(count)]
    heard = [{"id": BUYER, "name": "比邻汽车", "heard_at": at}]
    heard += [
        {"id": id_, "name": name, "heard_at": at} for id_, name in zip(ids, names, strict=True)
    ]
    related = [
        {
            "id": uuid4(),
            "buyer_id": BUYER,
            "supplier_id": id_,
            "state": "active",
            "vendor_number": f"V-{n}",
            "since": date(2026, 1, 5),
            "changed_at": at,
        }
        for n, id_ in enumerate(ids)
    ]
    async with transaction(stores["onboarding"].system) as session:
        await session.execute(insert(Organization), heard)
        await session.execute(insert(Relationship), related)
    return ids


async def test_ten_thousand_suppliers_are_pages_by_name_with_a_search(
    desks: Office, stores: Stores
) -> None:
    ids = await supplied_by(stores, 10_000)
    buyer = desks.people["林敏"]
    first = (await buyer.see("/suppliers")).text
    assert first.count('class="first" scope="row"') == 200
    assert "供应商00000" in first
    assert "供应商00200" not in first
    assert "本页按名称列出" in first
    assert "cursor=" in first
    found = (await buyer.see("/suppliers?q=商09999")).text
    assert found.count('class="first" scope="row"') == 1
    assert "供应商09999" in found
    by_number = (await buyer.see("/suppliers?q=V-777")).text
    assert by_number.count('class="first" scope="row"') == 11
    assert "供应商04321" in (await buyer.see(f"/suppliers/{ids[4321]}")).text
    assert (await buyer.see(f"/suppliers/{uuid4()}")).status_code == 404
