"""Match lines of invoices with deliveries, and write down what came of it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import and_, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from contracts.onboarding import Terms
from contracts.settlement import Verdict
from services.settlement.commands import books
from services.settlement.commands.announcements import matched
from services.settlement.commands.books import Books, Said
from services.settlement.commands.partners import agreements
from services.settlement.domain import journal
from services.settlement.domain.journal import Entry, Kind
from services.settlement.domain.matching import (
    ACTS,
    ZERO,
    Background,
    Claimed,
    Delivery,
    Match,
    Reason,
    Taken,
    Tolerance,
    match,
    overall,
)
from services.settlement.models import (
    Allocation,
    Invoice,
    InvoiceLine,
    Payable,
    ReceiptLine,
    ScheduleLine,
    Step,
)
from shared.settings import settings

PLATFORM = "Lianqiao"  # by whom things come about that follow from others
MOVABLE = "invoiced_quantity", "invoiced_minor", "approved_minor", "disputed_minor", "paid_minor"


@dataclass(slots=True)
class Moves:
    """By how much the figures of deliveries move; written together."""

    by: defaultdict[UUID, dict[str, Any]] = field(
        default_factory=lambda: defaultdict(lambda: dict.fromkeys(MOVABLE, 0))
    )

    def add(self, payable_id: UUID, **moved: Any) -> None:  # noqa: ANN401  quantities and amounts
        for name, by in moved.items():
            self.by[payable_id][name] += by

    async def write(self, session: AsyncSession, *, on: date) -> None:
        """Move the figures, and note which deliveries are settled now or open again."""
        if not self.by:
            return
        moving = (
            update(Payable)
            .where(Payable.id == bindparam("of"))
            .values({name: getattr(Payable, name) + bindparam(f"by_{name}") for name in MOVABLE})
        )
        told = [
            {"of": id_, **{f"by_{name}": value for name, value in moved.items()}}
            for id_, moved in sorted(self.by.items())
        ]
        await (await session.connection()).execute(moving, told)
        settled = and_(Payable.open_minor == 0, Payable.invoiced_quantity == Payable.quantity)
        mine = update(Payable).where(Payable.id.in_(list(self.by)))
        now = mine.where(settled, Payable.settled_on.is_(None)).values(settled_on=on)
        again = mine.where(~settled, Payable.settled_on.is_not(None)).values(settled_on=None)
        for change in now, again:
            await session.execute(change, execution_options={"synchronize_session": False})


class Shelf:
    """Deliveries that wait to be invoiced, by order line; what is claimed is taken from it."""

    def __init__(
        self,
        deliveries: Mapping[UUID, list[Delivery]],
        waiting: Mapping[UUID, Decimal],
        invoiced: Mapping[UUID, Decimal],
    ) -> None:
        self._by_line = dict(deliveries)
        self._waiting, self._invoiced = waiting, defaultdict(Decimal, invoiced)

    def of(self, line_id: UUID, payable_id: UUID | None = None) -> list[Delivery]:
        """Return what can be claimed for an order line, or for one delivery of it."""
        every = self._by_line.get(line_id, [])
        return [one for one in every if payable_id in (None, one.payable_id) and one.rest]

    def background(self, line_id: UUID) -> Background:
        """Return what else is known of an order line."""
        return Background(self._waiting.get(line_id, ZERO), self._invoiced[line_id])

    def take(self, line_id: UUID, taken: Iterable[Taken]) -> None:
        """Take away what an invoice line claims now."""
        rows = self._by_line.get(line_id, [])
        for part in taken:
            for place, row in enumerate(rows):
                if row.payable_id == part.payable_id:
                    rows[place] = Delivery(
                        row.payable_id, row.rest - part.quantity, row.rest_minor - part.value_minor
                    )
            self._invoiced[line_id] += part.quantity


async def shelf(session: AsyncSession, line_ids: Collection[UUID]) -> Shelf:
    """Read what of some order lines waits to be invoiced; their books are held."""
    rest = Payable.quantity - Payable.invoiced_quantity
    columns = Payable.line_id, Payable.id, rest, Payable.amount_minor - Payable.invoiced_minor
    of_lines = Payable.line_id.in_(line_ids)
    rows = select(*columns).where(of_lines, rest > 0).order_by(Payable.accepted_on, Payable.id)
    deliveries: defaultdict[UUID, list[Delivery]] = defaultdict(list)
    for line_id, payable_id, left, left_minor in await session.execute(rows):
        deliveries[line_id].append(Delivery(payable_id, left, left_minor))
    claimed = select(Payable.line_id, func.sum(Payable.invoiced_quantity))
    invoiced = await session.execute(claimed.where(of_lines).group_by(Payable.line_id))
    unjudged = ReceiptLine.received - ReceiptLine.accepted - ReceiptLine.rejected
    waiting = (
        select(ScheduleLine.line_id, func.sum(unjudged))
        .join(ReceiptLine, ReceiptLine.schedule_line_id == ScheduleLine.id)
        .where(ScheduleLine.line_id.in_(line_ids))
        .group_by(ScheduleLine.line_id)
    )
    unjudged_by_line = dict((await session.execute(waiting)).all())
    return Shelf(deliveries, unjudged_by_line, dict(invoiced.all()))


def tolerance(agreed: Mapping[str, Any] | None, currency: str, *, used: int = 0) -> Tolerance:
    """Return by how much an invoice may still differ, as the two sides agreed."""
    terms = Terms.model_validate((agreed or {}).get("terms") or {})
    most = terms.amount_tolerance
    left = None if most is None else most.amount_minor if most.currency == currency else 0
    return Tolerance(terms.price_tolerance_percent, left and max(left - used, 0))


def put(line: InvoiceLine, found: Match, moves: Moves) -> tuple[list[Allocation], list[Entry]]:
    """Write a match down on a line of an invoice; return its allocations and its entries."""
    allocations, entries = [], []
    for part in found.taken:
        allocation = Allocation(
            id=uuid7(),
            buyer_id=line.buyer_id,
            supplier_id=line.supplier_id,
            invoice_id=line.invoice_id,
            invoice_line_id=line.id,
            credited_minor=0,
            paid_minor=0,
            released=False,
            **part._asdict(),
        )
        allocations.append(allocation)
        entries += journal.matched(
            part.value_minor, part.amount_minor, part.payable_id, line.invoice_id
        )
        moves.add(
            part.payable_id,
            invoiced_quantity=part.quantity,
            invoiced_minor=part.value_minor,
            approved_minor=part.amount_minor,
            disputed_minor=part.disputed_minor,
        )
    line.unmatched, line.unmatched_minor = found.unmatched, found.unmatched_minor
    line.undisputed_minor += found.undisputed_minor
    line.disputed_minor += found.disputed_minor
    if found.verdict == Verdict.EXCEPTION or not line.disputed_minor:
        line.verdict, line.reason, line.must_act = found.verdict, found.reason, found.must_act
    else:  # what came fits, and a price that was disputed before still is
        line.reason = Reason.PRICE_ABOVE_ORDER
        line.must_act = ACTS[Reason.PRICE_ABOVE_ORDER]
    entries += journal.disputed(found.disputed_minor, line.invoice_id)
    return allocations, entries


def sum_up(invoice: Invoice, lines: Sequence[InvoiceLine]) -> None:
    """Let an invoice say what its lines say: the worst verdict, and who must act on it."""
    invoice.verdict = overall([Verdict(line.verdict) for line in lines])
    worst = [line for line in lines if line.verdict == Verdict.EXCEPTION]
    invoice.reason = worst[0].reason if worst else None
    invoice.must_act = min((line.must_act for line in worst if line.must_act), default=None)
    for name in ("undisputed_minor", "disputed_minor", "withdrawn_minor"):
        setattr(invoice, name, sum(getattr(line, name) for line in lines))


async def lines_of(
    session: AsyncSession, invoice_ids: Collection[UUID]
) -> Mapping[UUID, list[InvoiceLine]]:
    """Return the lines of invoices, in their order; the books are held."""
    rows = select(InvoiceLine).where(InvoiceLine.invoice_id.in_(invoice_ids))
    found: defaultdict[UUID, list[InvoiceLine]] = defaultdict(list)
    for line in await session.scalars(rows.order_by(InvoiceLine.turn)):
        found[line.invoice_id].append(line)
    return found


async def match_waiting(session: AsyncSession, line_ids: Collection[UUID], *, at: datetime) -> None:
    """Match what was invoiced before it was accepted, now that more of it is; announce each."""
    waits = select(InvoiceLine.invoice_id).where(
        InvoiceLine.line_id.in_(line_ids), InvoiceLine.unmatched > 0
    )
    undecided = or_(InvoiceLine.decision.is_(None), InvoiceLine.decision == "accepted")
    rows = waits.where(undecided, InvoiceLine.payable_id.is_(None)).distinct()
    ids = list(await session.scalars(rows))
    if not ids:
        return
    there, lines = await shelf(session, line_ids), await lines_of(session, ids)
    invoices = (await session.scalars(select(Invoice).where(Invoice.id.in_(ids)))).all()
    agreed = await agreements(session, {(one.buyer_id, one.supplier_id) for one in invoices})
    used = await _borne(session, ids)
    for invoice in sorted(invoices, key=lambda one: one.id):
        pair, borne = (invoice.buyer_id, invoice.supplier_id), used.get(invoice.id, 0)
        margin = tolerance(agreed.get(pair), invoice.currency, used=borne)
        await _match_again(session, invoice, lines[invoice.id], there, margin, at=at)


async def _borne(session: AsyncSession, ids: Collection[UUID]) -> Mapping[UUID, int]:
    """Return by how much invoices differ already from what they claim is worth, undisputed."""
    line = Allocation.invoice_id, Allocation.invoice_line_id
    by_line = (
        select(*line, func.sum(Allocation.amount_minor - Allocation.value_minor).label("by"))
        .where(Allocation.invoice_id.in_(ids))
        .group_by(*line)
        .having(func.sum(Allocation.disputed_minor) == 0)
        .subquery()
    )
    borne = func.sum(func.abs(by_line.c.by))
    rows = select(by_line.c.invoice_id, borne).group_by(by_line.c.invoice_id)
    return {id_: int(minor) for id_, minor in await session.execute(rows)}


async def _match_again(  # noqa: PLR0913  what is matched with what
    session: AsyncSession,
    invoice: Invoice,
    lines: Sequence[InvoiceLine],
    there: Shelf,
    margin: Tolerance,
    *,
    at: datetime,
) -> None:
    moves, entries = Moves(), []
    for line in lines:
        if not line.unmatched or line.payable_id or not there.of(line.line_id):
            continue
        claimed = Claimed(line.unmatched, line.unmatched_minor)
        found = match(
            claimed,
            there.of(line.line_id),
            tolerance=margin,
            background=there.background(line.line_id),
        )
        there.take(line.line_id, found.taken)
        line.disputed_minor -= line.unmatched_minor
        entries += journal.disputed(-line.unmatched_minor, invoice.id)
        allocations, more = put(line, found, moves)
        entries += more
        session.add_all(allocations)
    if not moves.by:
        return
    sum_up(invoice, lines)
    await finish(session, [Finished(invoice, Kind.MATCHED, entries, moves)], at=at)


class Finished(NamedTuple):
    """What was done to an invoice: the entries to post, and how deliveries move."""

    invoice: Invoice
    kind: Kind
    entries: Sequence[Entry]
    moves: Moves
    source_id: UUID | None = None
    by: str = PLATFORM


async def finish(session: AsyncSession, finished: Sequence[Finished], *, at: datetime) -> None:
    """Post what was done to invoices, move their deliveries, and announce how each stands now."""
    today = at.astimezone(settings().calendar).date()
    await session.flush()
    moves = Moves()
    for one in finished:
        for payable_id, moved in one.moves.by.items():
            moves.add(payable_id, **moved)
    await moves.write(session, on=today)
    await books.post(session, [_posting(one, today) for one in finished], at=at)
    session.add_all([_step(one, at) for one in finished])
    for one in finished:
        matched(session, one.invoice, at=at)


def _posting(one: Finished, today: date) -> Said:
    invoice = one.invoice
    past = invoice.imported and one.kind is Kind.MATCHED
    return Said(
        Books(invoice.buyer_id, invoice.supplier_id, invoice.currency),
        one.kind,
        one.source_id or invoice.id,
        one.entries,
        invoice.invoiced_on if past else today,
        one.by,
        imported=invoice.imported,
    )


def _step(one: Finished, at: datetime) -> Step:
    invoice = one.invoice
    return Step(
        buyer_id=invoice.buyer_id,
        supplier_id=invoice.supplier_id,
        about_id=invoice.id,
        kind=one.kind if one.kind is not Kind.MATCHED else invoice.verdict,
        by=one.by,
        values={"reason": invoice.reason, "must_act": invoice.must_act},
        recorded_at=at,
    )
