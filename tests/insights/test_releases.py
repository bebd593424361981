"""A month is published once, audited, and for good; whoever looks at it is written down."""

import csv
import hashlib
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from io import BytesIO, StringIO
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from openpyxl import load_workbook
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from contracts.event import Event
from contracts.onboarding import Signatory
from contracts.scopes import Scope
from services.insights.commands import previews
from services.insights.commands.secrets import ensure_percent
from services.insights.domain.figures import first_of_month, month_after
from shared.database import transaction, utc_now
from shared.settings import settings
from tests.conftest import SignIn, Stores
from tests.insights.factories import Pair, told
from tests.network import relayed

THIS_MONTH = first_of_month(utc_now().astimezone(settings().calendar).date())
MONTH, BEFORE = month_after(THIS_MONTH, months=-1), month_after(THIS_MONTH, months=-2)
REGIONS, INDUSTRIES = ("440306", "330100", "320500"), ("C3670", "C3311")


class Chain:
    """Four core firms, and suppliers of many groups in every cell but one."""

    def __init__(self, seed: int = 1) -> None:
        self.chance = Random(seed)
        self.buyers = [uuid4() for _ in range(4)]
        self.suppliers: list[tuple[UUID, str, str, str]] = []
        for region in REGIONS:
            for industry in INDUSTRIES:
                few = (region, industry) == (REGIONS[0], INDUSTRIES[0])
                for number in range(1 if few else 5):
                    name = f"{region}-{industry}-{number}"
                    self.suppliers.append((uuid4(), name, region, industry))

    def events(self, month: date) -> Iterator[Event]:
        """Tell of a month in which everybody orders, delivers and pays."""
        for supplier_id, name, region, industry in self.suppliers:
            for number, buyer_id in enumerate(self.buyers):
                pair = Pair(buyer_id=buyer_id, supplier_id=supplier_id)
                signed = Signatory(region=region, industry=industry, group=f"S-{name}")
                buyer = Signatory(group=f"B-{number}")
                yield pair.related(supplier=signed, buyer=buyer, supplier_name=name)
                yield from self._trade(pair, month)

    def _trade(self, pair: Pair, month: date) -> Iterator[Event]:
        order = pair.placed(month + timedelta(days=2), f"{self.chance.randint(40, 70)}000")
        promised_on = month + timedelta(days=10)
        line = pair.confirmed(order, promised_on)
        late = self.chance.random() < 0.3
        yield from (order, line, pair.received(line, promised_on + timedelta(days=late), 10))
        due = month + timedelta(days=15 + self.chance.randint(0, 8))
        debt = pair.due("50000.00", month - timedelta(days=40), due, due)
        yield debt
        if self.chance.random() < 0.8:
            yield pair.paid(month + timedelta(days=19), (debt, "50000.00"))


OPERATE, REGULATE = Scope.INSIGHTS_OPERATE, Scope.INSIGHTS_REGULATE


@pytest.fixture
async def stores(stores: Stores) -> Stores:
    """Fix what is drawn elsewhere, so that the same cells are published in every run."""
    async with transaction(stores["insights"].system) as session:
        await session.execute(text("INSERT INTO protection (id, percent) VALUES (1, 12)"))
    return stores


async def waive(sign_in: SignIn, buyers: Sequence[UUID]) -> None:
    for buyer_id in buyers:
        client = sign_in("insights", buyer_id, Scope.INSIGHTS_READ, Scope.IDENTITY_ADMINISTER)
        assert (await client.post("waivers", json={"given": True})).json()["given"]


async def previewed(stores: Stores, sign_in: SignIn, month: date) -> dict[str, Any]:
    operator = sign_in("insights", uuid4(), OPERATE)
    asked = await operator.post("previews", json={"month": f"{month}"})
    assert asked.status_code == 202, asked.text
    assert (asked.json()["state"], asked.json()["done"]) == ("waiting", 0)
    assert await previews.work(stores["insights"].system)
    assert not await previews.work(stores["insights"].system)
    return dict((await operator.get(f"previews/{asked.json()['id']}")).json())


async def released(stores: Stores, sign_in: SignIn, month: date) -> dict[str, Any]:
    preview = await previewed(stores, sign_in, month)
    assert preview["state"] == "passed", preview["reason"]
    operator = sign_in("insights", uuid4(), OPERATE)
    answer = await operator.post("releases", json={"preview_id": preview["id"]})
    assert answer.status_code == 201, answer.text
    assert answer.json()["sha256"] == preview["sha256"]
    return dict(answer.json())


async def test_a_month_is_previewed_audited_published_and_read(
    stores: Stores, sign_in: SignIn
) -> None:
    chain = Chain()
    await told(stores, *chain.events(BEFORE), *chain.events(MONTH))
    await waive(sign_in, chain.buyers)
    await released(stores, sign_in, BEFORE)
    release = await released(stores, sign_in, MONTH)
    regulator = sign_in("insights", uuid4(), REGULATE, name="Wang")
    listed = (await regulator.get("releases")).json()["items"]
    assert [row["month"] for row in listed] == [f"{MONTH}", f"{BEFORE}"]
    address = f"releases/{release['id']}"
    assert (await regulator.get(address)).json() == release
    table = (await regulator.get(f"{address}/tables/ordered_amount")).json()
    cells = {(cell["region"], cell["industry"]): cell for cell in table["cells"]}
    assert ("440000", "C36") not in cells  # one supplier's figure
    assert cells["*", "*"]["value"]
    assert cells["*", "*"]["region_name"] == "全部"
    percent = (await regulator.get(f"{address}/tables/on_time_in_full")).json()
    assert percent["unit"] == "%"
    assert all(0 <= float(cell["value"]) <= 100 for cell in percent["cells"])
    series = (await regulator.get("tables/ordered_amount/series")).json()
    assert [point["month"] for point in series["cells"]] == [f"{BEFORE}", f"{MONTH}"]
    assert series["cells"][1]["value"] == cells["*", "*"]["value"]
    assert (await regulator.get(f"{address}/tables/nonsense")).status_code == 404
    assert (await regulator.get("method")).json()["notes"]


async def test_files_hold_what_is_published_and_no_more(stores: Stores, sign_in: SignIn) -> None:
    chain = Chain()
    await told(stores, *chain.events(MONTH))
    await waive(sign_in, chain.buyers)
    release = await released(stores, sign_in, MONTH)
    regulator = sign_in("insights", uuid4(), REGULATE)
    address = f"releases/{release['id']}"
    file = await regulator.get(f"{address}/export", params={"format": "json"})
    assert hashlib.sha256(file.content).hexdigest() == release["sha256"]
    shown = [
        (name, cell["region"], cell["industry"], float(cell["value"]))
        for name in release["tables"]
        for cell in (await regulator.get(f"{address}/tables/{name}")).json()["cells"]
    ]
    file = await regulator.get(f"{address}/export", params={"format": "csv"})
    rows = list(csv.DictReader(StringIO(file.content.decode("utf-8-sig"))))
    keys = "table", "region", "industry"
    assert [(*(row[k] for k in keys), float(row["value"])) for row in rows] == shown
    book = load_workbook(BytesIO((await regulator.get(f"{address}/export")).content))
    found = [
        (row[0], row[2], row[5], float(str(row[8])))
        for sheet in book.worksheets[:-1]
        for row in list(sheet.values)[1:]
    ]
    assert found == shown
    wanted = {"csv", "xlsx", "json"}
    operator = sign_in("insights", uuid4(), OPERATE)
    looked = (await operator.get(f"{address}/looks")).json()["items"]
    assert {row["detail"] for row in looked if row["kind"] == "download"} == wanted


async def test_what_is_released_stays(stores: Stores, sign_in: SignIn, superuser: Engine) -> None:
    chain = Chain()
    await told(stores, *chain.events(MONTH))
    preview = await previewed(stores, sign_in, MONTH)
    operator = sign_in("insights", uuid4(), OPERATE)
    body = {"preview_id": preview["id"]}
    assert (await operator.post("releases", json=body)).status_code == 201
    for path, again in (("releases", body), ("previews", {"month": f"{MONTH}"})):
        answer = await operator.post(path, json=again)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/already-released")
    for role, sessions in zip(("app", "system"), stores["insights"], strict=True):
        for change in ("UPDATE releases SET sha256 = ''", "DELETE FROM releases"):
            with pytest.raises(ProgrammingError, match="permission denied"):
                async with transaction(sessions, actor=uuid4()) as session:
                    await session.execute(text(change))
        assert role
    [message] = await relayed(stores["insights"])
    assert b"insights.release_published.v1" in message.body
    assert preview["sha256"].encode() in message.body
    with superuser.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM insights.contributors")) == len(
            {*chain.buyers, *(supplier[0] for supplier in chain.suppliers)}
        )


async def test_only_what_passed_the_audit_is_released(
    stores: Stores, sign_in: SignIn, superuser: Engine
) -> None:
    chain = Chain()
    await told(stores, *chain.events(BEFORE), *chain.events(MONTH))
    await waive(sign_in, chain.buyers)
    await released(stores, sign_in, BEFORE)
    with superuser.begin() as connection:  # what was released no longer comes out of its sums
        spoil = (
            "UPDATE insights.previews SET rows = replace(rows, '\"ordered\", ', '\"ordered\", 9')"
        )
        connection.execute(text(spoil))
    preview = await previewed(stores, sign_in, MONTH)
    assert preview["state"] == "refused"
    assert "its rows have changed since it was released" in preview["reason"]
    assert preview["tables"] == []
    operator = sign_in("insights", uuid4(), OPERATE)
    answer = await operator.post("releases", json={"preview_id": preview["id"]})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/not-audited")
    assert answer.json()["detail"] == preview["reason"]


async def test_two_previews_side_by_side_are_not_both_published(
    stores: Stores, sign_in: SignIn
) -> None:
    chain = Chain()
    await told(stores, *chain.events(BEFORE), *chain.events(MONTH))
    both = [await previewed(stores, sign_in, month) for month in (BEFORE, MONTH)]
    operator = sign_in("insights", uuid4(), OPERATE)
    answers = [
        await operator.post("releases", json={"preview_id": preview["id"]}) for preview in both
    ]
    assert [answer.status_code for answer in answers] == [201, 409]
    assert answers[1].json()["type"] == "/problems/another-came-first"


async def test_a_month_that_is_not_over_is_not_worked_out(sign_in: SignIn) -> None:
    operator = sign_in("insights", uuid4(), OPERATE)
    answer = await operator.post("previews", json={"month": f"{THIS_MONTH}"})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/month-is-not-over")


async def test_a_preview_that_its_worker_left_is_taken_up(
    stores: Stores, sign_in: SignIn, superuser: Engine
) -> None:
    operator = sign_in("insights", uuid4(), OPERATE)
    asked = (await operator.post("previews", json={"month": f"{MONTH}"})).json()
    again = (await operator.post("previews", json={"month": f"{MONTH}"})).json()
    assert again["id"] == asked["id"]
    with superuser.begin() as connection:
        left = "UPDATE insights.previews SET state = 'running', seen_at = now() - interval '{}'"
        connection.execute(text(left.format("1 second")))
    assert not await previews.work(stores["insights"].system)
    with superuser.begin() as connection:
        connection.execute(text(left.format("2 minutes")))
    assert await previews.work(stores["insights"].system)
    found = (await operator.get(f"previews/{asked['id']}")).json()
    assert (found["state"], found["done"]) == ("passed", found["total"])


async def test_the_percentage_is_drawn_once_and_the_system_reads_it_alone(
    stores: Stores, superuser: Engine
) -> None:
    store = stores["insights"]
    with superuser.begin() as connection:
        connection.execute(text("DELETE FROM insights.protection"))
    async with transaction(store.system) as session:
        percent = await ensure_percent(session)
    async with transaction(store.system) as session:
        assert await ensure_percent(session) == percent
    assert 10 <= percent <= 20
    for sessions, change in (
        (store.app, "SELECT percent FROM protection"),
        (store.system, "UPDATE protection SET percent = 10"),
        (store.system, "DELETE FROM protection"),
    ):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with transaction(sessions, actor=uuid4()) as session:
                await session.execute(text(change))


async def test_who_is_in_the_sums_sees_who_looked_at_them(stores: Stores, sign_in: SignIn) -> None:
    chain = Chain()
    await told(stores, *chain.events(MONTH))
    release = await released(stores, sign_in, MONTH)
    regulator = sign_in("insights", uuid4(), REGULATE)
    for _ in range(2):
        assert (await regulator.get(f"releases/{release['id']}/tables/ordered_amount")).is_success
    supplier = sign_in("insights", chain.suppliers[0][0], Scope.INSIGHTS_READ)
    [seen] = (await supplier.get("looks")).json()["items"]
    assert (seen["kind"], seen["month"], seen["count"]) == ("release", f"{MONTH}", 2)
    stranger = sign_in("insights", uuid4(), Scope.INSIGHTS_READ)
    assert (await stranger.get("looks")).json()["items"] == []
