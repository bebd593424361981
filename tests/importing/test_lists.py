"""Order lines say the same as CSV and as Excel; every row is accounted for."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook

from lianqiao.importing import sources
from lianqiao.importing.mapping import DeliveriesMapping
from lianqiao.importing.reconciliation import write_refused
from lianqiao.importing.staging import Staging, staging
from lianqiao.importing.values import UnusableError
from tests.importing import factories
from tests.importing.factories import GOOD


@pytest.fixture(params=["lines.csv", "lines.xlsx"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return factories.lines(tmp_path / request.param)


@pytest.fixture
def staged(path: Path, lines_mapping: DeliveriesMapping) -> Iterator[Staging]:
    with staging() as into:
        sources.stage(path, lines_mapping, into)
        yield into


def test_orders_are_found_with_chinese_names_and_days(staged: Staging) -> None:
    first, second = staged.orders()

    assert first.head[:2] == ("A-1", "宏远精密")
    assert str(first.head.placed_at) == "2024-01-10 00:00:00+08:00"
    assert [line.item_name for line in first.lines] == ["转向节", "衬套"]
    assert len({line.item_number for line in first.lines}) == 2
    assert str(first.lines[0].due_on) == "2024-03-01"
    assert second.head.placed_at is None


def test_the_given_amount_counts_and_its_difference_is_told(staged: Staging) -> None:
    assert staged.sums() == [("嘉禾压铸", 1, 1, 0), ("宏远精密", 1, 2, 64_230_666)]
    told = {oddity.kind: (oddity.times, oddity.amount_minor) for oddity in staged.oddities}
    assert told == {
        "line value differs from quantity × price": (2, -1 - 50),
        "line value is zero": (1, None),
        "line is due before its order was placed": (1, None),
    }


def test_what_is_unknown_is_counted_by_field_and_word(staged: Staging) -> None:
    assert staged.unknown == {"order date": {"n/a": 1}, "Delivered": {"n/a": 1}}
    [deliveries] = staged.taken
    assert deliveries.counts == {
        "dates": 2,
        "on or before the due date": 1,
        "after the due date": 1,
    }


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("Quantity", "0", "quantity is 0; an order line needs more than 0"),
        ("Quantity", "many", "quantity: “many” is not a number"),
        ("Price", "n/a", "price is unknown: n/a"),
        ("Value", "1.005", "amount: EUR has no unit as small as 1.005 needs"),
        ("Due", "soon", "due_on: “soon” is not a date as %d.%m.%Y or ISO 8601"),
        ("Vendor", "", "supplier is unknown: empty"),
        ("Vendor", "另一家", "another row of order A-1 has another supplier, date or Incoterm"),
        ("ID", "1", "a row before it has the same id"),
    ],
)
def test_a_bad_row_is_refused_with_its_reason_and_takes_its_order_along(
    tmp_path: Path, lines_mapping: DeliveriesMapping, column: str, value: str, reason: str
) -> None:
    rows = [list(row) for row in GOOD]
    rows[1][factories.COLUMNS.index(column)] = value
    path = factories.lines(tmp_path / "lines.csv", rows)
    with staging() as staged:
        sources.stage(path, lines_mapping, staged)
        refused = list(staged.refused())
        written = tmp_path / "refused.csv"
        write_refused(staged, written)

        assert reason in [why for _, _, why in refused]
        assert [order.head.number for order in staged.orders()] == ["B-1"]
        assert staged.rows == 3
    assert reason.partition(",")[0] in written.read_text(encoding="utf-8-sig")


def test_dates_and_numbers_of_a_spreadsheet_are_taken_as_they_are(
    tmp_path: Path, lines_mapping: DeliveriesMapping
) -> None:
    path = factories.lines(tmp_path / "lines.xlsx")
    workbook = load_workbook(path)
    sheet = workbook.worksheets[0]
    sheet["E2"], sheet["F2"], sheet["G2"] = 1_000, 642.3, 642_300.0
    sheet["H2"] = date(2024, 3, 1)
    workbook.save(path)
    with staging() as staged:
        sources.stage(path, lines_mapping, staged)

        [first, *_] = staged.orders()
        assert first.lines[0].amount_minor == 64_230_000
        assert str(first.lines[0].due_on) == "2024-03-01"


def test_text_out_of_the_source_is_no_formula_in_the_refusals(
    tmp_path: Path, lines_mapping: DeliveriesMapping
) -> None:
    rows = [["9", "=1+1", "V", "I", "x", "1", "1", "01.01.2024", "n/a", "n/a"]]
    with staging() as staged:
        sources.stage(factories.lines(tmp_path / "lines.csv", rows), lines_mapping, staged)
        write_refused(staged, tmp_path / "refused.csv")

    assert "'=1+1" in (tmp_path / "refused.csv").read_text(encoding="utf-8-sig")


def test_missing_columns_are_named(tmp_path: Path, lines_mapping: DeliveriesMapping) -> None:
    columns = [name.replace("Price", "Preis") for name in factories.COLUMNS]
    path = factories.lines(tmp_path / "lines.csv", columns=columns)
    with staging() as staged, pytest.raises(UnusableError, match=r"columns\.price: “Price”"):
        sources.stage(path, lines_mapping, staged)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("latin.csv", "ID,Ordér\n1,x\n".encode("utf-16"), "is not written in gb18030"),
        ("zip.xlsx", b"PK\x03\x04 not really", "no Excel file that can be read"),
        ("old.xls", b"not really", "no Excel file that can be read"),
        ("empty.csv", b"", "is empty: row 1 should name its columns"),
        ("twice.csv", b"A,A\n1,2\n", "two columns named A"),
        ("binary.csv", b"A,B\n\0,1\n", "bytes that are no text"),
    ],
)
def test_what_is_no_list_is_refused_in_a_sentence(
    tmp_path: Path, lines_mapping: DeliveriesMapping, name: str, content: bytes, says: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with staging() as staged, pytest.raises(UnusableError, match=says):
        sources.stage(path, lines_mapping, staged)
