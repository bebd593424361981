"""The HTTP face of settlement: translate a request, call one function, return its result."""

from fastapi import APIRouter

from services.settlement.api import clock, invoices, payables, payments, statements

router = APIRouter()
for part in (
    payables.router,
    statements.router,
    invoices.router,
    payments.router,
    clock.router,
    payables.books,
):
    router.include_router(part)
