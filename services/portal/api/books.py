"""What the order book shows: its filter, its columns, its address."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from contracts.orders import Side
from services.portal.domain.pictures import Picture, picture
from services.portal.schemas.orders import ScheduleLine

COLUMNS = (
    "item",
    "partner",
    "done",
    "ordered",
    "progress",
    "promised",
    "predicted",
    "late",
    "status",
    "value",
)
SORTABLE = {"promised": "due", "late": "-lateness", "value": "-value"}
VIEWS = "open", "late", "at_risk", "unconfirmed", "due_this_week", "changes", "all"
HIDDEN_COOKIE = "hidden-columns"


@dataclass(frozen=True)
class Book:
    """One look at the order book, as its address says it."""

    side: Side
    view: str = "open"
    q: str = ""
    counterparty_id: str = ""
    sort: str = "-lateness"
    saved: str = ""
    hidden: frozenset[str] = frozenset()
    unit: str | None = None  # of all rows, where they share one
    currency: str | None = None

    @property
    def filter(self) -> dict[str, Any]:
        """What the orders service is asked for."""
        return {
            "view": self.view,
            "q": self.q,
            "counterparty_id": self.counterparty_id,
            "sort": self.sort,
        }

    @property
    def is_filtered(self) -> bool:
        return bool(self.q or self.counterparty_id)

    @property
    def query(self) -> str:
        """The part of the address that names this look."""
        known = {"side": self.side.value, **self.filter}
        return urlencode({name: value for name, value in known.items() if value})

    @property
    def here(self) -> str:
        return f"/orders?{self.query}"

    @property
    def export(self) -> str:
        """Where exactly what is seen is had as a spreadsheet."""
        return f"/orders/export?{self.query}"

    @property
    def row_query(self) -> str:
        """What one row needs to look like the others."""
        known = {"side": self.side.value, "unit": self.unit, "currency": self.currency}
        return urlencode({name: value for name, value in known.items() if value})

    def link(self, **changed: str) -> str:
        """Return the address of another look at the same book."""
        known = {"side": self.side.value, **self.filter, **changed}
        return f"/orders?{urlencode({name: value for name, value in known.items() if value})}"

    def sharing(self, rows: Sequence[ScheduleLine]) -> "Book":
        """Name the unit and the currency in the head where all rows share them."""
        units = {row.unit for row in rows}
        currencies = {row.amount.currency for row in rows}
        return Book(
            **{
                **self.__dict__,
                "unit": units.pop() if len(units) == 1 else None,
                "currency": currencies.pop() if len(currencies) == 1 else None,
            }
        )


def picture_of(row: ScheduleLine, *, today: date, zone: ZoneInfo) -> Picture:
    """Draw a row of the order book."""
    return picture(
        quantity=row.quantity,
        operations=row.operations,
        due_on=row.due_on,
        promised_on=row.promised_on,
        started_on=row.started_at.astimezone(zone).date() if row.started_at else None,
        completed_on=row.completed_at.astimezone(zone).date() if row.completed_at else None,
        predicted=row.predicted,
        today=today,
    )
