"""The two real sources come out to the cent, with every oddity that was counted by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lianqiao.importing import sources, sums
from lianqiao.importing.mapping import DeliveriesMapping, OcelMapping, load
from lianqiao.importing.staging import Staging, staging


@pytest.fixture(scope="module")
def procurement(third_party: Path) -> Iterator[Staging]:
    with staging() as staged:
        log = third_party / "ocel" / "ocel2-p2p.sqlite"
        sources.stage(log, load(OcelMapping, "ocel2-p2p"), staged)
        yield staged


@pytest.fixture(scope="module")
def health(third_party: Path) -> Iterator[Staging]:
    with staging() as staged:
        [path] = (third_party / "usaid-scms").glob("*.csv")
        sources.stage(path, load(DeliveriesMapping, "usaid-scms"), staged)
        yield staged


def test_the_bicycle_makers_orders_are_all_there(procurement: Staging) -> None:
    sums = procurement.sums()

    assert procurement.rows == 2_296
    assert sum(one.orders for one in sums) == 1_598
    assert sum(one.lines for one in sums) == 2_296
    assert len(sums) == 50
    assert sum(one.amount_minor for one in sums) == 91_614_850_00
    assert procurement.refused_count() == 0
    assert procurement.unknown == {}


def test_the_bicycle_makers_oddities_are_all_told(procurement: Staging) -> None:
    told = {one.kind: (one.times, one.amount_minor) for one in procurement.oddities}

    assert told["line is due before its order was placed"] == (918, None)
    assert told["repeated payment"] == (239, 15_090_800_00)
    assert told["invoice before its order's last goods receipt"] == (277, None)
    assert told["payment before its order's last goods receipt"] == (88, None)
    assert told["purchase requisition that no event creates"] == (198, None)
    assert told["order without invoice"] == (671, 32_829_250_00)
    assert "on 188 payments" in next(
        one.note for one in procurement.oddities if one.kind == "repeated payment"
    )
    dangling = [one for one in procurement.oddities if one.kind.startswith("relation leads")]
    assert {(one.times, one.note) for one in dangling} == {
        (1_014, "“Invoice Receipts of Purchase Order”"),
        (1_014, "“Invoice Receipt of Goods Receipt”"),
    }


def test_what_the_bicycle_maker_received_and_paid_is_counted_by_name(procurement: Staging) -> None:
    told = {one.name: one for one in procurement.taken}

    assert told["goods receipts"].counts == {
        "“goods receipt” objects": 1_941,
        "“Create Goods Receipt” events": 4_042,
    }
    assert told["invoices"].counts["“invoice receipt” objects"] == 927
    assert told["invoices"].counts["“Create Invoice Receipt” events"] == 1_941
    assert told["invoices"].amount_minor == 58_785_600_00
    assert told["payments"].counts["“Execute Payment” events"] == 1_166
    assert told["payments"].amount_minor == 58_785_600_00
    events = [
        count
        for one in [*procurement.taken, *procurement.untaken]
        for what, count in one.counts.items()
        if what.endswith("events")
    ]
    assert sum(events) + 1_598 == 14_671  # those that place orders are the orders' own


def test_the_health_programs_orders_are_all_there(health: Staging) -> None:
    sums = health.sums()

    assert health.rows == 10_324
    assert sum(one.orders for one in sums) == 6_233
    assert len(sums) == 73
    assert sum(one.amount_minor for one in sums) == 1_627_584_457_29
    assert health.refused_count() == 0


def test_the_health_programs_oddities_and_unknowns_are_all_told(health: Staging) -> None:
    told = {one.kind: one.times for one in health.oddities}

    assert told["line value differs from quantity × price"] == 719
    assert told["line value is zero"] == 17
    assert health.unknown["order date"] == {"N/A - From RDC": 5_404, "Date Not Captured": 328}
    assert health.unknown["incoterm"] == {"N/A - From RDC": 5_404}
    deliveries = next(one for one in health.taken if one.name == "deliveries")
    assert deliveries.counts["on or before the due date"] == 9_138


def test_the_bicycle_makers_documents_come_to_what_was_counted(procurement: Staging) -> None:
    told = {kind: sums.overall(totals) for kind, totals in sums.given(procurement).items()}

    assert told[sums.RECEIPTS] == (4_042, 0)  # 1,941 documents, one for each order they are about
    assert told[sums.DELIVERED] == (2_296, 91_614_850_00)
    assert told[sums.INVOICED] == (927, 58_785_600_00)
    assert told[sums.PAID] == (927, 58_785_600_00)
    assert told[sums.UNINVOICED] == (671, 32_829_250_00)
    receipts = list(procurement.documents.receipts())
    assert sum(len(one.lines) for one in receipts) == 2_296
    assert sum(bool(one.lines) for one in receipts) == 1_598  # the last of each order alone


def test_the_health_programs_deliveries_become_receipts_in_full(health: Staging) -> None:
    told = {kind: sums.overall(totals) for kind, totals in sums.given(health).items()}

    assert told[sums.RECEIPTS] == (7_030, 0)
    assert told[sums.DELIVERED] == (10_324, 1_627_584_457_29)
    assert told[sums.ON_TIME] == (9_138, 0)
    assert sums.INVOICED not in [kind for kind, total in told.items() if total.number]
