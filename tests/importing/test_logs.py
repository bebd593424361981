"""A log says the same in both of its forms; what is none is refused in a sentence."""

import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from lianqiao.importing import sources
from lianqiao.importing.mapping import OcelMapping
from lianqiao.importing.ocel.opening import open_log
from lianqiao.importing.ocel.summary import summarize
from lianqiao.importing.staging import Staging, staging
from lianqiao.importing.values import UnusableError
from tests.importing import factories


@pytest.fixture(params=["log.sqlite", "log.json"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return factories.log(tmp_path / request.param)


@pytest.fixture
def staged(path: Path, log_mapping: OcelMapping) -> Iterator[Staging]:
    with staging() as into:
        sources.stage(path, log_mapping, into)
        yield into


def test_orders_come_with_their_lines_supplier_and_day(staged: Staging) -> None:
    first, second = staged.orders()

    assert first.head[:2] == ("order:1", "Spoke & Co")
    assert str(first.head.placed_at) == "2024-01-10 23:30:00+00:00"
    assert [line.reference for line in first.lines] == ["item:9", "item:10"]
    assert [line.quantity for line in first.lines] == [Decimal("10.0"), Decimal(2)]
    assert [str(line.due_on) for line in first.lines] == ["2024-03-01", "2024-01-05"]
    assert second.head.placed_at is None
    assert staged.unknown["order date"] == {"empty": 1}


def test_sums_are_exact_by_supplier(staged: Staging) -> None:
    assert staged.sums() == [("Felge GmbH", 1, 1, 11_985), ("Spoke & Co", 1, 2, 9_250)]


def test_oddities_are_told_and_nothing_is_refused(staged: Staging) -> None:
    told = {oddity.kind: (oddity.times, oddity.amount_minor) for oddity in staged.oddities}

    assert told == {
        "line is due before its order was placed": (1, None),
        "requisition that no event creates": (1, None),
        "invoice before its order's last receipt": (1, None),
        "order without invoice": (1, 11_985),
        "repeated payment": (2, 18_500),
        "relation leads to an object not in the log": (1, None),
        "change of an attribute without a value": (1, None),
    }
    assert staged.refused_count() == 0


def test_what_is_beside_the_orders_is_counted_and_named(staged: Staging) -> None:
    counted = [*staged.taken, *staged.untaken]
    told = {(one.service, one.name): (one.counts, one.amount_minor) for one in counted}

    assert told["logistics", "receipts"] == ({"“Receive” events": 2}, None)
    payments = {"“payment” objects": 1, "“Pay” events": 3}
    assert told["settlement", "payments"] == (payments, 9_250)
    assert told[None, "not named by the mapping"] == ({"“Audit” events": 1}, None)


def test_a_summary_names_types_relations_and_time(path: Path) -> None:
    with open_log(path, wanted=()) as log:
        told = summarize(log)

    counts = {type_.name: type_.count for type_ in told.objects}
    assert counts == {"invoice": 1, "item": 3, "order": 2, "payment": 1, "requisition": 2}
    item = next(type_ for type_ in told.objects if type_.name == "item")
    assert item.attributes == ["Material", "Quantity", "Price", "Due"]
    assert ("item", "item of order", "order", 3) in {
        (one.source, one.qualifier, one.target, one.count) for one in told.relations
    }
    assert (told.first_at or "")[:10] == "2024-01-01"
    assert (told.last_at or "")[:10] == "2024-03-01"
    assert told.fitting == []


def test_a_line_that_cannot_be_one_is_refused_with_its_order(
    tmp_path: Path, log_mapping: OcelMapping
) -> None:
    hub = {"Material": "HUB", "Price": "1", "Due": "2024-01-01"}
    of_order = (("order:2", "item of order"),)
    bad = [
        factories.thing("item:12", "item", (), **hub, Quantity="1"),
        factories.thing("item:13", "item", of_order, **hub, Quantity="few"),
    ]
    path = factories.log(tmp_path / "log.sqlite", objects=factories.OBJECTS + bad)
    with staging() as staged:
        sources.stage(path, log_mapping, staged)

        assert {row: why for row, _, why in staged.refused()} == {
            "item:12": "the line belongs to no order, or to several",
            "item:13": "quantity: “few” is not a number",
            "item:11": "another row of its order is refused",
        }
        assert [order.head.number for order in staged.orders()] == ["order:1"]


def test_a_changed_value_counts_where_the_mapping_says_so(
    tmp_path: Path, log_mapping: OcelMapping
) -> None:
    path = factories.log(tmp_path / "log.json")
    document = path.read_text(encoding="utf-8").replace(
        '{"name": "Price", "time": "1970-01-01T00:00:00.000Z", "value": "39.95"}',
        '{"name": "Price", "time": "1970-01-01T00:00:00.000Z", "value": "39.95"},'
        '{"name": "Price", "time": "2024-02-01T00:00:00Z", "value": 41.5}',
    )
    path.write_text(document, encoding="utf-8")
    prices = []
    for counts in "first", "last":
        mapping = log_mapping.model_copy(update={"object_values": counts})
        with staging() as staged:
            sources.stage(path, mapping, staged)
            prices.append([order.lines[0].price for order in staged.orders()][1])

    assert prices == [Decimal("39.95"), Decimal("41.5")]


def test_what_the_log_lacks_is_named(path: Path, log_mapping: OcelMapping) -> None:
    line = log_mapping.line.model_copy(update={"of_order": "part of", "object": "material"})
    mapping = log_mapping.model_copy(update={"line": line})

    with staging() as staged, pytest.raises(UnusableError) as refused:
        sources.stage(path, mapping, staged)

    assert "object type “material”" in str(refused.value)
    assert "relation “part of”" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("log.xml", b"<?xml version='1.0'?><log/>", "it is XML, which is not read"),
        ("log.pdf", b"%PDF-1.7", "neither SQLite nor JSON"),
        ("empty.json", b"", "neither SQLite nor JSON"),
        ("other.json", b'{"orders": []}', "declares no objectTypes"),
        ("list.json", b'{"objectTypes": [1], "eventTypes": []}', "of another shape"),
        ("half.json", b'{"objectTypes": [{"name": "order", "attr', "damaged JSON"),
        ("half.sqlite", b"SQLite format 3\0" + b"x" * 500, "damaged or no OCEL 2.0 log"),
    ],
)
def test_what_is_no_log_is_refused_in_a_sentence(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnusableError, match=says), open_log(path, wanted=()):
        pass


def test_a_database_of_something_else_is_refused_by_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE event (ocel_id TEXT)")
    connection.commit()
    connection.close()
    with (
        pytest.raises(UnusableError, match=r"lacks the table.*object_object"),
        open_log(path, wanted=()),
    ):
        pass


def test_an_order_is_received_in_full_at_its_last_receipt_and_paid_once(staged: Staging) -> None:
    first, last = staged.documents.receipts()
    [invoice] = staged.documents.invoices()
    [payment] = staged.documents.payments()

    assert (first.lines, first.delivered_on) == ([], "2024-02-01")
    assert last.lines == [(10, Decimal("10.0"), 12_50), (20, Decimal(2), 80_00)]
    assert (invoice.order, invoice.invoiced_on, invoice.amount_minor) == (
        "order:1",
        "2024-02-02",
        92_50,
    )
    assert (payment.invoice, payment.paid_on) == ("invoice:1", "2024-02-04")
    assert payment.amount_minor == 92_50


def test_documents_that_lead_nowhere_are_refused_with_their_reason(
    tmp_path: Path, log_mapping: OcelMapping
) -> None:
    lost = [
        factories.thing("invoice:2", "invoice", (), Amount="5"),
        factories.thing("invoice:3", "invoice", (("order:2", "invoice of order"),), Amount="5"),
        factories.thing("payment:3", "payment", (("invoice:3", "payment of invoice"),), Amount="5"),
    ]
    more = [
        factories.event("e10", "Invoice", "2024-03-02T08:00:00Z", "invoice:3"),
        factories.event("e11", "Pay", "2024-03-02T08:00:00Z", "payment:3"),
        factories.event("e12", "Receive", "2024-03-02T08:00:00Z", "invoice:2"),
    ]
    path = factories.log(
        tmp_path / "log.json",
        objects=factories.OBJECTS + lost,
        events=factories.EVENTS + more,
    )
    with staging() as staged:
        sources.stage(path, log_mapping, staged)

        told = {number: why for number, _, why in staged.documents.refused()}
        assert told == {
            "e12": "it is about no order that is known",
            "invoice:2": "it is about no order that is known",
            "invoice:3": "its amount is not that of its order: nothing says which lines it is for",
            "payment:3": "its invoice is not taken in",
        }
        assert staged.refused_count() == 4
        assert len(list(staged.documents.invoices())) == 1
