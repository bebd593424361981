"""What the portal draws and reads: pictures, axes, turns, spreadsheets of orders, secrets."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from contracts.orders import Light, Side
from contracts.production import OperationProgress, Prediction
from services.portal.domain.order_sheets import COLUMNS, ROWS_MAX, read_orders
from services.portal.domain.pictures import Picture, axis_for, picture
from services.portal.domain.secrets import challenge, digest, opened, sealed
from services.portal.domain.turns import Wanted, turns

TODAY = date(2026, 11, 22)
DAYS = st.dates(date(2000, 1, 1), date(2200, 12, 31))
SUPPLIERS = {"宏远精密": ("01", "宏远精密"), "v-77": ("01", "宏远精密"), "嘉禾": ("02", "嘉禾")}
HEAD: list[object] = [words[0] for words in COLUMNS.values()]


def operation(good: int, sequence: int = 1) -> OperationProgress:
    return OperationProgress(
        sequence=sequence, name="检验", good=Decimal(good), scrapped=Decimal(0)
    )


def drawn(**given_: object) -> Picture:
    known = {
        "quantity": Decimal(100),
        "operations": [],
        "due_on": TODAY + timedelta(days=20),
        "promised_on": None,
        "started_on": None,
        "completed_on": None,
        "predicted": None,
        "today": TODAY,
    }
    return picture(**{**known, **given_})  # type: ignore[arg-type]


def test_what_nobody_promised_shows_its_wish_and_no_work() -> None:
    attributes = drawn().attributes
    assert attributes == {"data-due": "2026-12-12"}


def test_work_is_drawn_from_the_first_report_to_the_expected_end() -> None:
    predicted = Prediction(
        predicted_on=TODAY + timedelta(days=10),
        early_50_on=TODAY + timedelta(days=8),
        late_50_on=TODAY + timedelta(days=12),
        early_90_on=TODAY + timedelta(days=6),
        late_90_on=TODAY + timedelta(days=16),
        started_at=datetime.fromisoformat("2026-11-12T00:00:00+00:00"),
        reports=5,
        done_share=Decimal("0.25"),
    )
    found = drawn(
        operations=[operation(50), operation(25, 2)],
        promised_on=TODAY + timedelta(days=9),
        started_on=TODAY - timedelta(days=10),
        predicted=predicted,
    )
    assert found.attributes["data-work"] == "2026-11-12 2026-12-02"
    assert found.attributes["data-shares"] == "0.500 0.250"
    assert found.attributes["data-predicted"] == "2026-11-28 2026-11-30 2026-12-04 2026-12-08"
    assert found.operations_done == 0


@given(promised=DAYS, started=st.none() | DAYS, completed=st.none() | DAYS)
def test_work_never_ends_before_it_begins(
    promised: date, started: date | None, completed: date | None
) -> None:
    found = drawn(promised_on=promised, started_on=started, completed_on=completed)
    assert found.start is not None
    assert found.end is not None
    assert found.start <= found.end


@given(days=st.lists(DAYS, max_size=60))
def test_an_axis_always_has_a_width_and_few_ticks(days: list[date]) -> None:
    axis = axis_for([drawn(due_on=day) for day in days], today=TODAY)
    assert axis.start < axis.end
    assert (axis.end - axis.start).days / axis.every <= 110


def test_history_has_its_own_years() -> None:
    days = [date(2015, 1, 1) + timedelta(days=n) for n in range(50)]
    axis = axis_for([drawn(due_on=day) for day in days], today=TODAY)
    assert axis.end < TODAY


def test_it_is_the_turn_of_whoever_has_not_answered() -> None:
    lights = [Light.UNCONFIRMED, Light.LATE, Light.ON_TIME]
    found = turns(lights, [Side.SUPPLIER], Side.BUYER)
    assert [turn.wanted for turn in found] == list(Wanted)
    assert found[0].side is Side.BUYER
    assert {turn.side for turn in found[1:]} == {Side.SUPPLIER}


def test_it_is_nobody_s_turn_when_all_is_done() -> None:
    assert turns([Light.COMPLETED, Light.CANCELLED], [], None) == []


def row(**given_: object) -> list[object]:
    known: dict[str, object] = {
        "订单号": "A-1",
        "供应商": "宏远精密",
        "物料号": "ZX-1",
        "物料名称": "垫片",
        "数量": 5.0,
        "单价": "1.25",
        "交期": datetime(2026, 12, 1),  # noqa: DTZ001  as a spreadsheet has it
        **given_,
    }
    return [known.get(str(head)) for head in HEAD]


def test_rows_of_one_number_are_one_order() -> None:
    table: list[list[object]] = [
        HEAD,
        row(),
        row(物料号="ZX-2", 单位="千克"),
        row(订单号="A-2", 供应商="V-77"),
    ]
    found = read_orders(table, SUPPLIERS, currency="CNY")
    assert not found.obstacles
    assert [draft.number for draft in found.drafts] == ["A-1", "A-2"]
    first = found.drafts[0].body()
    assert [line["position"] for line in first["lines"]] == [10, 20]
    assert [line["unit"] for line in first["lines"]] == ["C62", "KGM"]
    assert first["lines"][0]["schedule_lines"] == [{"quantity": "5", "due_on": "2026-12-01"}]
    assert found.drafts[0].amount == Decimal("12.50")


def test_each_obstacle_names_its_row_and_column() -> None:
    table: list[list[object]] = [
        HEAD,
        row(供应商="谁"),
        row(数量="many"),
        row(交期="soon"),
        row(物料名称=""),
    ]
    found = read_orders(table, SUPPLIERS, currency="CNY")
    assert [(one.row, one.column) for one in found.obstacles] == [
        (2, "supplier"),
        (3, "quantity"),
        (4, "due_on"),
        (5, "item_name"),
    ]
    assert not found.drafts


def test_missing_columns_and_too_many_rows_are_told() -> None:
    assert "缺" not in read_orders([["订单号"]], SUPPLIERS, currency="CNY").obstacles[0].words
    assert read_orders([], SUPPLIERS, currency="CNY").obstacles
    assert read_orders([HEAD, *[row()] * (ROWS_MAX + 1)], SUPPLIERS, currency="CNY").obstacles


@given(cells=st.lists(st.lists(st.none() | st.text() | st.floats() | st.dates(), max_size=14)))
def test_whatever_stands_in_a_sheet_nothing_breaks(cells: list[list[object]]) -> None:
    read_orders([HEAD, *cells], SUPPLIERS, currency="CNY")


def test_tokens_open_with_their_own_cookie_alone() -> None:
    secret = sealed("cookie", "tokens")
    assert opened("cookie", secret) == "tokens"
    assert opened("another", secret) is None
    assert opened("cookie", b"") is None
    assert digest("cookie") != digest("another")


def test_a_challenge_is_that_of_the_standard() -> None:  # RFC 7636, appendix B
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
