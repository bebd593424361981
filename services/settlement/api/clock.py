"""The buyer's forward view of its payment terms."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.settlement.api.callers import Reader
from services.settlement.queries import forecast
from services.settlement.queries.clock import today_of
from services.settlement.schemas.clock import ForecastOut
from shared.database import Now, Transaction
from shared.idempotency import Route
from shared.types import CurrencyCode

router = APIRouter(route_class=Route, tags=["Payment clock"])


@router.get("/forecast")
async def ask_forecast(
    caller: Reader,
    session: Transaction,
    now: Now,
    days: Annotated[int, Query(ge=1, le=365, description="how far to look ahead")] = 30,
    currency: CurrencyCode = "CNY",
) -> ForecastOut:
    """Return, as a buyer, which terms run out within some days if nothing is paid.

    By week, with what is overdue already and the first debts to run out; one currency at a time.
    """
    return await forecast.forecast(
        session, caller=caller, days=days, currency=currency, on=today_of(now)
    )
