"""The rules of ordering hold for every number."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from contracts.onboarding import RelationshipState
from contracts.orders import Light, Side
from contracts.values import minor_digits
from services.orders.domain.lights import Outlook, State, Turns, light, turns
from services.orders.domain.orders import (
    ONCE_ORDERABLE,
    ORDERABLE,
    AsBefore,
    IdTaken,
    Known,
    LineAsked,
    NoActiveRelationship,
    NumberTaken,
    OrderAsked,
    Placed,
    Wanted,
    judge,
    price,
    shares,
)
from services.orders.domain.schedule_lines import (
    ChangeKind,
    Confirmation,
    Held,
    Outcome,
    Promise,
    ScheduleLine,
    Unchanged,
    agree,
    confirm,
    holds_at_once,
    propose,
    split,
)
from services.orders.domain.schedule_lines import judge as judge_confirmations
from shared.problem import Problem

ME, OTHER = uuid4(), uuid4()
days = st.dates(date(2026, 1, 1), date(2026, 3, 1))
quantities = st.decimals("0.000001", "99999", places=6)
few = st.integers(1, 9).map(Decimal)
minors = st.integers(0, 10**14)


class TestAmounts:
    @given(amount=minors, parts=st.lists(quantities, min_size=1, max_size=20))
    def test_shares_add_up_and_are_fair(self, amount: int, parts: list[Decimal]) -> None:
        shared = shares(amount, parts)
        assert sum(shared) == amount
        for share, part in zip(shared, parts, strict=True):
            assert abs(share - amount * part / sum(parts)) <= 1
            assert share >= 0

    @given(
        quantity=quantities,
        unit_price=st.decimals(0, "9999.999999", places=6),
        price_unit=st.sampled_from([1, 100, 1000]),
        currency=st.sampled_from(["CNY", "JPY", "KWD"]),
        given_amount=st.one_of(st.none(), st.integers(0, 10**9)),
    )
    def test_what_was_given_counts_and_what_was_computed_is_kept(
        self,
        quantity: Decimal,
        unit_price: Decimal,
        price_unit: int,
        currency: str,
        given_amount: int | None,
    ) -> None:
        amount = None if given_amount is None else Decimal(given_amount)
        line = a_line(quantity, price=unit_price, price_unit=price_unit, amount=amount)
        priced = price(line, currency)
        scale = 10 ** minor_digits(currency)
        exact = quantity * unit_price / price_unit * scale
        assert abs(priced.computed_minor - exact) <= Decimal("0.5")
        expected = priced.computed_minor if amount is None else given_amount * scale
        assert priced.amount_minor == sum(priced.parts_minor) == expected


def a_line(quantity: Decimal = Decimal(1), **given: object) -> LineAsked:
    values = {
        "position": 10,
        "item_number": "A",
        "item_name": "A",
        "unit": "C62",
        "price": Decimal(1),
        "price_unit": 1,
        "amount": None,
        "plant": None,
        "wanted": (Wanted(quantity, date(2026, 1, 1)),),
    }
    return LineAsked(**(values | given))  # type: ignore[arg-type]


SUPPLIERS = {state: UUID(int=n) for n, state in enumerate(RelationshipState)}
asked_orders = st.builds(
    lambda id_, number, state, content: OrderAsked(
        id=UUID(int=id_),
        number=number,
        supplier_id=SUPPLIERS.get(state, OTHER),
        currency="CNY",
        incoterm=None,
        incoterm_place=None,
        lines=(a_line(price=Decimal(content)),),
    ),
    st.integers(100, 106),
    st.sampled_from("ABCD"),
    st.sampled_from([*RelationshipState, None, *[RelationshipState.ACTIVE] * 8]),
    st.integers(1, 2),
)


class TestPlacing:
    @given(
        orders=st.lists(asked_orders, max_size=12),
        orderable=st.sampled_from([ORDERABLE, ONCE_ORDERABLE]),
    )
    def test_a_batch_is_judged_as_its_orders_would_be_one_at_a_time(
        self, orders: list[OrderAsked], orderable: frozenset[RelationshipState]
    ) -> None:
        states = {id_: state for state, id_ in SUPPLIERS.items()}
        known: dict[str, Known] = {}
        together = judge(orders, known={}, relationships=states, orderable=orderable)
        for order, outcome in zip(orders, together, strict=True):
            [alone] = judge([order], known=known, relationships=states, orderable=orderable)
            if isinstance(alone, Placed):
                assert outcome == alone
                known[order.number] = Known(order.id, alone.digest)
            elif isinstance(alone, AsBefore):
                assert outcome == alone
            else:
                assert type(outcome) is type(alone)

    @given(orders=st.lists(asked_orders, max_size=12))
    def test_each_order_meets_its_refusal(self, orders: list[OrderAsked]) -> None:
        states = {id_: state for state, id_ in SUPPLIERS.items()}
        placed: dict[str, OrderAsked] = {}
        outcomes = judge(orders, known={}, relationships=states)
        for order, outcome in zip(orders, outcomes, strict=True):
            before = placed.get(order.number)
            if before:
                same = before.digest() == order.digest()
                assert isinstance(outcome, AsBefore if same else NumberTaken)
            elif order.id in {other.id for other in placed.values()}:
                assert isinstance(outcome, IdTaken)
            elif states.get(order.supplier_id) is not RelationshipState.ACTIVE:
                assert isinstance(outcome, NoActiveRelationship)
            else:
                assert isinstance(outcome, Placed)
                placed[order.number] = order

    def test_numbers_written_otherwise_are_the_same_content(self) -> None:
        one, same = a_line(price=Decimal("1.50")), a_line(price=Decimal("1.5"))
        order = OrderAsked(ME, "A", ME, "CNY", None, None, (one, a_line(position=20)))
        turned = OrderAsked(OTHER, "A", ME, "CNY", None, None, (a_line(position=20), same))
        assert order.digest() == turned.digest()
        other = OrderAsked(ME, "A", ME, "CNY", "DAP", None, (one, a_line(position=20)))
        assert order.digest() != other.digest()


@st.composite
def schedule_lines(draw: st.DrawFn) -> ScheduleLine:
    state = draw(st.sampled_from([State.UNCONFIRMED, State.CONFIRMED, State.CANCELLED]))
    promised = state is State.CONFIRMED or (state is State.CANCELLED and draw(st.booleans()))
    quantity = draw(few)
    return ScheduleLine(
        state=state,
        quantity=quantity,
        amount_minor=draw(st.integers(0, 1000)),
        due_on=draw(days),
        promised_on=draw(days) if promised else None,
        first=Promise(draw(few), draw(days)) if promised else None,
        good=draw(st.integers(0, int(quantity)).map(Decimal)) if promised else Decimal(0),
        open_change=draw(st.booleans()) and draw(st.booleans()),
    )


confirmations = st.builds(
    Confirmation,
    st.sampled_from([ME, OTHER]),
    st.one_of(st.none(), few),
    st.one_of(st.none(), days),
)
wishes = st.tuples(
    st.sampled_from(Side),
    st.sampled_from(ChangeKind),
    st.one_of(st.none(), few),
    st.one_of(st.none(), days),
)


class TestPromises:
    @given(line=schedule_lines(), quantity=few)
    def test_a_split_loses_nothing(self, line: ScheduleLine, quantity: Decimal) -> None:
        assume(quantity <= line.quantity)
        kept, rest = split(line, quantity)
        assert kept.quantity == quantity
        assert kept.quantity + (rest.quantity if rest else 0) == line.quantity
        assert kept.amount_minor + (rest.amount_minor if rest else 0) == line.amount_minor
        assert min(kept.amount_minor, rest.amount_minor if rest else 0) >= 0

    @given(line=schedule_lines(), said=confirmations)
    def test_a_confirmation_promises_once(self, line: ScheduleLine, said: Confirmation) -> None:
        try:
            outcome = confirm(line, said)
        except Problem:
            return
        if isinstance(outcome, Unchanged):
            assert outcome.line == line
            return
        assert line.state is State.UNCONFIRMED
        kept, rest = outcome
        assert kept.first == Promise(kept.quantity, kept.promised_on or kept.due_on)
        assert kept.quantity <= line.quantity
        if rest:
            assert (rest.state, rest.due_on, rest.first) == (State.UNCONFIRMED, line.due_on, None)
        assert isinstance(confirm(kept, said), Unchanged | Outcome)
        again = confirm(kept, Confirmation(ME, kept.quantity, kept.promised_on))
        assert again == Unchanged(kept)

    @given(
        held=st.dictionaries(
            st.sampled_from([ME, OTHER]),
            st.builds(Held, st.sampled_from([ME, ME, OTHER]), schedule_lines()),
        ),
        said=st.lists(confirmations, max_size=8),
    )
    def test_a_batch_is_judged_as_its_promises_would_be_one_at_a_time(
        self, held: dict[UUID, Held], said: list[Confirmation]
    ) -> None:
        now = dict(held)
        together = judge_confirmations(held, said, supplier_id=ME)
        for confirmation, outcome in zip(said, together, strict=True):
            [alone] = judge_confirmations(now, [confirmation], supplier_id=ME)
            if isinstance(alone, Problem):
                assert (type(outcome), str(outcome)) == (type(alone), str(alone))
            else:
                assert outcome == alone
                now[confirmation.schedule_line_id] = Held(ME, alone.line)


class TestChanges:
    @given(line=schedule_lines(), wish=wishes)
    def test_what_can_be_proposed_can_be_agreed_and_nothing_vanishes(
        self,
        line: ScheduleLine,
        wish: tuple[Side, ChangeKind, Decimal | None, date | None],
    ) -> None:
        by, kind, quantity, promised_on = wish
        try:
            proposal = propose(line, by=by, kind=kind, quantity=quantity, promised_on=promised_on)
        except Problem:
            return
        kept, rest = agree(line, proposal)
        left = (rest.quantity, rest.amount_minor) if rest else (0, 0)
        assert (kept.quantity + left[0], kept.amount_minor + left[1]) == (
            line.quantity,
            line.amount_minor,
        )
        assert kept.first == line.first or line.first is None
        assert kept.good == line.good <= kept.quantity
        assert kept != line or rest
        if by is Side.BUYER and kind is ChangeKind.RESCHEDULE:
            assert kept.state is line.state  # it promises nothing on the supplier's behalf
            assert rest is None or rest.state is State.CANCELLED
        if by is Side.SUPPLIER and kind is ChangeKind.RESCHEDULE:
            assert kept.promised_on == proposal.promised_on
            assert rest is None or rest.state is State.UNCONFIRMED
        if kind is ChangeKind.CANCEL:
            assert (kept.state, rest) == (State.CANCELLED, None)

    @given(line=schedule_lines(), by=st.sampled_from(Side))
    def test_only_the_buyer_and_only_before_a_promise_needs_no_consent(
        self, line: ScheduleLine, by: Side
    ) -> None:
        assert holds_at_once(line, by) == (by is Side.BUYER and line.state is State.UNCONFIRMED)

    @given(line=schedule_lines(), wish=wishes)
    def test_what_is_over_or_under_discussion_takes_no_proposal(
        self,
        line: ScheduleLine,
        wish: tuple[Side, ChangeKind, Decimal | None, date | None],
    ) -> None:
        assume(line.open_change or line.state is State.CANCELLED or line.good >= line.quantity)
        by, kind, quantity, promised_on = wish
        with pytest.raises(Problem):
            propose(line, by=by, kind=kind, quantity=quantity, promised_on=promised_on)


outlooks = st.builds(
    lambda early, spread, known: Outlook(early, early + timedelta(days=spread), known),
    days,
    st.integers(0, 30),
    days,
)


class TestLights:
    @given(promised_on=days, started=st.booleans(), outlook=st.none() | outlooks, today=days)
    @example(promised_on=date(2026, 1, 10), started=False, outlook=None, today=date(2026, 1, 7))
    @example(promised_on=date(2026, 1, 10), started=True, outlook=None, today=date(2026, 1, 10))
    @example(promised_on=date(2026, 1, 10), started=True, outlook=None, today=date(2026, 1, 11))
    def test_the_light_is_what_the_rule_says(
        self, promised_on: date, started: bool, outlook: Outlook | None, today: date
    ) -> None:
        assume(outlook is None or outlook.known_on <= today)
        late = today > promised_on or (outlook and outlook.early_50_on > promised_on)
        not_started = not started and today >= promised_on - timedelta(days=3)
        at_risk = not_started or (outlook and outlook.late_90_on > promised_on)
        expected = Light.LATE if late else Light.AT_RISK if at_risk else Light.ON_TIME
        turning = turns(promised_on, started=started, outlook=outlook)
        one = Decimal(1)
        seen = light(State.CONFIRMED, quantity=one, good=Decimal(0), turning=turning, today=today)
        assert seen is expected

    @given(promised_on=days, outlook=st.none() | outlooks, day=days, later=days)
    def test_by_itself_a_light_only_gets_worse(
        self, promised_on: date, outlook: Outlook | None, day: date, later: date
    ) -> None:
        assume(day <= later)
        turning = turns(promised_on, started=False, outlook=outlook)
        order = [Light.ON_TIME, Light.AT_RISK, Light.LATE]
        before, after = (
            light(
                State.CONFIRMED, quantity=Decimal(2), good=Decimal(1), turning=turning, today=today
            )
            for today in (day, later)
        )
        assert order.index(before) <= order.index(after)

    @given(state=st.sampled_from(State), turning=st.builds(Turns, st.none() | days, days), day=days)
    def test_what_is_completed_is_neither_late_nor_at_risk(
        self, state: State, turning: Turns, day: date
    ) -> None:
        seen = light(state, quantity=Decimal(2), good=Decimal(2), turning=turning, today=day)
        assert (
            seen
            is {
                State.CONFIRMED: Light.COMPLETED,
                State.UNCONFIRMED: Light.UNCONFIRMED,
                State.CANCELLED: Light.CANCELLED,
            }[state]
        )
