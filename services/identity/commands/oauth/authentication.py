"""How a client proves who it is: one method, its own, and the same answer to every failure."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from authlib.oauth2.rfc6749.errors import InvalidClientError, InvalidRequestError
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.identity.commands.oauth.requests import Asked
from services.identity.domain import tokens, wire
from services.identity.domain.clients import AuthMethod
from services.identity.models import Client, UsedAssertion
from shared.settings import settings

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def refusal() -> InvalidClientError:
    """Say no more than that it failed: not whether there is such a client."""
    return InvalidClientError("Client authentication failed.", status_code=401)


def authenticate(
    server: Any,  # noqa: ANN401  a Server; it imports this module
    asked: Asked,
    methods: Collection[str],
) -> Client:
    """Return the client that the request proves to come from, by its one registered method."""
    method = _method(asked)
    client = _PROOFS[method](server, asked) if method in methods else None
    named = asked.payload.client_id
    if client is None or client.auth_method != method or named not in (None, client.client_id):
        raise refusal()
    asked.auth_method = method
    return client


def _method(asked: Asked) -> str:
    """Return how the client wants to authenticate; more than one way is refused (RFC 6749, 2.3)."""
    pairs = asked.form
    used = [AuthMethod.SECRET.value for _ in asked.authorization]
    if "client_assertion" in pairs or "client_assertion_type" in pairs:
        used.append(AuthMethod.PRIVATE_KEY_JWT)
    if "client_secret" in pairs:
        used.append("client_secret_post")  # which nobody may: secrets in bodies end up in logs
    if len(used) > 1:
        raise InvalidRequestError("Authenticate the client in one way only.")
    return used[0] if used else AuthMethod.NONE.value


def _by_secret(server: Any, asked: Asked) -> Client | None:  # noqa: ANN401
    credentials = wire.basic_credentials(asked.authorization[0])
    client: Client | None = server.query_client(credentials[0]) if credentials else None
    sound = client and credentials and client.check_client_secret(credentials[1])
    return client if sound else None


def _by_name(server: Any, asked: Asked) -> Client | None:  # noqa: ANN401
    client: Client | None = server.query_client(asked.payload.client_id)
    return client


def _by_assertion(server: Any, asked: Asked) -> Client | None:  # noqa: ANN401
    """Verify a signed assertion (RFC 7523) and spend it."""
    text = asked.form.get("client_assertion", "")
    if asked.form.get("client_assertion_type") != ASSERTION_TYPE:
        return None
    client: Client | None = server.query_client(tokens.assertion_subject(text))
    if client is None or client.jwks is None:
        return None
    jti = _verified(text, client.jwks, client.client_id, server.at)
    if jti is None or not _spend(server.session, client.client_id, jti, server.at):
        return None
    return client


def _verified(text: str, jwks: Mapping[str, Any], client_id: str, at: datetime) -> str | None:
    issuer = settings().issuer
    audiences = issuer, f"{issuer}/oauth/token"
    return tokens.verified_assertion(text, jwks, client_id=client_id, audiences=audiences, at=at)


def _spend(session: Session, client_id: str, jti: str, at: datetime) -> bool:
    """Mark an assertion as used and tell whether it was not; a rival is waited for."""
    row = {
        "digest": tokens.digest(f"{client_id} {jti}"),
        "expires_at": at + tokens.ASSERTION_LIFE_MAX + timedelta(minutes=1),
    }
    spending = insert(UsedAssertion).values(row).on_conflict_do_nothing()
    return session.execute(spending.returning(UsedAssertion.digest)).first() is not None


_PROOFS = {
    AuthMethod.SECRET.value: _by_secret,
    AuthMethod.PRIVATE_KEY_JWT.value: _by_assertion,
    AuthMethod.NONE.value: _by_name,
}
