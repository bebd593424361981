"""Submit invoices, and match each with what was accepted: one is a batch of one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from contracts.settlement import Verdict
from contracts.values import Money
from services.settlement.commands import announcements, books
from services.settlement.commands.books import Books
from services.settlement.commands.matching import (
    Finished,
    Moves,
    Shelf,
    finish,
    put,
    shelf,
    sum_up,
    tolerance,
)
from services.settlement.commands.partners import agreements
from services.settlement.domain.invoices import InvoiceAsked, LineAsked, number_key
from services.settlement.domain.journal import Entry, Kind
from services.settlement.domain.matching import Claimed, Tolerance, match, take
from services.settlement.domain.problems import (
    AmountImpossible,
    CurrenciesMixed,
    NothingAccepted,
    NotTheSupplier,
    NumberTaken,
    OrderLineNotFound,
    PayableNotFound,
    StatementNotAgreed,
    StatementNotFound,
)
from services.settlement.domain.valuation import minor
from services.settlement.models import (
    Allocation,
    Invoice,
    InvoiceLine,
    OrderLine,
    Payable,
    Statement,
    Step,
)
from shared.auth import Caller
from shared.problem import Problem

Pair = tuple[UUID, UUID]


class Submitted(NamedTuple):
    """An invoice that is there now, and whether it was there before."""

    invoice_id: UUID
    new: bool


class Place(NamedTuple):
    """The order line that a line of an invoice is about."""

    line_id: UUID
    currency: str
    payable_id: UUID | None = None


class Priced(NamedTuple):
    """An invoice whose lines all lead somewhere."""

    asked: InvoiceAsked
    currency: str
    places: tuple[Place, ...]

    @property
    def books(self) -> Books:
        return Books(self.asked.buyer_id, self.asked.supplier_id, self.currency)


class Circumstances(NamedTuple):
    """Who submits, when, and whether it is history."""

    caller: Caller
    at: datetime
    imported: bool = False


async def submit(
    session: AsyncSession, invoices: Sequence[InvoiceAsked], *, under: Circumstances
) -> list[Submitted | Problem]:
    """Submit invoices in turn, match and announce each; return what became of each.

    One that is here with the same content is left alone; another under its number is refused, and
    so is one about deliveries or orders that the two do not share.
    """
    found = [_found(asked, places) for asked, places in await _places(session, invoices)]
    good = [one for one in found if isinstance(one, Priced)]
    await books.hold(session, {one.books for one in good})
    known = await _known(session, good)
    there = await shelf(session, {place.line_id for one in good for place in one.places})
    pairs = {(one.asked.buyer_id, one.asked.supplier_id) for one in good}
    agreed = await agreements(session, pairs)
    outcomes: list[Submitted | Problem] = []
    written: list[Written] = []
    for one in found:
        if isinstance(one, Problem):
            outcomes.append(one)
            continue
        pair = one.asked.buyer_id, one.asked.supplier_id
        outcome = _as_before(one.asked, known) or _match_one(one, there, agreed.get(pair), under)
        if isinstance(outcome, Written):
            written.append(outcome)
            known[one.asked.key] = outcome.invoice.id, one.asked.digest()
            outcome = Submitted(outcome.invoice.id, new=True)
        outcomes.append(outcome)
    await _write(session, written, under)
    return outcomes


class Written(NamedTuple):
    """An invoice that is matched and to be written down: its lines, and what they claim."""

    invoice: Invoice
    lines: list[InvoiceLine]
    allocations: list[Allocation]
    entries: list[Entry]
    moves: Moves


async def _write(session: AsyncSession, written: Sequence[Written], under: Circumstances) -> None:
    for rows in (
        [one.invoice for one in written],
        [line for one in written for line in one.lines],
        [part for one in written for part in one.allocations],
    ):
        session.add_all(rows)
        await session.flush()
    for one in written:
        session.add(_step(one.invoice, under))
        announcements.submitted(session, one.invoice)
    done = [
        Finished(one.invoice, Kind.MATCHED, one.entries, one.moves, by=under.caller.name)
        for one in written
    ]
    if done:
        await finish(session, done, at=under.at)


async def _places(
    session: AsyncSession, invoices: Sequence[InvoiceAsked]
) -> list[tuple[InvoiceAsked, Mapping[Any, Place]]]:
    """Look up what lines refer to, within the books of each invoice's two sides."""
    ids = {line.payable_id for one in invoices for line in one.lines if line.payable_id}
    columns = Payable.buyer_id, Payable.supplier_id, Payable.id, Payable.line_id, Payable.currency
    by_pair: defaultdict[Pair, dict[Any, Place]] = defaultdict(dict)
    for row in await session.execute(select(*columns).where(Payable.id.in_(ids))):
        by_pair[row[0], row[1]][row.id] = Place(row.line_id, row.currency, row.id)
    numbers = {
        (one.buyer_id, one.supplier_id, line.order_number)
        for one in invoices
        for line in one.lines
        if line.order_number
    }
    same = OrderLine.buyer_id, OrderLine.supplier_id, OrderLine.order_number
    rows = select(*same, OrderLine.position, OrderLine.id, OrderLine.currency)
    for line in await session.execute(rows.where(tuple_(*same).in_(numbers))):
        place = Place(line.id, line.currency)
        by_pair[line[0], line[1]][line.order_number, line.position] = place
    return [(one, by_pair[one.buyer_id, one.supplier_id]) for one in invoices]


def _found(asked: InvoiceAsked, places: Mapping[Any, Place]) -> Priced | Problem:
    found = []
    for line in asked.lines:
        place = places.get(line.payable_id or (line.order_number, line.position))
        if place is None and line.payable_id:
            return PayableNotFound("There is no such delivery between the two of you.")
        if place is None:
            return OrderLineNotFound(
                f"Order {line.order_number} has no line {line.position} between the two of you,"
                " or it is not known here yet: then send the same again shortly."
            )
        found.append(place)
    currencies = {place.currency for place in found}
    if len(currencies) != 1:
        return CurrenciesMixed("Write an invoice for each currency.")
    return Priced(asked, currencies.pop(), tuple(found))


async def _known(
    session: AsyncSession, invoices: Sequence[Priced]
) -> dict[tuple[UUID, UUID, str], tuple[UUID, bytes]]:
    same = Invoice.buyer_id, Invoice.supplier_id, Invoice.number_key
    asked = tuple_(*same).in_({one.asked.key for one in invoices})
    rows = await session.execute(select(*same, Invoice.id, Invoice.digest).where(asked))
    return {(row[0], row[1], row[2]): (row.id, row.digest) for row in rows}


def _as_before(
    asked: InvoiceAsked, known: Mapping[tuple[UUID, UUID, str], tuple[UUID, bytes]]
) -> Submitted | Problem | None:
    if asked.key not in known:
        return None
    invoice_id, digest = known[asked.key]
    if digest == asked.digest():
        return Submitted(invoice_id, new=False)
    return NumberTaken(f"You sent another invoice under number {asked.number}; number this anew.")


def _match_one(
    one: Priced, there: Shelf, agreed: Mapping[str, Any] | None, under: Circumstances
) -> Written | Problem:
    """Match an invoice with what is on the shelf, and take that away from there."""
    try:
        claims = _claims(one, there)
        invoice = _invoice(one, claims, under)
    except Problem as refusal:
        return refusal
    written = Written(invoice, [], [], [], Moves())
    margin = tolerance(agreed, one.currency)
    for turn, (place, claimed) in enumerate(zip(one.places, claims, strict=True)):
        line, allocations, entries = _line(
            invoice, turn, place, claimed, there, margin, written.moves
        )
        written.lines.append(line)
        written.allocations.extend(allocations)
        written.entries.extend(entries)
    sum_up(invoice, written.lines)
    return written


def _claims(one: Priced, there: Shelf) -> list[Claimed]:
    """Say what each line claims, in numbers; what a line leaves open is all that is there."""
    claims = [
        _claim(line, place, one.currency, there)
        for line, place in zip(one.asked.lines, one.places, strict=True)
    ]
    total = sum(claim.amount_minor for claim in claims)
    if one.asked.total is not None and minor(one.asked.total, one.currency) != total:
        said = Money.of(total, one.currency).amount
        raise AmountImpossible(f"total: the lines add up to {said}, not {one.asked.total}.")
    return claims


def _claim(line: LineAsked, place: Place, currency: str, there: Shelf) -> Claimed:
    deliveries = there.of(place.line_id, place.payable_id)
    left = sum((one.rest for one in deliveries), Decimal(0))
    quantity = left if line.quantity is None else line.quantity
    if not quantity:
        raise NothingAccepted("Nothing of it is left to invoice; say a quantity if you mean more.")
    if line.amount is not None:
        return Claimed(quantity, minor(line.amount, currency))
    if quantity > left:
        raise NothingAccepted(
            f"Say an amount: only {left.normalize():f} are accepted and not invoiced yet."
        )
    return Claimed(quantity, sum(worth for _, _, worth in take(deliveries, quantity)))


def _invoice(one: Priced, claims: Sequence[Claimed], under: Circumstances) -> Invoice:
    asked, total = one.asked, sum(claim.amount_minor for claim in claims)
    tax = None if asked.tax is None else minor(asked.tax, one.currency, field="tax")
    if tax is not None and tax > total:
        raise AmountImpossible("tax: it is a part of the total, and cannot be more.")
    return Invoice(
        id=uuid7(),
        buyer_id=asked.buyer_id,
        supplier_id=asked.supplier_id,
        number=asked.number,
        number_key=number_key(asked.number),
        digest=asked.digest(),
        currency=one.currency,
        total_minor=total,
        tax_minor=tax,
        invoiced_on=asked.invoiced_on,
        statement_id=asked.statement_id,
        verdict=Verdict.MATCHED,
        credited_minor=0,
        paid_minor=0,
        direct_minor=0,
        submitted_by=under.caller.name,
        occurred_at=asked.occurred_at if under.imported else under.at,
        recorded_at=under.at,
        imported=under.imported,
    )


def _line(  # noqa: PLR0913, PLR0917  what is matched with what
    invoice: Invoice,
    turn: int,
    place: Place,
    claimed: Claimed,
    there: Shelf,
    margin: Tolerance,
    moves: Moves,
) -> tuple[InvoiceLine, list[Allocation], list[Entry]]:
    line = InvoiceLine(
        id=uuid7(),
        buyer_id=invoice.buyer_id,
        supplier_id=invoice.supplier_id,
        invoice_id=invoice.id,
        turn=turn,
        line_id=place.line_id,
        payable_id=place.payable_id,
        quantity=claimed.quantity,
        amount_minor=claimed.amount_minor,
        undisputed_minor=0,
        disputed_minor=0,
        withdrawn_minor=0,
    )
    found = match(
        claimed,
        there.of(place.line_id, place.payable_id),
        tolerance=margin,
        background=there.background(place.line_id),
    )
    there.take(place.line_id, found.taken)
    allocations, entries = put(line, found, moves)
    return line, allocations, entries


def _step(invoice: Invoice, under: Circumstances) -> Step:
    return Step(
        buyer_id=invoice.buyer_id,
        supplier_id=invoice.supplier_id,
        about_id=invoice.id,
        kind="submitted",
        side="supplier" if under.caller.organization_id == invoice.supplier_id else "buyer",
        by=under.caller.name,
        values={"number": invoice.number},
        recorded_at=under.at,
    )


async def waiting_lines(
    session: AsyncSession,
    *,
    buyer_id: UUID,
    supplier_id: UUID,
    receipt_ids: Sequence[UUID] | None = None,
    statement_id: UUID | None = None,
) -> tuple[LineAsked, ...]:
    """Return a line for each delivery that waits to be invoiced; refused where there is none."""
    rows = (
        select(Payable.id)
        .where(
            Payable.buyer_id == buyer_id,
            Payable.supplier_id == supplier_id,
            Payable.quantity > Payable.invoiced_quantity,
        )
        .order_by(Payable.accepted_on, Payable.id)
    )
    if receipt_ids is not None:
        rows = rows.where(Payable.receipt_id.in_(receipt_ids))
    if statement_id:
        rows = rows.where(Payable.statement_id == statement_id)
    ids = (await session.scalars(rows)).all()
    if not ids:
        raise NothingAccepted("Nothing that was accepted is left to invoice.")
    return tuple(LineAsked(payable_id=id_) for id_ in ids)


async def waiting_on_statement(
    session: AsyncSession, statement_id: UUID, *, caller: Caller
) -> tuple[UUID, tuple[LineAsked, ...]]:
    """Return the buyer of a statement that both agreed on, and what of it is not invoiced yet."""
    party = caller.organization_id
    mine = or_(Statement.buyer_id == party, Statement.supplier_id == party)
    chosen = select(Statement).where(Statement.id == statement_id, mine)
    found = (await session.scalars(chosen)).first()
    if found is None:
        raise StatementNotFound("There is no such statement among yours.")
    if found.supplier_id != party:
        raise NotTheSupplier("The supplier invoices what you agreed on.")
    if found.state != "agreed":
        raise StatementNotAgreed("Both sides agree first; then it can be invoiced.")
    lines = await waiting_lines(
        session, buyer_id=found.buyer_id, supplier_id=party, statement_id=statement_id
    )
    return found.buyer_id, lines
