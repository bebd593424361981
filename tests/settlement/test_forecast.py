"""The buyer sees, week by week, which terms it breaks if it pays nothing."""

from decimal import Decimal
from uuid import uuid4

from contracts.scopes import Scope
from services.settlement.queries.clock import today_of
from shared.database import utc_now
from shared.workdays import next_workday
from tests.conftest import SignIn, Stores
from tests.settlement.debts import BUYER, DAY, SUPPLIER, debt, owed


async def test_the_forecast_adds_up_by_week_and_shows_nobody_elses(
    stores: Stores, sign_in: SignIn
) -> None:
    today = today_of(utc_now())
    days = [-70, -60, -55, -50, -40, -10, 0]
    mine = [debt(today + n * DAY) for n in days]
    foreign = debt(today - 60 * DAY, buyer_id=uuid4())
    history = debt(today - 60 * DAY, imported=True)
    await owed(stores, *mine, foreign, history, debt(today - 55 * DAY, currency="USD"))
    buyer = sign_in("settlement", BUYER, Scope.SETTLEMENT_READ)
    found = (await buyer.get("forecast?days=30")).json()
    due = sorted(next_workday(today + (60 + n) * DAY).day for n in days)
    within = [each for each in due if today <= each <= today + 30 * DAY]
    overdue = [each for each in due if each < today]
    assert [each["due_on"] for each in found["items"]] == [str(d) for d in [*overdue, *within]]
    assert found["overdue_count"] == len(overdue)
    assert sum(week["count"] for week in found["weeks"]) == len(within)
    assert sum(Decimal(week["amount"]["amount"]) for week in found["weeks"]) == 1000 * len(within)
    assert found["weeks"][0]["starts_on"] == str(today - today.weekday() * DAY)
    late = [each for each in found["items"] if each["days_left"] < 0]
    assert Decimal(found["interest"]["amount"]) == sum(
        Decimal(each["interest"]["amount"]) for each in late
    )
    assert found["other_currencies"] == ["USD"]
    assert found["left_out"] == 0
    supplier = sign_in("settlement", SUPPLIER, Scope.SETTLEMENT_READ)
    assert (await supplier.get("forecast?days=30")).json()["items"] == []
    assert (await buyer.get("forecast?days=0")).status_code == 422
