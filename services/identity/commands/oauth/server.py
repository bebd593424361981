"""Authlib's authorization server, held by one request: its database session and its time."""

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from authlib.oauth2 import AuthorizationServer, OAuth2Error
from authlib.oauth2.rfc6749.errors import (
    InvalidGrantError,
    InvalidRequestError,
    UnsupportedGrantTypeError,
    UnsupportedResponseTypeError,
)
from sqlalchemy.orm import Session, joinedload
from uuid_utils.compat import uuid7

from contracts.scopes import Scope
from services.identity.commands import keys
from services.identity.commands.oauth import authentication, grants
from services.identity.commands.oauth.endpoints import Introspection, Revocation
from services.identity.commands.oauth.requests import NO_STORE, Answer, Asked, back_to_client
from services.identity.domain import access, tokens
from services.identity.models import AccessToken, Authorization, Client, RefreshToken
from services.identity.queries import Actor
from shared.settings import settings

SCOPES = (access.OPENID, *(scope.value for scope in Scope))


class MissingGrantTypeError(UnsupportedGrantTypeError):  # type: ignore[misc]  # Authlib has no types
    """Authlib answers, and does not raise, only what it knows as an unsupported grant type."""

    error = "invalid_request"

    def __init__(self) -> None:
        super().__init__("none")
        self.description = "grant_type is missing."


class Server(AuthorizationServer):  # type: ignore[misc]  # Authlib has no types
    """One per request: it costs microseconds, and can so hold the session and the time."""

    def __init__(self, session: Session, *, at: datetime, address: str = "") -> None:
        super().__init__(scopes_supported=SCOPES)
        self.session, self.at, self.address = session, at, address
        self.jti: UUID | None = None  # of the access token that was generated last
        self.register_token_generator("default", self.new_token)
        self.register_grant(grants.CodeGrant, [grants.S256(), grants.IdToken()])
        self.register_grant(grants.RefreshGrant)
        self.register_grant(grants.ClientGrant)
        self.register_endpoint(Revocation)
        self.register_endpoint(Introspection)

    def create_oauth2_request(self, request: Asked) -> Asked:
        return request

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Tell nobody: Authlib announces what our audit list says better."""

    def query_client(self, client_id: str | None) -> Client | None:
        """Return a client that may act now, by the one way to write its id."""
        try:
            key = UUID(client_id or "")
        except ValueError:
            return None
        client = self.session.get(Client, key, options=[joinedload(Client.organization)])
        known = client and str(key) == client_id and client.ended_at is None
        return client if known and client and not client.organization.suspended_at else None

    def authenticate_client(
        self, request: Asked, methods: Collection[str], endpoint: str = "token"
    ) -> Client:
        assert endpoint
        return authentication.authenticate(self, request, methods)

    def get_authorization_grant(self, request: Asked) -> Any:  # noqa: ANN401
        """Refuse other response types in our own words: Authlib repeats what was sent."""
        wanted = request.payload.response_type
        if wanted == "code":
            return super().get_authorization_grant(request)
        client, uri = self.query_client(request.payload.client_id), request.payload.redirect_uri
        back = uri if client and uri and client.check_redirect_uri(uri) else None
        if wanted is None:
            raise InvalidRequestError("response_type is missing: ask for code.", redirect_uri=back)
        raise UnsupportedResponseTypeError("code", "Ask for response_type code.", redirect_uri=back)

    def get_token_grant(self, request: Asked) -> Any:  # noqa: ANN401
        if request.payload.grant_type is None:
            raise MissingGrantTypeError
        return super().get_token_grant(request)

    def new_token(  # noqa: PLR0913, PLR0917  Authlib's signature
        self,
        grant_type: str,
        client: Client,
        user: Actor | None = None,
        scope: str | None = None,
        expires_in: int | None = None,
        include_refresh_token: bool = True,
    ) -> dict[str, Any]:
        """Sign an access token (RFC 9068); a person's scopes are cut to the roles of today."""
        assert grant_type
        assert not expires_in
        granted = access.cut(scope or "", user.roles) if user else scope
        if not granted:
            raise InvalidGrantError("The person no longer holds a role that allows this.")
        organization_id = user.organization.id if user else client.organization_id
        self.jti = uuid7()
        now = int(self.at.timestamp())
        claims: dict[str, Any] = {
            "iss": settings().issuer,
            "aud": settings().audience,
            "sub": str(user.user.id) if user else client.client_id,
            "client_id": client.client_id,
            "organization_id": str(organization_id),
            "scope": granted,
            "name": user.user.name if user else client.name,
            "iat": now,
            "exp": now + int(tokens.ACCESS_TOKEN_LIFE.total_seconds()),
            "jti": str(self.jti),
        }
        key = keys.signing_key(self.session, at=self.at)
        token = {
            "access_token": tokens.sign(claims, key, typ="at+jwt"),
            "token_type": "Bearer",
            "expires_in": claims["exp"] - now,
            "scope": granted,
        }
        return token | ({"refresh_token": tokens.new_secret()} if include_refresh_token else {})

    def save_token(self, token: dict[str, Any], request: Asked) -> None:
        """Keep what can be revoked; the family, if there is one, is held by this transaction."""
        used = request.refresh_token
        family: Authorization | None = request.authorization_code or (
            self.session.get(Authorization, used.authorization_id) if used else None
        )
        self.session.add(
            AccessToken(
                jti=self.jti,
                authorization_id=family.id if family else None,
                client_id=request.client.id,
                expires_at=self.at + tokens.ACCESS_TOKEN_LIFE,
            )
        )
        if family:
            family.used_at = self.at
        if family and "refresh_token" in token:
            self.session.add(
                RefreshToken(
                    digest=tokens.digest(token["refresh_token"]),
                    authorization_id=family.id,
                    client_id=request.client.id,
                    scope=used.scope if used else family.scope,  # a narrower one holds just once
                    issued_at=self.at,
                    expires_at=self.at + tokens.REFRESH_TOKEN_LIFE,
                )
            )

    def handle_response(
        self, status: int, body: dict[str, Any] | str, headers: Iterable[tuple[str, str]]
    ) -> Answer:
        text = json.dumps(body) if isinstance(body, dict) else body
        return Answer(status, text, NO_STORE | dict(headers))

    def handle_error_response(self, request: Asked, error: OAuth2Error) -> Answer:
        """Answer with the error: to the client's page where that is safe, else here."""
        assert request
        if error.redirect_uri:
            return back_to_client(error.redirect_uri, error.get_body())
        return self.handle_response(*error())
