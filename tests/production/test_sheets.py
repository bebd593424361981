"""Reporting by spreadsheet: the template, the preview, and whatever else may be sent."""

import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from httpx2 import AsyncClient
from openpyxl import Workbook, load_workbook

from contracts.scopes import Scope
from services.production.api import workbook
from services.production.api.workbook import COLUMNS, GOOD, KEY, REASON, SCRAPPED
from services.production.models import WorkOrder
from shared.sheet import ROWS_MAX
from tests.conftest import SignIn, Stores
from tests.production import factories
from tests.production.factories import announced

SHEET = "reports/sheet"
AT = {title: number for number, title in enumerate(COLUMNS, start=1)}
PREVIEW, APPLY = {"dry_run": "true"}, {"dry_run": "false"}


@pytest.fixture
async def order(stores: Stores) -> WorkOrder:
    return await factories.work_order(
        stores["production"], operations=("Cut", "Weld"), item_name="=HYPERLINK(1)"
    )


@pytest.fixture
async def supplier(order: WorkOrder, sign_in: SignIn) -> AsyncClient:
    return sign_in("production", order.supplier_id, Scope.PRODUCTION_WRITE, Scope.PRODUCTION_READ)


async def template(supplier: AsyncClient) -> Any:  # noqa: ANN401  a workbook
    answer = await supplier.get(SHEET)
    assert answer.status_code == 200
    return load_workbook(BytesIO(answer.content))


def saved(book: Any) -> bytes:  # noqa: ANN401
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def filled(book: Any, *rows: dict[str, object]) -> bytes:  # noqa: ANN401
    for number, cells in enumerate(rows, start=2):
        for title, value in cells.items():
            book.active.cell(number, AT[title]).value = value
    return saved(book)


async def test_the_template_holds_the_callers_open_work_orders(
    stores: Stores, order: WorkOrder, supplier: AsyncClient
) -> None:
    await factories.work_order(stores["production"])  # another supplier's
    grid = [list(row) for row in (await template(supplier)).active.iter_rows()]

    assert [cell.value for cell in grid[0]] == list(COLUMNS)
    assert [[cell.value for cell in row][1:13] for row in grid[1:]] == [
        [*line(order), 1, "Cut", "C62", 10, 0, 10],
        [*line(order), 2, "Weld", "C62", 10, 0, 0],
    ]
    assert {cell.data_type for row in grid for cell in row} == {"s", "n", "d"}  # no formula


async def test_a_template_is_no_longer_than_what_can_be_read_back(order: WorkOrder) -> None:
    file = workbook.written([(order, "Lianqiao Motors")] * ROWS_MAX, ticket=order.id)
    with zipfile.ZipFile(BytesIO(file)) as archive:
        rows = archive.read("xl/worksheets/sheet1.xml").count(b"<row ")
    assert rows == ROWS_MAX + 1  # of twice as many, and the head
    assert workbook.read(file) == []


def line(order: WorkOrder) -> list[object]:
    promised = datetime.combine(order.promised_on, time())
    return [order.order_number, "10.1", None, order.item_number, order.item_name, promised]


async def test_a_preview_says_what_applying_then_does(
    stores: Stores, order: WorkOrder, supplier: AsyncClient
) -> None:
    file = filled(
        await template(supplier), {GOOD: 8, SCRAPPED: "1", REASON: "Grat"}, {GOOD: "７.5"}
    )

    preview = await supplier.post(SHEET, params=PREVIEW, content=file)
    nothing = await announced(stores["production"])
    applied = await supplier.post(SHEET, params=APPLY, content=file)

    assert preview.status_code == applied.status_code == 200
    assert nothing == []
    assert len(await announced(stores["production"])) == 2
    before, after = preview.json(), applied.json()
    assert (before["dry_run"], after["dry_run"]) == (True, False)
    for row in (*before["rows"], *after["rows"]):
        assert bool(row.pop("report_id")) == (row in after["rows"])
    assert before["rows"] == after["rows"]
    assert [(row["status"], row["cell"], row["completed"]) for row in after["rows"]] == [
        ("recorded", "N2", "0"),
        ("recorded", "N3", "7.5"),
    ]
    state = await factories.by_line(stores["production"], order.schedule_line_id)
    assert [*state.good, *state.scrapped] == [Decimal(8), Decimal("7.5"), Decimal(1), Decimal(0)]


async def test_a_file_that_is_sent_again_counts_once(
    stores: Stores, order: WorkOrder, supplier: AsyncClient
) -> None:
    book = await template(supplier)
    file = filled(book, {GOOD: 4})
    await supplier.post(SHEET, params=APPLY, content=file)

    again = (await supplier.post(SHEET, params=APPLY, content=file)).json()
    other = (await supplier.post(SHEET, params=APPLY, content=filled(book, {GOOD: 5}))).json()
    fresh = filled(await template(supplier), {GOOD: 4})
    next_day = (await supplier.post(SHEET, params=APPLY, content=fresh)).json()

    assert [again["unchanged"], other["refused"], next_day["recorded"]] == [1, 1, 1]
    assert other["rows"][0]["problem"]["type"] == "/problems/reference-taken"
    state = await factories.by_line(stores["production"], order.schedule_line_id)
    assert state.good == [8, 0]


@pytest.mark.parametrize(
    ("cells", "cell", "said"),
    [
        ({GOOD: "twelve"}, "N2", "holds 'twelve'"),
        ({GOOD: -1}, "N2", "reverse it"),
        ({GOOD: "1,000"}, "N2", "without spaces, commas"),
        ({GOOD: 1e15}, "N2", "at most 6 decimals"),
        ({GOOD: 0.1234567}, "N2", "at most 6 decimals"),
        ({GOOD: "=1+1"}, "N2", "formula without a result"),
        ({GOOD: True}, "N2", "no quantity"),
        ({GOOD: date(2026, 11, 22)}, "N2", "no quantity"),
        ({GOOD: "#REF!"}, "N2", "error of the spreadsheet"),
        ({SCRAPPED: "x"}, "O2", "holds 'x'"),
        ({GOOD: 1, REASON: "x" * 201}, "P2", "longer than 200"),
        ({GOOD: 1, KEY: "4711"}, "A2", "key"),
        ({GOOD: 11}, "N2", "10 are left"),
        ({SCRAPPED: 0, REASON: "why?"}, "N2", "Say how much"),
    ],
)
async def test_a_row_is_refused_by_cell(
    cells: dict[str, object], cell: str, said: str, supplier: AsyncClient
) -> None:
    file = filled(await template(supplier), cells)

    answer = (await supplier.post(SHEET, params=PREVIEW, content=file)).json()

    assert [(row["status"], row["cell"]) for row in answer["rows"]] == [("refused", cell)]
    assert said in answer["rows"][0]["problem"]["detail"]


async def test_a_foreign_key_in_a_row_is_not_found(
    stores: Stores, order: WorkOrder, supplier: AsyncClient
) -> None:
    foreign = await factories.work_order(stores["production"])
    book = await template(supplier)
    key = book.active["A2"].value.replace(str(order.id), str(foreign.id))

    answer = await supplier.post(SHEET, params=APPLY, content=filled(book, {GOOD: 1, KEY: key}))

    assert answer.json()["rows"][0]["problem"]["status"] == 404


def nothing() -> bytes:
    return b""


def text() -> bytes:
    return b"work order;good\n1;2\n"


def other_book() -> bytes:
    return saved(Workbook())


def double_column() -> bytes:
    book: Any = Workbook()
    book.active.append([*COLUMNS, GOOD])
    return saved(book)


def far_away() -> bytes:
    book: Any = Workbook()
    book.active.append(list(COLUMNS))
    book.active["XFD1048576"] = 1
    return saved(book)


def rezipped(part: str, body: bytes) -> bytes:
    book, file = BytesIO(other_book()), BytesIO()
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info.filename, body if info.filename == part else old.read(info))
    return file.getvalue()


def bomb() -> bytes:
    return rezipped("xl/worksheets/sheet1.xml", b" " * (40 * 2**20))


def lying_bomb() -> bytes:
    """Return an archive whose part is longer than its entry says."""
    file = bytearray(bomb())
    size = (40 * 2**20).to_bytes(4, "little")
    for _ in range(file.count(size)):
        at = file.find(size)
        file[at : at + 4] = (100).to_bytes(4, "little")
    return bytes(file)


def placeless() -> bytes:
    rows = b"<row><c><v>1</v></c></row>"
    return rezipped("xl/worksheets/sheet1.xml", b"<worksheet><sheetData>" + rows)


def broken_xml() -> bytes:
    return rezipped("xl/workbook.xml", b"<workbook><sheets><sheet name='x'")


def laughs() -> bytes:
    entities = b"".join(
        b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10 if n else b"ha") for n in range(10)
    )
    return rezipped("xl/workbook.xml", b"<!DOCTYPE x [" + entities + b"]><x>&l9;</x>")


def truncated() -> bytes:
    return other_book()[:900]


def protected() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096)


@pytest.mark.parametrize(
    "make",
    [
        nothing,
        text,
        other_book,
        double_column,
        far_away,
        bomb,
        lying_bomb,
        placeless,
        broken_xml,
        laughs,
        truncated,
        protected,
    ],
)
async def test_a_hostile_file_is_refused_in_clear_words(
    make: Callable[[], bytes], supplier: AsyncClient
) -> None:
    answer = await supplier.post(SHEET, params=APPLY, content=make())

    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/unusable-sheet"


async def test_a_large_file_is_refused_unread(supplier: AsyncClient) -> None:
    answer = await supplier.post(SHEET, params=APPLY, content=b"x" * (2 * 2**20 + 1))
    assert answer.status_code == 413
