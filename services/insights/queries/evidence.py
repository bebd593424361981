"""Which events a figure comes from: one row for each thing that it counts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Uuid,
    and_,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from contracts.event import Event
from contracts.logistics import GoodsAccepted, GoodsReceived
from contracts.orders import LineConfirmed, OrderPlaced
from contracts.settlement import PaymentDue, PaymentMade
from services.insights.domain.figures import Figure
from services.insights.models import (
    Acceptance,
    Delivery,
    Line,
    LineMonth,
    Order,
    PaidPart,
    Payable,
    PayableMonth,
    Relationship,
)
from services.insights.queries.scorecards import Period, overdue
from shared.database import plan_anew
from shared.paging import Paging, Rows, keyset

NONE: Any = literal(None)


class Told(NamedTuple):
    """An event, by its type and by what it is about."""

    type: str
    subject: UUID


class Evidence(NamedTuple):
    """One thing that a figure counts, what it adds to either sum, and the events that told it."""

    on: date
    id: str
    number: str | None  # of the order or the receipt
    order_id: UUID | None
    numerator: int
    denominator: int
    currency: str | None
    events: list[Told]


class Asked(NamedTuple):
    """What a figure counts, and by which columns it is ordered: an index has them of each pair."""

    rows: Select[*tuple[Any, ...]]
    order: Sequence[Any]  # the day, and what tells rows of the same day apart


async def evidence(
    session: AsyncSession, figure: Figure, found: Relationship, period: Period, paging: Paging
) -> Rows[Evidence]:
    """Return a page of what a figure of a relationship counts, the latest first.

    All pages together add up to the figure's numerator and denominator.
    """
    of_the_pair: Callable[[Any], ColumnElement[bool]] = lambda model: and_(  # noqa: E731
        model.buyer_id == found.buyer_id, model.supplier_id == found.supplier_id
    )
    rows, order = ASKED[figure](of_the_pair, period)
    await plan_anew(session)  # two may have worked with each other once, or every day
    page = await keyset(session, rows, order=order, paging=paging, descending=True)
    return Rows([_evidence(row) for row in page.items], page.next)


def _evidence(row: Any) -> Evidence:  # noqa: ANN401
    return Evidence(
        on=row.on,
        id=row.id,
        number=row.number,
        order_id=row.order_id,
        numerator=int(row.numerator),
        denominator=int(row.denominator),
        currency=row.currency,
        events=list(_told(row)),
    )


def _told(row: Any) -> Iterator[Told]:  # noqa: ANN401
    by_contract: Mapping[str, tuple[type[Event], ...]] = {
        "order_id": (OrderPlaced, LineConfirmed) if row.confirmed else (OrderPlaced,),
        "receipt_id": (GoodsReceived, GoodsAccepted) if row.accepted else (GoodsReceived,),
        "payable_id": (PaymentDue,),
        "payment_id": (PaymentMade,),
    }
    for name, contracts in by_contract.items():
        ids = getattr(row, name)
        for id_ in ids if isinstance(ids, list) else filter(None, [ids]):
            yield from (Told(_type_of(contract), id_) for contract in contracts)


def _type_of(contract: type[Event]) -> str:
    return contract.type


def _columns(  # noqa: PLR0913  what a row of evidence has
    order: Sequence[Any],
    numerator: Any,  # noqa: ANN401
    denominator: Any = None,  # noqa: ANN401
    *,
    number: Any = NONE,  # noqa: ANN401
    currency: Any = NONE,  # noqa: ANN401
    confirmed: bool = False,
    accepted: bool = False,
    **ids: Any,  # noqa: ANN401
) -> list[ColumnElement[Any]]:
    told = {name: ids.get(name, literal(None, Uuid)) for name in TOLD}
    on, *id_ = order
    columns = {
        "on": on,
        "id": func.concat_ws("/", *id_),
        "number": number,
        "numerator": numerator,
        "denominator": literal(1) if denominator is None else denominator,
        "currency": currency,
        "confirmed": literal(confirmed),
        "accepted": literal(accepted),
        **told,
    }
    return [column.label(name) for name, column in columns.items()]


TOLD = "order_id", "receipt_id", "payable_id", "payment_id"


def _ordered(mine: Callable[[Any], Any], period: Period) -> Asked:
    within = Order.ordered_on >= period.first, Order.ordered_on < period.end
    order = Order.ordered_on, Order.order_id
    columns = _columns(
        order,
        Order.amount_minor,
        number=Order.number,
        currency=Order.currency,
        order_id=Order.order_id,
    )
    return Asked(select(*columns).where(mine(Order), *within), order)


def _promised(*, first: bool) -> Callable[[Callable[[Any], Any], Period], Asked]:
    on = Line.first_promised_on if first else Line.promised_on
    counts = LineMonth.first_promised if first else LineMonth.promised
    kept = LineMonth.first_kept if first else LineMonth.kept

    def asked(mine: Callable[[Any], Any], period: Period) -> Asked:
        receipts = (
            select(func.array_agg(func.distinct(Delivery.receipt_id)))
            .where(Delivery.schedule_line_id == Line.schedule_line_id)
            .scalar_subquery()
        )
        order = on, Line.schedule_line_id
        columns = _columns(
            order,
            kept,
            counts,
            number=Order.number,
            confirmed=True,
            order_id=Line.order_id,
            receipt_id=receipts,
        )
        within = on >= period.first, on < period.end  # a promise counts in the month of its day
        decided = or_(on < period.today, Line.full_on.is_not(None))
        counted = LineMonth.schedule_line_id == Line.schedule_line_id, counts != 0
        rows = (
            select(*columns)
            .select_from(Line)
            .join(LineMonth, and_(*counted))
            .outerjoin(Order, Order.order_id == Line.order_id)
            .where(mine(Line), *within, decided)
        )
        return Asked(rows, order)

    return asked


def _confirmation(mine: Callable[[Any], Any], period: Period) -> Asked:
    took = func.floor(func.extract("epoch", Line.confirmed_at - Order.placed_at))
    order = Line.confirmed_on, Line.schedule_line_id
    columns = _columns(
        order,
        func.greatest(took, 0),
        number=Order.number,
        confirmed=True,
        order_id=Line.order_id,
    )
    within = Line.confirmed_on >= period.first, Line.confirmed_on < period.end
    placed = and_(Order.order_id == Line.order_id, Order.placed_at.is_not(None))
    return Asked(select(*columns).join(Order, placed).where(mine(Line), *within), order)


def _acceptance(mine: Callable[[Any], Any], period: Period) -> Asked:
    order = Acceptance.accepted_on, Acceptance.acceptance_id
    columns = _columns(
        order,
        func.greatest(Acceptance.accepted_on - Acceptance.delivered_on, 0),
        number=Acceptance.number,
        accepted=True,
        receipt_id=Acceptance.receipt_id,
    )
    within = Acceptance.accepted_on >= period.first, Acceptance.accepted_on < period.end
    return Asked(select(*columns).where(mine(Acceptance), *within), order)


def _payment(mine: Callable[[Any], Any], period: Period) -> Asked:
    order = PaidPart.paid_on, PaidPart.payment_id, PaidPart.part
    columns = _columns(
        order,
        func.greatest(PaidPart.paid_on - PaidPart.delivered_on, 0),
        currency=PaidPart.currency,
        payable_id=PaidPart.payable_id,
        payment_id=PaidPart.payment_id,
    )
    within = PaidPart.paid_on >= period.first, PaidPart.paid_on < period.end
    back = aliased(PaidPart)
    came_back = exists().where(back.reverses == PaidPart.payment_id)
    stands = PaidPart.reverses.is_(None), ~came_back
    return Asked(select(*columns).where(mine(PaidPart), *within, *stands), order)


def _legal(mine: Callable[[Any], Any], period: Period) -> Asked:
    order = PayableMonth.month, PayableMonth.payable_id
    columns = _columns(
        order,
        PayableMonth.legal_kept_minor,
        PayableMonth.legal_due_minor,
        currency=PayableMonth.currency,
        payable_id=PayableMonth.payable_id,
        payment_id=_payments_of(PayableMonth.payable_id),
    )
    within = PayableMonth.month.between(period.first, period.last)
    counted = PayableMonth.legal_due_minor != 0
    return Asked(select(*columns).where(mine(PayableMonth), within, counted), order)


def _overdue(mine: Callable[[Any], Any], period: Period) -> Asked:
    order = Payable.due_on, Payable.payable_id
    columns = _columns(
        order,
        Payable.amount_minor - Payable.paid_minor,
        currency=Payable.currency,
        payable_id=Payable.payable_id,
        payment_id=_payments_of(Payable.payable_id),
    )
    return Asked(select(*columns).where(mine(Payable), *overdue(period.today)), order)


def _payments_of(payable_id: Any) -> Any:  # noqa: ANN401
    return (
        select(func.array_agg(func.distinct(PaidPart.payment_id)))
        .where(PaidPart.payable_id == payable_id)
        .scalar_subquery()
    )


ASKED: Mapping[Figure, Callable[[Callable[[Any], Any], Period], Asked]] = {
    Figure.ON_TIME_FIRST: _promised(first=True),
    Figure.ON_TIME: _promised(first=False),
    Figure.CONFIRMATION: _confirmation,
    Figure.ACCEPTANCE: _acceptance,
    Figure.PAYMENT: _payment,
    Figure.WITHIN_LEGAL_TERM: _legal,
    Figure.ORDERED: _ordered,
    Figure.OVERDUE: _overdue,
}
