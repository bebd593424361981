"""Who may call what, as the signatures of endpoints say it."""

from typing import Annotated

from contracts.scopes import Scope
from shared.auth import Caller, requires

Reader = Annotated[Caller, requires(Scope.SETTLEMENT_READ)]
