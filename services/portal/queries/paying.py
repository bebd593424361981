"""Ask the settlement service what is invoiced, agreed, due and paid."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from contracts.orders import Side
from services.portal.queries.api import Api
from services.portal.schemas.answers import Page
from services.portal.schemas.paying import (
    Due,
    Forecast,
    Invoice,
    InvoiceRow,
    OpenSum,
    OpenSums,
    OwedSummary,
    Payment,
    Proposal,
    ProposalRow,
    Settings,
    Statement,
    StatementRow,
)


async def forecast(api: Api, *, days: int) -> Forecast:
    """Return which terms will be broken within some days."""
    return await api.get(Forecast, "settlement", "/forecast", days=days)


async def dues(api: Api, side: Side, **query: Any) -> Page[Due]:  # noqa: ANN401
    """Return a page of what is owed."""
    return await api.get(Page[Due], "settlement", "/payables", side=side.value, **query)


async def invoices(api: Api, **query: Any) -> Page[InvoiceRow]:  # noqa: ANN401
    """Return a page of the invoices that were sent to us."""
    return await api.get(Page[InvoiceRow], "settlement", "/invoices", side="buyer", **query)


async def invoice(api: Api, invoice_id: UUID) -> Invoice:
    return await api.get(Invoice, "settlement", f"/invoices/{invoice_id}")


async def statements(api: Api, **query: Any) -> Page[StatementRow]:  # noqa: ANN401
    """Return a page of months that are agreed on, or are to be."""
    return await api.get(Page[StatementRow], "settlement", "/statements", **query)


async def statement(api: Api, statement_id: UUID) -> Statement:
    return await api.get(Statement, "settlement", f"/statements/{statement_id}")


async def proposals(api: Api, *, cursor: str | None = None) -> Page[ProposalRow]:
    """Return a page of what was proposed to be paid."""
    return await api.get(Page[ProposalRow], "settlement", "/proposals", cursor=cursor)


async def proposal(api: Api, proposal_id: UUID) -> Proposal:
    return await api.get(Proposal, "settlement", f"/proposals/{proposal_id}")


async def payments(api: Api, side: Side, *, cursor: str | None = None) -> Page[Payment]:
    """Return a page of what was paid."""
    return await api.get(Page[Payment], "settlement", "/payments", side=side.value, cursor=cursor)


async def dues_before(api: Api, day: date, **query: Any) -> Page[Due]:  # noqa: ANN401
    """Return what may be paid and falls due by a day, as a proposal until that day takes it."""
    return await dues(api, Side.BUYER, state="approved", due_before=_after(day), **query)


async def sum_before(api: Api, day: date) -> list[OpenSum]:
    """Return by currency what may be paid and falls due by a day, the largest first."""
    query = {"side": Side.BUYER.value, "state": "approved", "due_before": _after(day)}
    found = await api.get(OpenSums, "settlement", "/payables/sums", **query)
    return sorted(found.currencies, key=lambda one: -one.open.amount)


def _after(day: date) -> str:
    """Return the day after; the list leaves the day itself out, a proposal takes it."""
    return (day + timedelta(days=1) if day < date.max else day).isoformat()


async def settings(api: Api) -> Settings:
    return await api.get(Settings, "settlement", "/settings")


async def owed(api: Api, side: Side) -> OwedSummary:
    """Return what is owed on a side, and what waits for it."""
    return await api.get(OwedSummary, "settlement", "/payables/summary", side=side.value)
