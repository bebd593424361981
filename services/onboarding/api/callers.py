"""Who may call what."""

from typing import Annotated

from contracts.scopes import Scope
from shared.auth import Caller, requires

Reader = Annotated[Caller, requires(Scope.ONBOARDING_READ)]
Writer = Annotated[Caller, requires(Scope.ONBOARDING_WRITE)]
# What binds the organization: its administrator does it.
Administrator = Annotated[Caller, requires(Scope.ONBOARDING_WRITE, Scope.IDENTITY_ADMINISTER)]
