"""Sign in by OAuth, keep the session fresh, and end it. Tokens never leave the server."""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe
from urllib.parse import urlencode

import httpx2
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.scopes import Scope
from services.portal.domain.secrets import COOKIE_BYTES, challenge, digest, opened, sealed
from services.portal.models import Session
from services.portal.queries.api import Api, Away, Clients, Refused
from services.portal.schemas.people import Me, Sealed, Tokens
from shared.database import Sessions, transaction
from shared.problem import Problem
from shared.settings import settings

SESSION_AGE_MAX = timedelta(days=14)
EARLY = timedelta(seconds=30)  # refresh so long before a token expires
OK_MAX = 400
KEPT_AFTER_END = timedelta(days=1)


class SignInFailed(Problem):
    """The sign-in could not be completed."""

    status = 400


@dataclass(frozen=True)
class SignIn:
    """A sign-in under way: what the browser keeps in a cookie until it comes back."""

    state: str
    verifier: str
    back_to: str

    @classmethod
    def begin(cls, back_to: str) -> "SignIn":
        return cls(token_urlsafe(24), token_urlsafe(48), back_to)

    def text(self) -> str:
        return json.dumps([self.state, self.verifier, self.back_to])

    @classmethod
    def read(cls, text: str | None) -> "SignIn | None":
        try:
            state, verifier, back_to = json.loads(text or "")
        except (ValueError, TypeError, RecursionError):
            return None
        return cls(str(state), str(verifier), str(back_to))

    def address(self, **more: str) -> str:
        """Return where identity asks the person; `organization_id` or `prompt` may be added."""
        query = {
            "response_type": "code",
            "client_id": settings().portal_client_id,
            "redirect_uri": redirect_uri(),
            "scope": " ".join(scope for scope in Scope if not scope.endswith(":import")),
            "state": self.state,
            "code_challenge": challenge(self.verifier),
            "code_challenge_method": "S256",
        }
        return f"{settings().issuer.rstrip('/')}/oauth/authorize?{urlencode({**query, **more})}"


@dataclass(frozen=True)
class Visit:
    """Who looks at a page, and the API with their token."""

    me: Me
    api: Api
    cookie: str  # also the secret behind their forms' tokens


def redirect_uri() -> str:
    return f"{settings().issuer.rstrip('/')}/signed-in"


async def complete(
    session: AsyncSession, clients: Clients, begun: SignIn, *, code: str, at: datetime
) -> str:
    """Redeem a code, start a session and return its cookie. Refused when identity refuses."""
    tokens = await _tokens(
        clients,
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri(),
            "code_verifier": begun.verifier,
        },
    )
    if tokens is None:
        raise SignInFailed("The sign-in took too long or was used twice. Begin again.")
    me = await Api(tokens.access_token, clients).get(Me, "identity", "/me")
    cookie = token_urlsafe(COOKIE_BYTES)
    row = Session(digest=digest(cookie), started_at=at, expires_at=at + SESSION_AGE_MAX)
    _keep(row, cookie, tokens, me, at)
    session.add(row)
    outdated = Session.expires_at < at - KEPT_AFTER_END
    await session.execute(delete(Session).where(outdated))
    return cookie


async def visit(sessions: Sessions, clients: Clients, cookie: str, *, at: datetime) -> Visit | None:
    """Return who a cookie belongs to, with a token that is good for a while; else None.

    A token is refreshed under a lock on the session's row: sent twice, identity would take a
    refresh token for stolen and end the whole session.
    """
    mine = select(Session).where(Session.digest == digest(cookie))
    async with transaction(sessions) as session:
        row = await session.scalar(mine)
        kept = _opened(row, cookie, at) if row else None
        if row is None or kept is None:
            return None
        if row.token_expires_at - EARLY > at:
            return Visit(Me.model_validate(row.person), Api(kept.access_token, clients), cookie)
    async with transaction(sessions) as session:
        row = await session.scalar(mine.with_for_update())
        kept = _opened(row, cookie, at) if row else None
        if row is None or kept is None:
            return None
        if row.token_expires_at - EARLY <= at:
            kept = await _refreshed(clients, row, kept, cookie, at)
        if kept is None:
            return None
        return Visit(Me.model_validate(row.person), Api(kept.access_token, clients), cookie)


async def end(session: AsyncSession, clients: Clients, cookie: str, *, at: datetime) -> None:
    """End a session: its tokens are revoked and forgotten."""
    row = await session.scalar(
        select(Session).where(Session.digest == digest(cookie)).with_for_update()
    )
    kept = _opened(row, cookie, at) if row else None
    if row is None or kept is None:
        return
    row.ended_at, row.tokens = at, b""
    if kept.refresh_token:
        await _identity(clients, "/oauth/revoke", {"token": kept.refresh_token})


async def _refreshed(
    clients: Clients, row: Session, kept: Sealed, cookie: str, at: datetime
) -> Sealed | None:
    asked = {"grant_type": "refresh_token", "refresh_token": kept.refresh_token or ""}
    tokens = await _tokens(clients, asked)
    if tokens is None:
        row.ended_at, row.tokens = at, b""
        return None
    try:
        me = await Api(tokens.access_token, clients).get(Me, "identity", "/me")
    except (Away, Refused):  # the new token must be kept whatever else fails
        me = Me.model_validate(row.person)
    return _keep(row, cookie, tokens, me, at, before=kept)


def _keep(  # noqa: PLR0913
    row: Session, cookie: str, tokens: Tokens, me: Me, at: datetime, *, before: Sealed | None = None
) -> Sealed:
    refresh = tokens.refresh_token or (before and before.refresh_token)
    kept = Sealed(access_token=tokens.access_token, refresh_token=refresh)
    row.organization_id, row.user_id = me.organization.id, me.user.id
    row.person = me.model_dump(mode="json")
    row.tokens = sealed(cookie, kept.model_dump_json())
    row.token_expires_at = at + timedelta(seconds=tokens.expires_in)
    return kept


def _opened(row: Session, cookie: str, at: datetime) -> Sealed | None:
    if row.ended_at or row.expires_at <= at:
        return None
    text = opened(cookie, row.tokens)
    return Sealed.model_validate_json(text) if text else None


async def _tokens(clients: Clients, form: Mapping[str, str]) -> Tokens | None:
    answer = await _identity(clients, "/oauth/token", form)
    if answer.status_code >= OK_MAX:
        return None
    return Tokens.model_validate_json(answer.content)


async def _identity(clients: Clients, path: str, form: Mapping[str, str]) -> httpx2.Response:
    secret = settings().portal_client_secret.get_secret_value()
    basic = b64encode(f"{settings().portal_client_id}:{secret}".encode()).decode()
    try:
        answer = await clients.of("identity").post(
            path, data=dict(form), headers={"authorization": f"Basic {basic}"}
        )
    except httpx2.TransportError as error:
        raise Away("The sign-in does not answer just now.") from error
    if answer.status_code >= 500:  # noqa: PLR2004
        raise Away("The sign-in does not answer just now.")
    return answer
