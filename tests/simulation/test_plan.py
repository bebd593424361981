"""A plan is the same for the same seed, keeps the rules of production, and has every fate."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

import pytest

from contracts.orders import Light
from lianqiao.simulation.plan import Fate, Line, Order, Plan, draw_plan
from services.orders.domain.lights import Outlook, State, light, turns
from services.production.domain.prediction import Pace, Prediction, predict
from services.production.domain.progress import Operation, Progress, Status

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
LIGHTS = {
    Fate.COMPLETED: {Light.COMPLETED},
    Fate.ON_TIME: {Light.ON_TIME},
    Fate.AT_RISK: {Light.AT_RISK},
    Fate.LATE: {Light.LATE},
    Fate.OVERDUE: {Light.LATE},
    Fate.NOT_STARTED: {Light.ON_TIME},
    Fate.PARTLY: {Light.ON_TIME},
    Fate.COUNTERED: {Light.ON_TIME},
    Fate.UNANSWERED: {Light.UNCONFIRMED},
}


def plan(seed: int = 7, *, suppliers: int = 12, lines: int = 60, at: datetime = NOW) -> Plan:
    return draw_plan(Random(seed), now=at, zone=ZONE, supplier_count=suppliers, line_count=lines)


def made(order: Order, line: Line) -> tuple[Progress, Prediction | None]:
    """Let production judge every report of a line, and predict."""
    assert line.promise
    operations = tuple(Operation(name) for name in order.supplier.routing)
    progress, pace = Progress(Decimal(line.promise.quantity), operations), Pace()
    for report in line.reports:
        good, scrapped = Decimal(report.good), Decimal(report.scrapped)
        progress = progress.report(report.operation, good, scrapped)
        pace = pace.with_report(report.at)
    return progress, predict(progress, pace, zone=ZONE)


def test_the_same_seed_and_day_draw_the_same_plan() -> None:
    assert plan(3) == plan(3)
    assert plan(3) != plan(4)


def test_the_demo_has_as_many_lines_as_asked_for_and_every_fate() -> None:
    drawn = plan()

    fates = Counter(line.fate for _, line in drawn.lines())
    assert sum(fates.values()) == 60
    assert set(fates) == set(Fate)
    assert len(drawn.companies) == 14
    assert max(len(company.name) for company in drawn.companies) >= 45


@pytest.mark.parametrize("seed", range(12))
def test_production_accepts_every_report_and_nothing_is_yet_to_come(seed: int) -> None:
    drawn = plan(seed)
    for order, line in drawn.lines():
        if not line.promise:
            assert not line.reports
            continue
        progress, _ = made(order, line)
        assert (progress.status is Status.COMPLETED) == (line.fate is Fate.COMPLETED)
        assert order.placed_at <= line.promise.at <= drawn.now
        times = [report.at for report in line.reports]
        assert times == sorted(times)
        assert all(line.promise.at <= at <= drawn.now for at in times)


@pytest.mark.parametrize("hour", [0, 5, 11, 23])
@pytest.mark.parametrize("seed", range(6))
def test_each_fate_shows_in_its_light(seed: int, hour: int) -> None:
    now = NOW.replace(hour=hour)
    for order, line in plan(seed, at=now).lines():
        assert light_of(order, line, now) in LIGHTS[line.fate], (order.number, line)


def light_of(order: Order, line: Line, now: datetime) -> Light:
    today = now.astimezone(ZONE).date()
    if not line.promise:
        return light(
            State.UNCONFIRMED, quantity=Decimal(1), good=Decimal(0), turning=None, today=today
        )
    progress, prediction = made(order, line)
    outlook = prediction and Outlook(prediction.early_50_on, prediction.late_90_on, today)
    turning = turns(line.promise.promised_on, started=bool(line.reports), outlook=outlook)
    quantity = Decimal(line.promise.quantity)
    return light(
        State.CONFIRMED, quantity=quantity, good=progress.completed, turning=turning, today=today
    )


def test_most_of_what_is_late_is_one_big_order() -> None:
    late = [
        (line.quantity * line.item.price, order)
        for order, line in plan().lines()
        if line.fate in {Fate.LATE, Fate.OVERDUE}
    ]
    total = sum(value for value, _ in late)
    assert max(late, key=lambda one: one[0])[0] > total * Decimal("0.8")


def test_order_numbers_and_supplier_names_are_one_of_a_kind_at_any_scale() -> None:
    drawn = plan(1, suppliers=200, lines=2_000)

    names = [company.name for company in drawn.companies]
    numbers = [order.number for order in drawn.orders]
    assert len(set(names)) == len(names) == 202
    assert len(set(numbers)) == len(numbers)
    assert sum(len(order.lines) for order in drawn.orders) == 2_000
    weeks = {line.due_on.isocalendar()[:2] for _, line in drawn.lines()}
    assert len(weeks) >= 8
    assert max(line.due_on for _, line in drawn.lines()) < (NOW + timedelta(weeks=8)).date()
