"""Who may call what, as the signatures of endpoints say it."""

from typing import Annotated

from contracts.scopes import Scope
from shared.auth import Caller, requires, requires_any

Reader = Annotated[Caller, requires(Scope.LOGISTICS_READ)]
Shipper = Annotated[Caller, requires(Scope.LOGISTICS_SHIP)]
Receiver = Annotated[Caller, requires(Scope.LOGISTICS_RECEIVE)]
Speaker = Annotated[Caller, requires_any(Scope.LOGISTICS_SHIP, Scope.LOGISTICS_RECEIVE)]
Carrier = Annotated[Caller, requires(Scope.LOGISTICS_TRACK)]
Importer = Annotated[Caller, requires(Scope.LOGISTICS_IMPORT)]
