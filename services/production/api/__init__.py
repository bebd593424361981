"""The HTTP face of production: translate a request, call one function, return its result."""

from fastapi import APIRouter

from services.production.api import reports, sheets, work_orders

router = APIRouter()
for part in (work_orders.router, sheets.router, reports.router):  # /reports/sheet before /{id}
    router.include_router(part)
