"""Progress reports by spreadsheet over HTTP."""

from fastapi import APIRouter

from shared.idempotency import Route

router = APIRouter(prefix="/reports/sheet", tags=["Reports"], route_class=Route)
