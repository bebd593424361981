"""Ask the settlement service what is owed, and for what it is claimed."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from contracts.orders import Side
from services.portal.queries.api import Api
from services.portal.schemas.answers import Page
from services.portal.schemas.owing import (
    Debt,
    DebtStory,
    Invoice,
    InvoiceSummary,
    MonthStatement,
    OwedSummary,
)

PAGE_MAX = 200


async def debts(api: Api, side: Side, **query: Any) -> Page[Debt]:  # noqa: ANN401
    """Return a page of what is owed, what is due first first."""
    return await api.get(Page[Debt], "settlement", "/payables", side=side.value, **query)


async def all_debts(
    api: Api,
    side: Side,
    *,
    rows_max: int,
    **query: Any,  # noqa: ANN401
) -> AsyncIterator[Debt]:
    """Yield what is owed on all pages, at most so many."""
    cursor, count = None, 0
    while True:
        page = await debts(api, side, limit=PAGE_MAX, cursor=cursor, **query)
        for row in page.items:
            yield row
            count += 1
            if count >= rows_max:
                return
        cursor = page.cursor
        if cursor is None:
            return


async def debt(api: Api, payable_id: UUID) -> DebtStory:
    return await api.get(DebtStory, "settlement", f"/payables/{payable_id}")


async def summary(api: Api, side: Side) -> OwedSummary:
    return await api.get(OwedSummary, "settlement", "/payables/summary", side=side.value)


async def invoices(api: Api, side: Side, **query: Any) -> Page[InvoiceSummary]:  # noqa: ANN401
    """Return a page of invoices, the newest first."""
    return await api.get(Page[InvoiceSummary], "settlement", "/invoices", side=side.value, **query)


async def invoice(api: Api, invoice_id: UUID) -> Invoice:
    return await api.get(Invoice, "settlement", f"/invoices/{invoice_id}")


async def statement(api: Api, statement_id: UUID) -> MonthStatement:
    return await api.get(MonthStatement, "settlement", f"/statements/{statement_id}")
