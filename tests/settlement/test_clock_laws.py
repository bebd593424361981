"""What holds of the payment clock whatever was agreed, delivered, accepted or paid."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contracts.onboarding import Signatory, Size, TermFrom, Terms
from contracts.orders import Side
from services.settlement.domain.clock import (
    Agreement,
    Buyer,
    Dates,
    Delivery,
    Start,
    agreement,
    reckon,
)
from services.settlement.domain.interest import Paid, interest
from services.settlement.domain.rules import Kind, law_at, law_of, pledge_at, rule_sets
from services.settlement.domain.timeline import Course, Dispute, consumed, timeline
from shared.workdays import is_workday

DAY = timedelta(days=1)
DAYS = st.dates(date(2019, 1, 1), date(2030, 12, 31))
PERCENTS = st.none() | st.decimals(0, 24, places=2)
TERMS = st.builds(
    Terms,
    acceptance_working_days=st.integers(0, 15),
    payment_days=st.integers(0, 365),
    payment_from=st.sampled_from(TermFrom),
    late_interest_percent=PERCENTS,
    lpr_percent=PERCENTS,
    pledged_60_days=st.booleans(),
)
AGREEMENTS = st.builds(
    Agreement,
    signed_on=DAYS,
    agreed=st.booleans(),
    terms=TERMS,
    buyer=st.sampled_from(Buyer),
    supplier_is_sme=st.sampled_from([True, False, None]),
)


@st.composite
def deliveries(draw: st.DrawFn) -> Delivery:
    """Deliver, then accept and confirm, or not, some days later."""
    delivered = draw(DAYS)
    accepted = draw(st.none() | st.integers(0, 40))
    confirmed = draw(st.none() | st.integers(0, 90))
    later = None if accepted is None else delivered + accepted * DAY
    return Delivery(
        delivered_on=delivered,
        accepted_on=later,
        confirmed_on=None if confirmed is None else (later or delivered) + confirmed * DAY,
    )


def due(found: Dates) -> list[date]:
    return [each.due_on for each in (found.contract, found.legal, found.pledge) if each]


@given(AGREEMENTS, deliveries())
def test_no_deadline_is_a_day_on_which_nobody_works(agreed: Agreement, line: Delivery) -> None:
    found = reckon(agreed, line)
    assert all(is_workday(each) for each in due(found))
    assert found.earliest.due_on == min(due(found))
    assert found.started_on >= line.delivered_on


@given(AGREEMENTS, deliveries())
def test_there_is_a_statutory_date_or_a_reason_why_not(agreed: Agreement, line: Delivery) -> None:
    found = reckon(agreed, line)
    assert (found.legal is None) == (found.no_legal is not None)
    bound = agreed.buyer in {Buyer.PUBLIC, Buyer.LARGE} and agreed.supplier_is_sme is True
    assert found.legal is None or bound


@given(AGREEMENTS, deliveries())
def test_every_step_cites_its_source(agreed: Agreement, line: Delivery) -> None:
    found = reckon(agreed, line)
    for deadline in (found.contract, found.legal, found.pledge):
        for step in deadline.steps if deadline else ():
            assert step.rule.source
            assert step.rule.article
            assert step.rule.zh
            assert step.rule.en
            assert step.from_on <= step.until_on
    assert law_of(found.rules).rules


@given(AGREEMENTS, DAYS, st.integers(1, 30))
def test_who_delivers_later_is_not_paid_earlier(agreed: Agreement, day: date, later: int) -> None:
    first = reckon(agreed, Delivery(delivered_on=day))
    second = reckon(agreed, Delivery(delivered_on=day + later * DAY))
    assert first.contract.due_on <= second.contract.due_on
    if first.legal and second.legal:
        assert first.legal.due_on <= second.legal.due_on
    if first.pledge and second.pledge:
        assert first.pledge.due_on <= second.pledge.due_on


@given(AGREEMENTS, deliveries())
def test_a_buyer_gains_nothing_by_accepting_late(agreed: Agreement, line: Delivery) -> None:
    assume(agreed.terms.payment_from is TermFrom.ACCEPTANCE)
    never = reckon(agreed, Delivery(delivered_on=line.delivered_on))
    found = reckon(agreed, line)
    assert found.contract.due_on <= never.contract.due_on
    if found.legal and never.legal:
        assert found.legal.due_on <= never.legal.due_on


@given(AGREEMENTS, deliveries(), st.integers(0, 365))
def test_a_longer_term_moves_the_contract_and_no_law(
    agreed: Agreement, line: Delivery, days: int
) -> None:
    assume(agreed.agreed and agreed.buyer is not Buyer.PUBLIC)
    longer = agreed.terms.model_copy(update={"payment_days": agreed.terms.payment_days + days})
    found = reckon(agreed, line)
    other = reckon(
        Agreement(
            signed_on=agreed.signed_on,
            terms=longer,
            buyer=agreed.buyer,
            supplier_is_sme=agreed.supplier_is_sme,
        ),
        line,
    )
    assert found.contract.due_on <= other.contract.due_on
    assert found.legal == other.legal
    assert found.pledge == other.pledge


@st.composite
def courses(draw: st.DrawFn, line: Delivery) -> Course:
    """Let things happen in any order that may be: the timeline must account for every day."""
    some_day = st.none() | st.integers(0, 120).map(lambda n: line.delivered_on + n * DAY)
    since, until = draw(some_day), draw(some_day)
    disputes = [Dispute(since, until, draw(st.sampled_from(Side)))] if since else []
    return Course(
        delivered_on=line.delivered_on,
        accepted_on=line.accepted_on,
        inspection_ends_on=draw(some_day),
        opened_on=draw(some_day),
        opened_by=draw(st.sampled_from(Side)),
        buyer_agreed_on=draw(some_day),
        supplier_agreed_on=draw(some_day),
        invoiced_on=draw(some_day),
        disputes=disputes,
        settled_on=draw(some_day),
    )


@given(st.data(), AGREEMENTS, deliveries(), st.integers(-5, 400))
def test_each_day_belongs_to_exactly_one_side(
    data: st.DataObject, agreed: Agreement, line: Delivery, passed: int
) -> None:
    course = data.draw(courses(line))
    until = line.delivered_on + passed * DAY
    segments = timeline(course, reckon(agreed, line), until=until)
    last = min(until, course.settled_on or until)
    expected = [line.delivered_on + n * DAY for n in range(1, (last - line.delivered_on).days + 1)]
    covered = [each.first_on + n * DAY for each in segments for n in range(each.days)]
    assert covered == expected
    assert sum(consumed(segments).values()) == len(expected)


PAID = st.lists(st.tuples(st.integers(-30, 200), st.integers(1, 10**9)), max_size=4)


@given(AGREEMENTS, DAYS, st.integers(0, 10**12), st.integers(0, 10**12), PAID, st.integers(-5, 200))
def test_interest_is_what_it_would_be_day_by_day(  # noqa: PLR0913, PLR0917  # sides of a debt
    agreed: Agreement,
    late_from: date,
    owed: int,
    disputed: int,
    paid: Sequence[tuple[int, int]],
    late: int,
) -> None:
    found = interest(
        agreed,
        late_from=late_from,
        owed_minor=owed,
        disputed_minor=disputed,
        paid=[Paid(late_from + n * DAY, amount) for n, amount in paid],
        until=late_from + late * DAY,
    )
    if found.amount_minor is None:
        assert not agreed.protected
        assert agreed.terms.late_interest_percent is None
        return
    open_by_day = [
        max(max(owed - disputed, 0) - sum(amount for on, amount in paid if on < n), 0)
        for n in range(1, late + 1)
    ]
    assert found.amount_minor == _naively(sum(open_by_day), agreed)
    assert found.days_late == sum(1 for each in open_by_day if each)


def _naively(weighed: int, agreed: Agreement) -> int:
    """Multiply by the rate in decimals, far beyond what rounding could notice."""
    terms, percent = agreed.terms, agreed.terms.late_interest_percent
    if percent is None:
        exact = Decimal(weighed) * 5 / 10_000
    else:
        floor = terms.lpr_percent if agreed.protected else None
        exact = Decimal(weighed) * max(percent, floor or Decimal(0)) / 36_500
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@pytest.mark.parametrize("kind", list(Kind))
def test_rule_sets_follow_one_another(kind: Kind) -> None:
    sets = rule_sets(kind)
    assert sets
    assert len({each.version for each in sets}) == len(sets)
    since = [each.effective_from for each in sets]
    assert since == sorted(set(since), reverse=True)


def test_every_law_says_from_when_a_term_runs() -> None:
    for law in rule_sets():
        assert {start.value for start in Start} <= set(law.rules)
        assert {"first_day", "holiday", "contract_term", "default_term", "dispute"} <= set(
            law.rules
        )


def test_what_stands_on_a_secondary_source_says_so() -> None:
    law = law_at(date(2025, 6, 1))
    assert law["inspection_ended"].secondary
    assert law["holiday"].secondary
    assert not law["large_to_sme"].secondary
    pledge = pledge_at(date(2025, 9, 15))
    assert pledge
    assert pledge["pledge_term"].secondary


def test_sizes_are_those_told_at_signing() -> None:
    large, small = Signatory(size=Size.LARGE), Signatory(size=Size.SMALL)
    organ = Signatory(uscc="11100000000013127D", size=Size.LARGE)
    terms, day = Terms(), date(2026, 1, 5)
    assert agreement(terms, signed_on=day, buyer=large, supplier=small).protected
    assert agreement(terms, signed_on=day, buyer=organ, supplier=small).buyer is Buyer.PUBLIC
    assert not agreement(terms, signed_on=day, buyer=small, supplier=small).protected
    untold = agreement(None, signed_on=day, buyer=large, supplier=Signatory())
    assert untold.supplier_is_sme is None
    assert not untold.agreed
