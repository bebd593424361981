"""Who may call what, as the signatures of endpoints say it."""

from typing import Annotated

from contracts.scopes import Scope
from shared.auth import Caller, requires, requires_any

Reader = Annotated[Caller, requires(Scope.ORDERS_READ)]
Placer = Annotated[Caller, requires(Scope.ORDERS_PLACE)]
Confirmer = Annotated[Caller, requires(Scope.ORDERS_CONFIRM)]
Speaker = Annotated[Caller, requires_any(Scope.ORDERS_PLACE, Scope.ORDERS_CONFIRM)]
Commenter = Annotated[Caller, requires(Scope.ORDERS_COMMENT)]
Importer = Annotated[Caller, requires(Scope.ORDERS_IMPORT)]
