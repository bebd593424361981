"""Who is calling and what their token allows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Security
from fastapi.dependencies.models import Dependant
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
        refusal = Unauthorized("Send a bearer token issued by the identity service.")
        if token:
            refusal.headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        raise refusal
    request.state.caller = caller
    return caller


async def _holds_all(
    required: SecurityScopes, caller: Annotated[Caller, Depends(authenticated)]
) -> Caller:
    missing = sorted(set(required.scopes) - caller.scopes)
    if missing:
        raise _insufficient(f"The token lacks: {', '.join(missing)}.", missing)
    return caller


async def _holds_any(
    required: SecurityScopes, caller: Annotated[Caller, Depends(authenticated)]
) -> Caller:
    if not caller.scopes.intersection(required.scopes):
        asked = sorted(required.scopes)
        raise _insufficient(f"The token needs one of: {', '.join(asked)}.", asked)
    return caller


def alternatives(dependant: Dependant) -> list[str]:
    """Return the scopes of which an endpoint needs one, for its documentation."""
    own = [str(s) for s in dependant.own_oauth_scopes or ()] if dependant.call is _holds_any else []
    return own + [scope for part in dependant.dependencies for scope in alternatives(part)]


def _insufficient(detail: str, scopes: list[str]) -> Forbidden:
    refusal = Forbidden(detail)
    challenge = f'Bearer error="insufficient_scope", scope="{" ".join(scopes)}"'  # RFC 6750, 3.1
    refusal.headers = {"WWW-Authenticate": challenge}
    return refusal


def requires(*scopes: Scope) -> Any:  # noqa: ANN401
    """Declare the scopes an endpoint needs; they are checked and documented from here."""
    return Security(_holds_all, scopes=list(scopes))


def requires_any(*scopes: Scope) -> Any:  # noqa: ANN401
    """Declare scopes of which an endpoint needs one: what either side of a row may do."""
    return Security(_holds_any, scopes=list(scopes))
