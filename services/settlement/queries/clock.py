"""Ask the payment clock: how debts stand in time, why, and what will run out."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Select, Text, and_, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.onboarding import Signatory, Terms
from contracts.orders import Side
from contracts.values import Money
from services.settlement.domain.clock import Agreement, Dates, Delivery, agreement, reckon
from services.settlement.domain.interest import Interest, Paid, interest
from services.settlement.domain.rules import law_of
from services.settlement.domain.timeline import (
    Course,
    Dispute,
    Segment,
    Who,
    consumed,
    timeline,
)
from services.settlement.models import (
    Allocation,
    Invoice,
    InvoiceLine,
    Payable,
    Payment,
    PaymentPart,
    Statement,
    Step,
)
from services.settlement.schemas.clock import (
    ClockOut,
    DeadlineOut,
    ExplanationOut,
    InterestOut,
    LateOut,
    RuleOut,
    RulesOut,
    SegmentOut,
)
from shared.settings import settings

STEP_ROWS = 2_000  # that are in memory at once


class Debt(Protocol):
    """The columns of a payable that the clock reads, as a row or as a model."""

    id: Any
    currency: Any
    amount_minor: Any
    open_minor: Any
    paid_minor: Any
    disputed_minor: Any
    ordered_on: Any
    delivered_on: Any
    inspection_ends_on: Any
    accepted_on: Any
    statement_id: Any
    statement_agreed_on: Any
    settled_on: Any
    agreed: Any


@dataclass(slots=True)
class Heard:
    """What else happened to some debts, by the debt's or the statement's id."""

    paid: defaultdict[UUID, list[Paid]] = field(default_factory=lambda: defaultdict(list))
    invoiced: dict[UUID, date] = field(default_factory=dict)
    statements: dict[UUID, Statement] = field(default_factory=dict)
    disputes: dict[UUID, list[Dispute]] = field(default_factory=dict)


def today_of(at: datetime) -> date:
    """Return the calendar day of an instant, where the platform's users are."""
    return at.astimezone(settings().calendar).date()


def agreement_of(debt: Any) -> Agreement:  # noqa: ANN401  a row or a model
    """Return what two sides agreed on; without a day of signing the order's counts."""
    told = debt.agreed or {}
    signed_on = told.get("signed_on")
    otherwise = debt.ordered_on or debt.delivered_on
    return _agreement(told, date.fromisoformat(signed_on) if signed_on else otherwise)


def _agreement(told: Mapping[str, Any], signed_on: date) -> Agreement:
    terms = told.get("terms")
    return agreement(
        Terms.model_validate(terms) if terms else None,
        signed_on=signed_on,
        buyer=_signatory(told.get("buyer")),
        supplier=_signatory(told.get("supplier")),
    )


def delivery_of(debt: Any) -> Delivery:  # noqa: ANN401  a row or a model
    """Return what happened to the delivery."""
    return Delivery(
        delivered_on=debt.delivered_on,
        accepted_on=debt.accepted_on,
        inspection_ends_on=debt.inspection_ends_on,
        confirmed_on=debt.statement_agreed_on,
    )


async def clocks(
    session: AsyncSession, debts: Sequence[Debt], *, on: date
) -> Mapping[UUID, ClockOut]:
    """Return how each of some payables stands in time on a day."""
    heard = await _heard(session, debts)
    return {debt.id: _clock(debt, heard, on) for debt in debts}


async def interest_to(
    session: AsyncSession, debts: Select[Payable], *, on: date
) -> Mapping[str, int]:
    """Return by currency, in minor units, what lateness costs on all of some debts to a day.

    Read in parts, so that it may be any number; the dates are those that the clock wrote down.
    """
    columns = (
        *(Payable.id, Payable.currency, Payable.open_minor, Payable.paid_minor),
        *(Payable.delivered_on, Payable.ordered_on),
        *(Payable.contract_due_on, Payable.legal_latest_on, cast(Payable.agreed, Text)),
    )
    step = debts.with_only_columns(*columns).order_by(Payable.id).limit(STEP_ROWS)
    found: Counter[str] = Counter()
    known, after = _Agreements(), UUID(int=0)
    while rows := (await session.execute(step.where(Payable.id > after))).all():
        paid = await _paid(session, [row.id for row in rows if row.paid_minor])
        for id_, currency, unpaid, settled, delivered, ordered, contract, legal, agreed in rows:
            late = interest(
                known.of(agreed, otherwise=ordered or delivered),
                late_from=min(contract, legal or contract),
                owed_minor=unpaid + settled,
                paid=paid.get(id_, ()),
                until=on,
            )
            found[currency] += late.amount_minor or 0
        after = rows[-1].id
        if len(rows) < STEP_ROWS:
            break
    return found


class _Agreements:
    """Agreements as debts keep them, each read once."""

    def __init__(self) -> None:
        self._told: dict[str | None, dict[str, Any]] = {}
        self._read: dict[tuple[str | None, date], Agreement] = {}

    def of(self, told: str | None, *, otherwise: date) -> Agreement:
        """Return an agreement; where no day of signing was told, that other day counts."""
        if told not in self._told:
            self._told[told] = json.loads(told) if told else {}
        known = self._told[told] or {}
        signed_on = known.get("signed_on")
        key = told, date.fromisoformat(signed_on) if signed_on else otherwise
        if key not in self._read:
            self._read[key] = _agreement(known, key[1])
        return self._read[key]


async def explained(session: AsyncSession, debt: Debt, *, on: date) -> ExplanationOut:
    """Return how the dates of a payable were found, step by step, and whose each day was."""
    heard = await _heard(session, [debt])
    agreed = agreement_of(debt)
    found = reckon(agreed, delivery_of(debt))
    segments = timeline(_course(debt, heard), found, until=on)
    due_on = found.earliest.due_on
    return ExplanationOut(
        rules=RulesOut.model_validate(law_of(found.rules)),
        signed_on=agreed.signed_on,
        started_on=found.started_on,
        why=found.start,
        expected=found.expected,
        contract=DeadlineOut.model_validate(found.contract),
        legal=DeadlineOut.model_validate(found.legal) if found.legal else None,
        no_legal=RuleOut.model_validate(found.no_legal) if found.no_legal else None,
        pledge=DeadlineOut.model_validate(found.pledge) if found.pledge else None,
        due_on=due_on,
        days_left=(due_on - on).days,
        provisional=found.provisional,
        dispute=RuleOut.model_validate(agreed.law["dispute"]) if debt.disputed_minor else None,
        interest=_interest_out(_interest(debt, agreed, found, heard, on), debt.currency),
        segments=[SegmentOut.model_validate(each) for each in segments],
        days=consumed(segments),
    )


def _clock(debt: Debt, heard: Heard, on: date) -> ClockOut:
    agreed = agreement_of(debt)
    found = reckon(agreed, delivery_of(debt))
    segments = timeline(_course(debt, heard), found, until=on)
    late = _interest(debt, agreed, found, heard, on)
    minor = late.amount_minor
    due_on, legal = found.earliest.due_on, found.legal.due_on if found.legal else None
    return ClockOut(
        started_on=found.started_on,
        why=found.start,
        contract_due_on=found.contract.due_on,
        legal_latest_on=legal,
        no_legal_date=found.no_legal and found.no_legal.name,
        pledge_due_on=found.pledge and found.pledge.due_on,
        due_on=due_on,
        days_left=(due_on - on).days,
        breached=legal is not None and (debt.settled_on or on) > legal,
        interest=None if minor is None else Money.of(minor, debt.currency),
        late=LateOut.model_validate(late),
        rules=found.rules,
        provisional=found.provisional,
        expected=found.expected,
        days=consumed(segments),
        segments=[SegmentOut.model_validate(each) for each in segments],
        waits_for=_waits_for(debt, segments),
    )


def _waits_for(debt: Debt, segments: Sequence[Segment]) -> Who | None:
    if debt.settled_on:
        return None
    return segments[-1].who if segments else Who.BUYER


def _interest(debt: Debt, agreed: Agreement, found: Dates, heard: Heard, on: date) -> Interest:
    """Reckon interest on what is undisputed: what is open now, and what was paid until now."""
    return interest(
        agreed,
        late_from=found.late_from,
        owed_minor=debt.open_minor + debt.paid_minor,
        paid=heard.paid[debt.id],
        until=on,
    )


def _interest_out(found: Interest, currency: str) -> InterestOut:
    minor = found.amount_minor
    return InterestOut(
        amount=None if minor is None else Money.of(minor, currency),
        days_late=found.days_late,
        percent_per_year=found.percent_per_year,
        percent_per_day=found.percent_per_day,
        floor_unknown=found.floor_unknown,
        rule=RuleOut.model_validate(found.rule),
    )


def _signatory(told: dict[str, Any] | None) -> Signatory | None:
    return Signatory.model_validate(told) if told else None


def _course(debt: Debt, heard: Heard) -> Course:
    statement = heard.statements.get(debt.statement_id)
    return Course(
        delivered_on=debt.delivered_on,
        accepted_on=debt.accepted_on,
        inspection_ends_on=debt.inspection_ends_on,
        opened_on=_day(statement.opened_at) if statement else None,
        opened_by=_side(statement.opened_by) if statement else None,
        buyer_agreed_on=_day(statement.buyer_agreed_at) if statement else None,
        supplier_agreed_on=_day(statement.supplier_agreed_at) if statement else None,
        invoiced_on=heard.invoiced.get(debt.id),
        disputes=heard.disputes.get(debt.id, ()),
        settled_on=debt.settled_on,
    )


def _day(at: datetime | None) -> date | None:
    return at and today_of(at)


def _side(name: str) -> Side | None:
    return Side(name) if name in set(Side) else None


async def _heard(session: AsyncSession, debts: Sequence[Debt]) -> Heard:
    """Read what else happened to some debts, in four questions however many they are."""
    heard, ids = Heard(), [debt.id for debt in debts]
    if not ids:
        return heard
    heard.paid = await _paid(session, ids)
    sent = func.min(func.coalesce(Invoice.occurred_at, Invoice.recorded_at))
    invoiced = (
        select(Allocation.payable_id, sent)
        .join(Invoice, Invoice.id == Allocation.invoice_id)
        .where(Allocation.payable_id.in_(ids))
        .group_by(Allocation.payable_id)
    )
    heard.invoiced = {id_: today_of(at) for id_, at in await session.execute(invoiced)}
    statements = {debt.statement_id for debt in debts} - {None}
    if statements:
        found = await session.scalars(select(Statement).where(Statement.id.in_(statements)))
        heard.statements = {one.id: one for one in found}
    heard.disputes = await _disputes(session, ids)
    return heard


async def _paid(session: AsyncSession, ids: Sequence[UUID]) -> defaultdict[UUID, list[Paid]]:
    parts = select(PaymentPart.payable_id, Payment.paid_on, PaymentPart.amount_minor)
    paid = parts.join(Payment, Payment.id == PaymentPart.payment_id)
    found: defaultdict[UUID, list[Paid]] = defaultdict(list)
    for id_, on, minor in await session.execute(paid.where(PaymentPart.payable_id.in_(ids))):
        found[id_].append(Paid(on, minor))
    return found


async def _disputes(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, list[Dispute]]:
    """Read who had to clear up what, and when, about invoices that did not match at once."""
    disputed = or_(InvoiceLine.verdict == "exception", InvoiceLine.decision.is_not(None))
    rows = (
        select(Allocation.payable_id, Step.recorded_at, Step.values["must_act"].astext)
        .distinct()
        .join(InvoiceLine, and_(InvoiceLine.id == Allocation.invoice_line_id, disputed))
        .join(Step, Step.about_id == Allocation.invoice_id)
        .where(Allocation.payable_id.in_(ids), Step.values.has_key("must_act"))
        .order_by(Allocation.payable_id, Step.recorded_at)
    )
    turns: defaultdict[UUID, list[tuple[date, Side | None]]] = defaultdict(list)
    for id_, at, must_act in await session.execute(rows):
        turns[id_].append((today_of(at), _side(must_act or "")))
    return {id_: list(_spans(each)) for id_, each in turns.items()}


def _spans(turns: Sequence[tuple[date, Side | None]]) -> Sequence[Dispute]:
    ends = [on for on, _ in turns[1:]]
    return [
        Dispute(on, until, who)
        for (on, who), until in zip(turns, [*ends, None], strict=True)
        if who
    ]
