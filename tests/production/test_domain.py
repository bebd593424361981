"""The rules of production hold for every quantity and every order of reports."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.production.domain.prediction import Pace, Prediction, predict, slippage
from services.production.domain.problems import (
    AlreadyReversed,
    LaterOperationsNeedIt,
    MoreThanCameBefore,
    MoreThanOrdered,
    NoSuchOperation,
    NothingReported,
    NotTheSupplier,
    NotYetHappened,
    ReferenceTaken,
    WorkOrderCancelled,
    WorkOrderNotFound,
)
from services.production.domain.progress import QUANTITY_MAX, Operation, Progress, Status
from services.production.domain.reports import (
    Circumstances,
    Held,
    Kept,
    Made,
    Recorded,
    Unchanged,
    agree,
    judge,
    take_back,
)
from shared.problem import Problem

ME, OTHER = uuid4(), uuid4()
IDS = [uuid4() for _ in range(3)]
NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
UNDER = Circumstances(ME, NOW, ZONE)

quantities = st.decimals(0, 12, places=1)
amounts = st.integers(0, 12).map(Decimal)


@st.composite
def progresses(draw: st.DrawFn) -> Progress:
    """Draw any state that the rules allow, reduced and cancelled work orders included."""
    operations: list[Operation] = []
    came = draw(st.integers(0, 30))
    for number in range(draw(st.integers(1, 4))):
        good = draw(st.integers(0, came))
        scrapped = draw(st.integers(0, came - good if number else 9))
        operations.append(Operation(f"operation {number + 1}", Decimal(good), Decimal(scrapped)))
        came = good
    agreed = draw(st.integers(1, 30))
    return Progress(Decimal(agreed), tuple(operations), draw(st.sampled_from([False] * 5 + [True])))


@st.composite
def orders(draw: st.DrawFn) -> Held:
    progress = draw(progresses())
    pace = Pace()
    for hours in draw(st.lists(st.integers(0, 500), max_size=3)):
        pace = pace.with_report(NOW - timedelta(hours=hours))
    promised_on = date(2026, 11, 22) + timedelta(days=draw(st.integers(-30, 30)))
    return Held(draw(st.sampled_from([ME, ME, ME, OTHER])), promised_on, progress, pace)


@st.composite
def reports(draw: st.DrawFn) -> Made:
    return Made(
        uuid4(),
        draw(st.sampled_from([*IDS, uuid4()])),
        draw(st.integers(1, 4)),
        draw(amounts),
        draw(amounts),
        NOW - timedelta(hours=draw(st.integers(-1, 99))),
        reference=draw(st.sampled_from([None, None, "A", "B"])),
    )


held_orders = st.dictionaries(st.sampled_from(IDS), orders())
batches = st.lists(reports(), max_size=12)


def flows(progress: Progress) -> bool:
    """Tell whether no operation took in more than left the one before it."""
    pairs = zip(progress.operations, progress.operations[1:], strict=False)
    return all(later.good + later.scrapped <= before.good for before, later in pairs)


def said(outcome: object) -> object:
    return (type(outcome), outcome.detail) if isinstance(outcome, Problem) else outcome


@given(progress=progresses(), sequence=st.integers(1, 4), good=quantities, scrapped=quantities)
def test_a_report_keeps_the_rules_or_names_the_one_it_breaks(
    progress: Progress, sequence: int, good: Decimal, scrapped: Decimal
) -> None:
    operations = progress.operations
    scrap_after = sum((o.scrapped for o in operations[sequence:]), Decimal(0))
    try:
        after = progress.report(sequence, good, scrapped)
    except WorkOrderCancelled:
        assert progress.cancelled
    except NoSuchOperation:
        assert sequence > len(operations)
    except NothingReported:
        assert good == scrapped == 0
    except MoreThanCameBefore:
        here = operations[sequence - 1]
        assert here.good + here.scrapped + good + scrapped > operations[sequence - 2].good
    except MoreThanOrdered:
        assert operations[sequence - 1].good + good > progress.agreed + scrap_after
    else:
        assert flows(after)
        assert after.operations[sequence - 1][1:] == (
            operations[sequence - 1].good + good,
            operations[sequence - 1].scrapped + scrapped,
        )
        if good:
            assert good <= progress.open_at(sequence)
            assert after.completed <= max(after.agreed, progress.completed)
        if good and sequence == 1:
            assert after.operations[0].good <= progress.agreed + scrap_after


@given(progress=progresses(), sequence=st.integers(1, 4))
def test_what_is_shown_as_open_can_be_reported_and_no_more(
    progress: Progress, sequence: int
) -> None:
    assume(sequence <= len(progress.operations))
    open_quantity = progress.open_at(sequence)
    if open_quantity:
        progress.report(sequence, open_quantity, Decimal(0))
    with pytest.raises(Problem):
        progress.report(sequence, open_quantity + Decimal("0.000001"), Decimal(0))


@given(progress=progresses(), sequence=st.integers(1, 4), good=amounts, scrapped=amounts)
def test_a_reversal_restores_what_was(
    progress: Progress, sequence: int, good: Decimal, scrapped: Decimal
) -> None:
    try:
        after = progress.report(sequence, good, scrapped)
    except Problem:
        return
    assert after.take_back(sequence, good, scrapped) == progress


@given(progress=progresses(), data=st.data())
def test_what_went_on_cannot_be_taken_back(progress: Progress, data: st.DataObject) -> None:
    sequence = data.draw(st.integers(1, len(progress.operations)))
    here = progress.operations[sequence - 1]
    good = data.draw(st.integers(0, int(here.good)).map(Decimal))
    later = progress.operations[sequence : sequence + 1]
    if any(here.good - good < operation.good + operation.scrapped for operation in later):
        with pytest.raises(LaterOperationsNeedIt, match=f"reports of operation {sequence + 1}"):
            progress.take_back(sequence, good, Decimal(0))
    else:
        assert flows(progress.take_back(sequence, good, Decimal(0)))


@given(progress=progresses())
def test_a_status_says_what_is_left(progress: Progress) -> None:
    assert progress.ordered == progress.agreed + progress.excess
    assert progress.completed + progress.remaining == progress.ordered
    assert 0 <= progress.done_share <= 1
    if not progress.cancelled:
        assert (progress.status is Status.COMPLETED) == (progress.remaining == 0)
        assert (progress.done_share == 1) <= (progress.status is Status.COMPLETED)


def test_no_operation_counts_beyond_what_can_be_stored() -> None:
    progress = Progress(Decimal(1), (Operation("one", scrapped=QUANTITY_MAX - 1),))
    with pytest.raises(MoreThanOrdered):
        progress.report(1, Decimal(0), Decimal(1))


@given(held=held_orders, batch=batches)
def test_a_batch_is_judged_as_its_reports_would_be_one_at_a_time(
    held: dict[UUID, Held], batch: list[Made]
) -> None:
    now, known = dict(held), dict[tuple[UUID, str], Kept]()
    for made, together in zip(batch, judge(held, batch, under=UNDER), strict=True):
        [alone] = judge(now, [made], under=UNDER, known=known)
        assert said(together) == said(alone)
        if isinstance(alone, Recorded):
            now[made.work_order_id] = alone.after
            if made.reference:
                known[made.work_order_id, made.reference] = Kept(*made[:5])


@given(held=held_orders, batch=batches)
def test_each_report_meets_its_refusal(held: dict[UUID, Held], batch: list[Made]) -> None:
    for made, outcome in zip(batch, judge(held, batch, under=UNDER), strict=True):
        order = held.get(made.work_order_id)
        if order is None:
            assert isinstance(outcome, WorkOrderNotFound)
        elif order.supplier_id != ME:
            assert isinstance(outcome, NotTheSupplier)
        elif isinstance(outcome, NotYetHappened):
            assert made.occurred_at > NOW
        elif isinstance(outcome, ReferenceTaken | Unchanged):
            assert made.reference
        elif isinstance(outcome, Recorded):
            assert outcome.report == made
            assert flows(outcome.after.progress)


@given(held=held_orders, batch=batches)
def test_every_event_about_a_work_order_has_a_number_of_its_own(
    held: dict[UUID, Held], batch: list[Made]
) -> None:
    count = {id_: order.revision for id_, order in held.items()}
    for outcome in judge(held, batch, under=UNDER):
        if isinstance(outcome, Recorded):
            id_ = outcome.report.work_order_id
            assert outcome.revision == count[id_] + 1
            count[id_] = outcome.after.revision
            assert count[id_] == outcome.revision + outcome.completes + outcome.slips


@given(order=orders(), data=st.data())
def test_reporting_and_taking_back_leaves_all_as_it_was(order: Held, data: st.DataObject) -> None:
    order = order._replace(supplier_id=ME)
    sequence = data.draw(st.integers(1, len(order.progress.operations)))
    most = int(order.progress.open_at(sequence))
    good = data.draw(st.integers(0, most).map(Decimal))
    made = Made(uuid4(), IDS[0], sequence, good, Decimal(0 if good else 1), NOW)
    [recorded] = judge({IDS[0]: order}, [made], under=UNDER)
    if not isinstance(recorded, Recorded):
        assert isinstance(recorded, WorkOrderCancelled | MoreThanCameBefore)
        return
    kept = Kept(*made[:5])

    back = take_back(recorded.after, kept, reversal_id=uuid4(), others=order.pace, under=UNDER)

    assert (back.after.progress, back.after.pace) == (order.progress, order.pace)
    assert (back.report.good, back.report.scrapped) == (-made.good, -made.scrapped)
    assert back.reverses == made.report_id
    final = kept._replace(is_final=True)
    with pytest.raises(AlreadyReversed):
        take_back(recorded.after, final, reversal_id=uuid4(), others=order.pace, under=UNDER)


@given(order=orders(), quantity=st.integers(1, 30), days=st.integers(-30, 30))
def test_an_agreement_undoes_no_work(order: Held, quantity: int, days: int) -> None:
    promised_on = date(2026, 11, 22) + timedelta(days=days)
    agreed = agree(order, quantity=Decimal(quantity), promised_on=promised_on, zone=ZONE)

    progress = agreed.after.progress
    assert progress.operations == order.progress.operations
    assert progress.ordered == max(quantity, progress.completed)
    assert progress.excess == max(progress.completed - quantity, 0)
    assert agreed.after.revision == order.revision + agreed.completes + agreed.slips
    if agreed.completes:
        assert order.progress.status is Status.OPEN
        assert progress.status is Status.COMPLETED


class TestPrediction:
    def test_goes_on_as_from_the_first_report_to_the_last(self) -> None:
        progress = Progress(Decimal(100), (Operation("one", Decimal(30)),))
        pace = Pace(3, NOW - timedelta(days=2), NOW)  # 30 % by three reports, at 10 % a day

        told = predict(progress, pace, zone=ZONE)

        assert told
        assert told.predicted_on == date(2026, 11, 29)  # seven days more
        assert (told.reports, told.done_share) == (3, Decimal("0.3"))
        assert told.early_90_on < told.early_50_on < told.predicted_on
        assert told.predicted_on < told.late_50_on < told.late_90_on

    @given(progress=progresses(), reports=st.integers(0, 400), hours=st.integers(0, 9_000))
    def test_is_ordered_and_narrows_with_more_reports(
        self, progress: Progress, reports: int, hours: int
    ) -> None:
        pace = Pace(reports, NOW - timedelta(hours=hours), NOW)
        told = predict(progress, pace, zone=ZONE)
        if told is None:
            slow = reports < 2 or hours < 1 or not progress.done_share
            assert slow or progress.status is not Status.OPEN
            return
        dates = told.early_90_on, told.early_50_on, told.predicted_on
        assert [*dates] == sorted(dates)
        assert told.predicted_on <= told.late_50_on <= told.late_90_on
        assert told.early_90_on >= NOW.astimezone(ZONE).date()
        more = predict(progress, pace._replace(reports=reports * 4), zone=ZONE)
        assert more
        one_day = timedelta(days=1)
        assert more.late_90_on - more.early_90_on <= told.late_90_on - told.early_90_on + one_day

    def test_days_are_those_of_the_zone(self) -> None:
        progress = Progress(Decimal(2), (Operation("one", Decimal(1)),))
        last = datetime(2026, 11, 22, 15, tzinfo=UTC)
        pace = Pace(2, last - timedelta(hours=1), last)  # one more hour or two: midnight in China
        shanghai, utc = (predict(progress, pace, zone=zone) for zone in (ZONE, UTC))
        assert shanghai
        assert utc
        assert (shanghai.predicted_on.day, utc.predicted_on.day) == (23, 22)

    @given(
        days=st.lists(st.integers(-9, 9), max_size=12),
        told_before=st.none() | st.integers(1, 9),
    )
    def test_warns_when_the_promise_is_passed_and_when_it_gets_later(
        self, days: list[int], told_before: int | None
    ) -> None:
        promise = date(2026, 12, 1)
        told_on = promise + timedelta(days=told_before) if told_before else None
        for late in days:
            slips, told_after = slippage(
                prediction(promise + timedelta(days=late)), promise, told_on
            )
            assert slips == (late > 0 and (told_on is None or promise + timedelta(late) > told_on))
            assert (told_after is None) == (late <= 0)
            assert not told_after or told_after >= promise + timedelta(days=max(late, 0))
            told_on = told_after

    def test_imported_history_warns_nobody(self) -> None:
        progress = Progress(Decimal(100), (Operation("one", Decimal(1)),))
        order = Held(ME, date(2026, 11, 23), progress, Pace(1, NOW - timedelta(days=9), NOW))
        made = Made(uuid4(), IDS[0], 1, Decimal(1), Decimal(0), NOW)

        [silent] = judge({IDS[0]: order}, [made], under=UNDER._replace(imported=True))
        [loud] = judge({IDS[0]: order}, [made], under=UNDER)

        assert isinstance(silent, Recorded)
        assert isinstance(loud, Recorded)
        assert (silent.slips, loud.slips) == (False, True)
        [later] = judge({IDS[0]: silent.after}, [made], under=UNDER)
        assert isinstance(later, Recorded)
        assert later.slips


def prediction(on: date) -> Prediction:
    return Prediction(on, on, on, on, on, NOW, NOW, 2, Decimal("0.5"))
