"""Know what is owed and what was paid of it, as settlement tells it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.settlement import PaymentDue, PaymentMade
from services.insights.commands.facts import PACKAGE, count_payables, write
from shared.database import statement

KEEP_PAYABLES = statement(PACKAGE, "keep_payables.sql")
KEEP_PAYMENTS = statement(PACKAGE, "keep_payments.sql")


async def keep_debts(session: AsyncSession, events: Sequence[PaymentDue]) -> None:
    """Count amounts in the months in which the law wants them paid, and where they are overdue."""
    await write(session, KEEP_PAYABLES, payables=map(_debt, events))
    await count_payables(session, [event.payable_id for event in events])


async def keep_payments(session: AsyncSession, events: Sequence[PaymentMade]) -> None:
    """Count amounts and the days that they took, and which of them came within the legal term."""
    if parts := [part for event in events for part in _parts(event)]:
        await write(session, KEEP_PAYMENTS, parts=parts)
        await count_payables(session, {part["payable_id"] for part in parts})


def _debt(event: PaymentDue) -> dict[str, Any]:
    return {
        "payable_id": event.payable_id,
        "buyer_id": event.buyer_id,
        "supplier_id": event.supplier_id,
        "currency": event.amount.currency,
        "amount_minor": event.amount.amount_minor,
        "delivered_on": event.delivered_on,
        "contract_due_on": event.contract_due_on,
        "legal_latest_on": event.legal_latest_on,
        "counts_overdue": not event.imported,  # of the past it is not known what was paid outside
        "told_at": event.recorded_at,
    }


def _parts(event: PaymentMade) -> list[dict[str, Any]]:
    return [
        {
            "payment_id": event.payment_id,
            "part": number,
            "payable_id": part.payable_id,
            "buyer_id": event.buyer_id,
            "supplier_id": event.supplier_id,
            "currency": part.amount.currency,
            "amount_minor": part.amount.amount_minor,
            "delivered_on": part.delivered_on,
            "contract_due_on": part.contract_due_on,
            "legal_latest_on": part.legal_latest_on,
            "paid_on": event.paid_on,
            "reverses": event.reverses,
        }
        for number, part in enumerate(event.parts, start=1)
    ]
