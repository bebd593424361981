"""The OAuth endpoints that programs call: errors are RFC 6749's, and unknown parameters pass."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from contracts.scopes import Scope
from services.identity.api.browser import Parameters, address_of
from services.identity.commands import keys
from services.identity.commands.oauth import Answer, Asked, Server
from services.identity.domain import access, tokens, wire
from services.identity.domain.clients import AuthMethod
from shared.database import Now, SystemTransaction
from shared.settings import settings

router = APIRouter(include_in_schema=False)

NO_STORE = {"Cache-Control": "no-store"}
JWKS_AGE_S = 300
PROVING = [AuthMethod.SECRET.value, AuthMethod.PRIVATE_KEY_JWT.value]


@router.post("/oauth/token")
async def token(
    request: Request, sent: Parameters, session: SystemTransaction, now: Now
) -> Response:
    """Trade a code, a refresh token or a client's own credentials for an access token."""
    return await _answered(request, sent, session, now, Server.create_token_response)


@router.post("/oauth/revoke")
async def revoke(
    request: Request, sent: Parameters, session: SystemTransaction, now: Now
) -> Response:
    """End a token (RFC 7009); with a refresh token everything that came of the same consent."""
    return await _answered(request, sent, session, now, _endpoint("revocation"))


@router.post("/oauth/introspect")
async def introspect(
    request: Request, sent: Parameters, session: SystemTransaction, now: Now
) -> Response:
    """Tell a client about one of its own tokens (RFC 7662)."""
    return await _answered(request, sent, session, now, _endpoint("introspection"))


def _endpoint(name: str) -> Callable[[Server, Asked], Answer]:
    def answer(server: Server, asked: Asked) -> Answer:
        found: Answer = server.create_endpoint_response(name, asked)
        return found

    return answer


async def _answered(
    request: Request,
    sent: dict[str, str] | wire.Malformed,
    session: SystemTransaction,
    now: Now,
    act: Callable[[Server, Asked], Answer],
) -> Response:
    """Let Authlib answer; what it refuses it returns, so that a revocation commits."""
    if isinstance(sent, wire.Malformed):
        return _malformed(str(sent))
    headers = request.headers.getlist("authorization")
    asked = Asked("POST", request.scope["path"], sent, headers)
    address = address_of(request)
    answer = await session.run_sync(lambda sync: act(Server(sync, at=now, address=address), asked))
    return Response(answer.body, answer.status, answer.headers)


def _malformed(detail: str) -> Response:
    server_words = {"error": "invalid_request", "error_description": detail}
    return _json(server_words, status=400, headers=NO_STORE)


def _json(body: dict[str, Any], *, status: int = 200, headers: dict[str, str]) -> Response:
    return JSONResponse(body, status, headers)


@router.get("/oauth/jwks")
async def jwks(session: SystemTransaction, now: Now) -> Response:
    """Publish the keys that verify our tokens, the next one among them."""
    cached = {"Cache-Control": f"public, max-age={JWKS_AGE_S}"}
    return _json(await keys.jwks(session, at=now), headers=cached)


@router.get("/.well-known/oauth-authorization-server")
async def oauth_metadata() -> Response:
    """Describe the authorization server (RFC 8414)."""
    return _json(_metadata(), headers={"Cache-Control": "public, max-age=300"})


@router.get("/.well-known/openid-configuration")
async def openid_metadata() -> Response:
    """Describe the same to clients that ask the OpenID way (OpenID Connect Discovery 1.0)."""
    return _json(_metadata(), headers={"Cache-Control": "public, max-age=300"})


def _metadata() -> dict[str, Any]:
    issuer = settings().issuer
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/oauth/token",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "introspection_endpoint": f"{issuer}/oauth/introspect",
        "jwks_uri": f"{issuer}/oauth/jwks",
        "scopes_supported": [access.OPENID, *(scope.value for scope in Scope)],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": [*PROVING, AuthMethod.NONE.value],
        "token_endpoint_auth_signing_alg_values_supported": list(tokens.ASSERTION_ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": [*PROVING, AuthMethod.NONE.value],
        "revocation_endpoint_auth_signing_alg_values_supported": list(tokens.ASSERTION_ALGORITHMS),
        "introspection_endpoint_auth_methods_supported": PROVING,
        "introspection_endpoint_auth_signing_alg_values_supported": list(
            tokens.ASSERTION_ALGORITHMS
        ),
        "authorization_response_iss_parameter_supported": True,
        "id_token_signing_alg_values_supported": list(tokens.SIGNING_ALGORITHMS),
        "subject_types_supported": ["public"],
        "prompt_values_supported": ["none", "login", "select_account"],
        "ui_locales_supported": ["zh-CN", "en"],
        "claims_supported": [
            "sub",
            "name",
            "email",
            "locale",
            "organization_id",
            "auth_time",
            "nonce",
        ],
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }
