"""Revocation (RFC 7009) and introspection (RFC 7662) of a client's own tokens."""

from typing import Any
from uuid import UUID

from authlib.oauth2.rfc6749.errors import InvalidRequestError
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from sqlalchemy import select

from services.identity.commands import keys
from services.identity.commands.oauth.grants import ANY, PROVING
from services.identity.commands.oauth.requests import Asked
from services.identity.domain import tokens
from services.identity.models import AccessToken, Authorization, Client, RefreshToken
from shared.settings import settings


class Revocation(RevocationEndpoint):  # type: ignore[misc]  # Authlib has no types
    CLIENT_AUTH_METHODS = ANY

    def check_params(self, request: Asked, client: Client) -> None:
        require_token(request, client)

    def query_token(self, token_string: str, token_type_hint: str | None) -> Any:  # noqa: ANN401
        return find(self.server, token_string, token_type_hint)

    def revoke_token(self, token: AccessToken | RefreshToken, request: Asked) -> None:
        """End an access token alone, and with a refresh token its whole family."""
        assert request
        if isinstance(token, AccessToken):
            token.revoked_at = token.revoked_at or self.server.at
            return
        held = select(Authorization).where(Authorization.id == token.authorization_id)
        family = self.server.session.scalars(held.with_for_update()).one()
        family.revoked_at = family.revoked_at or self.server.at


class Introspection(IntrospectionEndpoint):  # type: ignore[misc]
    CLIENT_AUTH_METHODS = PROVING

    def check_params(self, request: Asked, client: Client) -> None:
        require_token(request, client)

    def query_token(self, token_string: str, token_type_hint: str | None) -> Any:  # noqa: ANN401
        self.text = token_string
        return find(self.server, token_string, token_type_hint)

    def check_permission(
        self, token: AccessToken | RefreshToken, client: Client, request: Asked
    ) -> bool:
        """Tell a client about its own tokens; another's is as if there were none."""
        assert request
        return token.check_client(client)

    def create_introspection_payload(
        self, token: AccessToken | RefreshToken | None
    ) -> dict[str, Any]:
        if token is None or not self._is_active(token):
            return {"active": False}
        if isinstance(token, AccessToken):
            claims = verified(self.server, self.text) or {}
            return {"active": True, "token_type": "Bearer"} | claims
        family = self.server.session.get(Authorization, token.authorization_id)
        return {
            "active": True,
            "iss": settings().issuer,
            "client_id": str(token.client_id),
            "sub": str(family.user_id),
            "organization_id": str(family.organization_id),
            "scope": token.scope,
            "iat": int(token.issued_at.timestamp()),
            "exp": int(token.expires_at.timestamp()),
        }

    def _is_active(self, token: AccessToken | RefreshToken) -> bool:
        family_id = token.authorization_id
        family = self.server.session.get(Authorization, family_id) if family_id else None
        ended = token.revoked_at if isinstance(token, AccessToken) else token.used_at
        return not (ended or (family and family.revoked_at) or token.expires_at <= self.server.at)


def require_token(request: Asked, client: Client) -> None:
    """Refuse a request without a token; hints are hints, and an unknown one is ignored."""
    assert client
    if "token" not in request.form:
        raise InvalidRequestError("token is missing.")


def find(server: Any, text: str, hint: str | None) -> AccessToken | RefreshToken | None:  # noqa: ANN401
    """Return a token that we issued and that is not too old to matter."""
    assert hint is None or hint
    refresh: RefreshToken | None = server.session.get(RefreshToken, tokens.digest(text))
    if refresh:
        return refresh
    claims = verified(server, text)
    access: AccessToken | None = (
        server.session.get(AccessToken, UUID(claims["jti"])) if claims else None
    )
    return access


def verified(server: Any, text: str) -> dict[str, Any] | None:  # noqa: ANN401
    """Return the claims of an access token that we signed."""
    if text.count(".") != 2:  # noqa: PLR2004  a JWT has three parts
        return None
    signing = keys.published_keys(server.session, at=server.at)
    audience = settings().audience
    return tokens.verified_access_token(
        text, signing, issuer=settings().issuer, audience=audience, at=server.at
    )
