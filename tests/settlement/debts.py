"""Build what a buyer owes, as rows of the settlement service."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from uuid_utils.compat import uuid7

from contracts.onboarding import TermFrom, Terms
from services.settlement.commands.clock import reckon_payables
from services.settlement.models import Allocation, Invoice, InvoiceLine, OrderLine, Payable, Step
from shared.database import transaction, utc_now
from tests.conftest import Stores

BUYER, SUPPLIER = uuid4(), uuid4()
DAY = timedelta(days=1)


def noon(day: date) -> datetime:
    """Return noon in Shanghai."""
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def agreed(
    buyer: str | None = "large",
    supplier: str | None = "small",
    **terms: Any,  # noqa: ANN401
) -> dict[str, Any]:
    """Return an agreement as a payable keeps it."""
    return {
        "terms": Terms(**terms).model_dump(mode="json"),
        "signed_on": "2025-07-01",
        "buyer": {"size": buyer},
        "supplier": {"size": supplier},
    }


def debt(delivered_on: date, **given: Any) -> Payable:  # noqa: ANN401
    """Build a debt of ¥ 1,000.00 for what was accepted on the day of its delivery."""
    values: dict[str, Any] = {
        **{name: uuid7() for name in ("id", "order_id", "line_id", "schedule_line_id")},
        **{name: uuid7() for name in ("receipt_id", "receipt_line_id")},
        "buyer_id": BUYER,
        "supplier_id": SUPPLIER,
        "receipt_number": "GR-1",
        "order_number": "PO-1",
        "position": 10,
        "item_number": "A-1",
        "item_name": "支架",
        "unit": "C62",
        "currency": "CNY",
        "imported": False,
        "recorded_at": utc_now(),
        "quantity": Decimal(10),
        "amount_minor": 100_000,
        "delivered_on": delivered_on,
        "inspection_ends_on": delivered_on + 3 * DAY,
        "accepted_on": delivered_on,
        "deemed": False,
        "agreed": agreed(payment_from=TermFrom.DELIVERY),
        **dict.fromkeys(("started_on", "contract_due_on", "due_on"), delivered_on),
        "start": "acceptance",
        "rules": "",
        "provisional": False,
        "expected": False,
        "calendar": "",
        "reckoned_at": utc_now(),
    }
    return Payable(**values | given)


def line_of(payable: Payable) -> OrderLine:
    copied = ("order_id", "order_number", "position", "item_number", "item_name", "unit")
    return OrderLine(
        id=payable.line_id,
        buyer_id=payable.buyer_id,
        supplier_id=payable.supplier_id,
        **{name: getattr(payable, name) for name in (*copied, "quantity", "amount_minor")},
        currency=payable.currency,
        imported=False,
    )


def claimed(payable: Payable, *, sent: date) -> tuple[Invoice, InvoiceLine, Allocation]:
    """Build an invoice for all of a debt."""
    parties = {"buyer_id": payable.buyer_id, "supplier_id": payable.supplier_id}
    invoice = Invoice(
        id=uuid7(),
        **parties,
        number="INV-1",
        number_key="INV1",
        digest=b"",
        currency="CNY",
        total_minor=100_000,
        invoiced_on=sent,
        verdict="matched",
        undisputed_minor=100_000,
        submitted_by="Li Wei",
        occurred_at=noon(sent),
        recorded_at=noon(sent),
        imported=False,
    )
    line = InvoiceLine(
        id=uuid7(),
        **parties,
        invoice_id=invoice.id,
        turn=0,
        line_id=payable.line_id,
        quantity=Decimal(10),
        amount_minor=100_000,
        verdict="exception",
        **dict.fromkeys(("unmatched", "unmatched_minor"), 0),
    )
    allocation = Allocation(
        id=uuid7(),
        **parties,
        invoice_id=invoice.id,
        invoice_line_id=line.id,
        payable_id=payable.id,
        quantity=Decimal(10),
        **dict.fromkeys(("value_minor", "amount_minor"), 100_000),
    )
    return invoice, line, allocation


def acted(invoice: Invoice, turns: Sequence[tuple[date, str | None]]) -> list[Step]:
    """Build what was done about an invoice, and who had to act after it."""
    return [
        Step(
            buyer_id=invoice.buyer_id,
            supplier_id=invoice.supplier_id,
            about_id=invoice.id,
            kind="exception" if who else "resolved",
            by="Li Wei",
            values={"must_act": who},
            recorded_at=noon(on),
        )
        for on, who in turns
    ]


async def owed(stores: Stores, *debts: Payable, at: datetime | None = None) -> None:
    """Write debts down and reckon their dates."""
    async with transaction(stores["settlement"].system) as session:
        session.add_all([line_of(each) for each in debts])
        await session.flush()
        session.add_all(debts)
        await session.flush()
        await reckon_payables(session, [each.id for each in debts], at=at or utc_now())
