"""Who is calling and what their token allows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Security
from fastapi.security import OAuth2AuthorizationCodeBearer, SecurityScopes

from contracts.scopes import Scope
from shared.problem import Forbidden, Unauthorized
from shared.settings import settings

oauth2 = OAuth2AuthorizationCodeBearer(
    authorizationUrl=f"{settings().issuer}/oauth/authorize",
    tokenUrl=f"{settings().issuer}/oauth/token",
    scopes={scope.value: scope.name.replace("_", " ").capitalize() for scope in Scope},
    auto_error=False,
)


@dataclass(frozen=True, slots=True)
class Caller:
    """The organization, the program and (if any) the person behind a token, and its scopes."""

    organization_id: UUID
    scopes: frozenset[str]
    client_id: str = ""
    user_id: UUID | None = None
    name: str = ""  # what to call the person, or else the program

    def may(self, scope: Scope) -> bool:
        """Tell whether the token was granted a scope."""
        return scope.value in self.scopes


Verify = Callable[[str], Caller | None]


async def authenticated(request: Request, token: Annotated[str | None, Depends(oauth2)]) -> Caller:
    """Return who calls; refused without a token that identity issued for this platform."""
    verify: Verify = request.app.state.verify
    caller = verify(token) if token else None
    if caller is None:
        raise Unauthorized("Send a bearer token issued by the identity service.")
    request.state.caller = caller
    return caller


async def _holds_all(
    required: SecurityScopes, caller: Annotated[Caller, Depends(authenticated)]
) -> Caller:
    missing = set(required.scopes) - caller.scopes
    if missing:
        raise Forbidden(f"The token lacks: {', '.join(sorted(missing))}.")
    return caller


async def _holds_any(
    required: SecurityScopes, caller: Annotated[Caller, Depends(authenticated)]
) -> Caller:
    if not caller.scopes.intersection(required.scopes):
        raise Forbidden(f"The token needs one of: {', '.join(sorted(required.scopes))}.")
    return caller


def requires(*scopes: Scope) -> Any:  # noqa: ANN401
    """Declare the scopes an endpoint needs; they are checked and documented from here."""
    return Security(_holds_all, scopes=list(scopes))


def requires_any(*scopes: Scope) -> Any:  # noqa: ANN401
    """Declare scopes of which an endpoint needs one: what either side of a row may do."""
    return Security(_holds_any, scopes=list(scopes))
