"""What can be traded for tokens: a code, a refresh token, a client's own credentials."""

from typing import Any

from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc6749.errors import (
    AccessDeniedError,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Error,
)
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7636.challenge import compare_s256_code_challenge
from sqlalchemy import select

from services.identity.commands import keys, records
from services.identity.commands.oauth.requests import Asked, back_to_client
from services.identity.domain import access, tokens, wire
from services.identity.domain.clients import AuthMethod
from services.identity.models import Authorization, Client, RefreshToken
from services.identity.queries import Actor, actor
from shared.settings import settings

PROVING = [AuthMethod.SECRET.value, AuthMethod.PRIVATE_KEY_JWT.value]
ANY = [*PROVING, AuthMethod.NONE.value]


class RequestNotSupportedError(OAuth2Error):  # type: ignore[misc]  # Authlib has no types
    """The parameters came packed in an object, which we do not read (OpenID Connect Core, 6)."""

    error = "request_not_supported"


class S256(CodeChallenge):  # type: ignore[misc]
    """PKCE of every client, by S256 alone: Authlib asks it of public ones and takes `plain`."""

    CODE_CHALLENGE_METHODS = {"S256": compare_s256_code_challenge}  # noqa: RUF012  Authlib's

    def validate_code_challenge(self, grant: Any, _: object) -> None:  # noqa: ANN401
        """Refuse what we would else ignore in silence; the client hears of it."""
        asked = grant.request.payload.data
        method, challenge = asked.get("code_challenge_method"), asked.get("code_challenge", "")
        if method != "S256" or not wire.is_challenge(challenge):
            raise InvalidRequestError("Send a code_challenge with code_challenge_method S256.")
        if "request" in asked or "request_uri" in asked:
            raise RequestNotSupportedError("Send the parameters one by one.")
        if asked.get("response_mode", "query") != "query":
            raise InvalidRequestError("The answer comes by response_mode query alone.")


class IdToken:
    """The ID token of OpenID Connect, for whoever asks for the scope `openid`."""

    def __call__(self, grant: Any) -> None:  # noqa: ANN401
        grant.register_hook("after_create_token_response", self.add)

    def add(self, grant: Any, response: tuple[int, dict[str, Any], Any]) -> None:  # noqa: ANN401
        _, token, _ = response
        server, asked = grant.server, grant.request
        if access.OPENID not in token["scope"].split():
            return
        granted: Authorization = asked.authorization_code
        person: Actor = asked.user
        now = int(server.at.timestamp())
        claims = {
            "iss": settings().issuer,
            "aud": asked.client.client_id,
            "sub": str(person.user.id),
            "name": person.user.name,
            "email": person.user.email,
            "locale": person.user.language,
            "organization_id": str(person.organization.id),
            "auth_time": int(granted.authenticated_at.timestamp()),
            "iat": now,
            "exp": now + int(tokens.ACCESS_TOKEN_LIFE.total_seconds()),
        } | ({"nonce": granted.nonce} if granted.nonce else {})
        key = keys.signing_key(server.session, at=server.at)
        token["id_token"] = tokens.sign(claims, key, typ="JWT")


class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = ANY

    @staticmethod
    def validate_authorization_redirect_uri(request: Asked, client: Client) -> str:
        """Take a redirect URI as registered, to the letter, and never a default."""
        uri: str | None = request.payload.redirect_uri
        if not uri or not client.check_redirect_uri(uri):
            raise InvalidRequestError("The redirect_uri is not one that the client registered.")
        return uri

    def create_authorization_response(self, redirect_uri: str, grant_user: Any) -> Any:  # noqa: ANN401
        """Answer with a code; `grant_user` is the person and the session in which it was asked."""
        if not grant_user:
            raise AccessDeniedError(redirect_uri=redirect_uri)
        code, state = tokens.new_secret(), self.request.payload.state
        self.request.user = grant_user
        self.save_authorization_code(code, self.request)
        pairs = [("code", code)] + ([("state", state)] if state else [])
        answer = back_to_client(redirect_uri, pairs)
        return answer.status, answer.body, answer.headers.items()

    def save_authorization_code(self, code: str, request: Asked) -> None:
        person, session = request.user
        client: Client = request.client
        asked = request.payload.data
        # A trusted client keeps what it asked, so that a role given later counts at the next
        # refresh; another one has what the person saw and agreed to. Tokens are cut in any case.
        scope = request.scope if client.trusted else access.cut(request.scope, person.roles)
        session.organization_id = person.organization.id
        self.server.session.add(
            Authorization(
                organization_id=person.organization.id,
                user_id=person.user.id,
                client_id=client.id,
                session_id=session.id,
                code_digest=tokens.digest(code),
                redirect_uri=asked["redirect_uri"],
                scope=scope,
                code_challenge=asked["code_challenge"],
                nonce=asked.get("nonce"),
                authenticated_at=session.authenticated_at,
                expires_at=self.server.at + tokens.CODE_LIFE,
            )
        )
        self.server.session.add(
            records.entry(
                person.organization.id,
                "signed_in",
                actor=person.user,
                client_id=client.client_id,
                subject=client.name,
                address=session.address,
            )
        )

    def query_authorization_code(self, code: str, client: Client) -> Authorization | None:
        """Hold the code's row; a second use ends what came of the first (RFC 6749, 4.1.2)."""
        session, at = self.server.session, self.server.at
        mine = (
            Authorization.code_digest == tokens.digest(code),
            Authorization.client_id == client.id,
        )
        found: Authorization | None = session.scalar(
            select(Authorization).where(*mine).with_for_update()
        )
        if found is None or found.redeemed_at:
            if found:
                end(self.server, found, because="code_reused")
            return None
        return found if not found.revoked_at and found.expires_at > at else None

    def delete_authorization_code(self, authorization_code: Authorization) -> None:
        authorization_code.redeemed_at = self.server.at

    def authenticate_user(self, authorization_code: Authorization) -> Actor:
        return acting(self.server, authorization_code)


class RefreshGrant(grants.RefreshTokenGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = ANY
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> RefreshToken | None:
        """Hold the family first and read the token second: read together, it would be stale."""
        session, at, key = self.server.session, self.server.at, tokens.digest(refresh_token)
        family_id = select(RefreshToken.authorization_id).where(RefreshToken.digest == key)
        mine = (
            Authorization.id == family_id.scalar_subquery(),
            Authorization.client_id == self.request.client.id,
        )
        family = session.scalar(select(Authorization).where(*mine).with_for_update())
        token: RefreshToken | None = session.get(RefreshToken, key) if family else None
        if family is None or token is None:
            return None
        if token.used_at:
            end(self.server, family, because="refresh_token_reused")
        over = token.used_at or family.revoked_at or token.expires_at <= at
        return None if over else token

    def authenticate_user(self, refresh_token: RefreshToken) -> Actor:
        family = self.server.session.get(Authorization, refresh_token.authorization_id)
        return acting(self.server, family)

    def revoke_old_credential(self, refresh_token: RefreshToken) -> None:
        refresh_token.used_at = self.server.at


class ClientGrant(grants.ClientCredentialsGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = PROVING

    def validate_requested_scope(self) -> None:
        """Take only what the client may have; ask for something (RFC 6749, 3.3)."""
        asked = self.request.payload.scope
        allowed = self.client.get_allowed_scope(asked)
        if allowed is None or access.OPENID in allowed.split():
            raise InvalidScopeError


def acting(server: Any, granted: Authorization) -> Actor:  # noqa: ANN401
    """Return the person as somebody who may still act for the organization."""
    chosen = actor(user_id=granted.user_id, organization_id=granted.organization_id)
    row = server.session.execute(chosen).first()
    if row is None:
        raise InvalidGrantError("The person may no longer act for this organization.")
    return Actor(*row)


def end(server: Any, family: Authorization, *, because: str) -> None:  # noqa: ANN401
    """End a family whose code or token somebody used twice, and write it down once."""
    if family.revoked_at:
        return
    family.revoked_at = server.at
    server.session.add(
        records.entry(
            family.organization_id,
            because,
            client_id=str(family.client_id),
            subject=str(family.user_id),
            address=server.address,
        )
    )
