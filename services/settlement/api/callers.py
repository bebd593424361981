"""Who may call what, as the signatures of endpoints say it."""

from datetime import date, datetime
from typing import Annotated

from contracts.scopes import Scope
from shared.auth import Caller, requires, requires_any
from shared.settings import settings

Reader = Annotated[Caller, requires(Scope.SETTLEMENT_READ)]
Supplier = Annotated[Caller, requires(Scope.SETTLEMENT_INVOICE)]
Buyer = Annotated[Caller, requires(Scope.SETTLEMENT_MATCH)]
Either = Annotated[Caller, requires_any(Scope.SETTLEMENT_INVOICE, Scope.SETTLEMENT_MATCH)]
Payer = Annotated[Caller, requires(Scope.SETTLEMENT_PAY)]
Approver = Annotated[Caller, requires(Scope.SETTLEMENT_APPROVE)]
Preparer = Annotated[Caller, requires_any(Scope.SETTLEMENT_PAY, Scope.SETTLEMENT_APPROVE)]
Importer = Annotated[Caller, requires(Scope.SETTLEMENT_IMPORT)]


def today(now: datetime) -> date:
    """Return the day of an instant, in the zone whose days count."""
    return now.astimezone(settings().calendar).date()
