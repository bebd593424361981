"""Secrets and signed tokens: made, kept as digests, and verified."""

import base64
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from joserfc import jwk, jwt
from joserfc.errors import JoseError

ACCESS_TOKEN_LIFE = timedelta(minutes=5)
CODE_LIFE = timedelta(seconds=60)
REFRESH_TOKEN_LIFE = timedelta(days=14)
ASSERTION_LIFE_MAX = timedelta(minutes=5)
KEY_LEAD = timedelta(hours=1)  # published before it signs: longer than anybody caches the JWKS
KEY_LIFE = timedelta(days=90)
KEY_REST = KEY_LEAD + ACCESS_TOKEN_LIFE  # published after it signed, while its tokens live
ASSERTION_ALGORITHMS = ("ES256", "Ed25519", "PS256")
SIGNING_ALGORITHMS = {"ES256": ("EC", "P-256"), "Ed25519": ("OKP", "Ed25519")}
UNREADABLE = (JoseError, ValueError, TypeError, KeyError, RecursionError, OverflowError)


class SigningKey(NamedTuple):
    """A private key as it is kept."""

    kid: str
    algorithm: str
    private_jwk: str


def new_secret() -> str:
    """Draw 256 bits, written with [A-Za-z0-9_-]."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """Return what is kept of a secret of 256 random bits; passwords need argon2 instead."""
    return sha256(secret.encode()).digest()


def same(one: bytes, other: bytes) -> bool:
    """Compare without telling by the time where they differ."""
    return hmac.compare_digest(one, other)


def seal(secret: str, *parts: str) -> str:
    """Return what proves that a form was made here, for this browser and with these values."""
    return hmac.new(secret.encode(), json.dumps(parts).encode(), "sha256").hexdigest()


def new_signing_key(algorithm: str) -> SigningKey:
    """Make a key pair; its name is its thumbprint (RFC 7638)."""
    kind, curve = SIGNING_ALGORITHMS[algorithm]
    key = jwk.JWKRegistry.generate_key(kind, curve)
    return SigningKey(key.thumbprint(), algorithm, json.dumps(key.as_dict(private=True)))


@lru_cache(maxsize=32)
def _private(private_jwk: str) -> jwk.Key:
    return jwk.import_key(json.loads(private_jwk))


def public_jwk(key: SigningKey) -> dict[str, Any]:
    """Return what everybody may know of a key."""
    parts = _private(key.private_jwk).as_dict(private=False)
    return dict(parts) | {"kid": key.kid, "alg": key.algorithm, "use": "sig"}


def sign(claims: Mapping[str, Any], key: SigningKey, *, typ: str) -> str:
    """Return a signed token that says what it is (`typ`) and whose key signed it (`kid`)."""
    header = {"alg": key.algorithm, "kid": key.kid, "typ": typ}
    return jwt.encode(header, dict(claims), _private(key.private_jwk), algorithms=[key.algorithm])


def verified_access_token(
    text: str, keys: Sequence[SigningKey], *, issuer: str, audience: str, at: datetime
) -> dict[str, Any] | None:
    """Return the claims of one of our own access tokens that is still valid, or None."""
    known = {key.kid: key for key in keys}
    try:
        key_set = jwk.KeySet([jwk.import_key(public_jwk(key)) for key in keys])
        algorithms = [key.algorithm for key in keys]
        token = jwt.decode(text, key_set, algorithms=algorithms)
        if token.header.get("typ") != "at+jwt" or token.header.get("kid") not in known:
            return None
        _registry(issuer=issuer, audience=audience, at=at).validate(token.claims)
    except UNREADABLE:
        return None
    return dict(token.claims)


def _registry(*, issuer: str, audience: str, at: datetime) -> jwt.JWTClaimsRegistry:
    return jwt.JWTClaimsRegistry(
        now=int(at.timestamp()),
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": audience},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        jti={"essential": True},
    )


def assertion_subject(text: str) -> str | None:
    """Return for whom a client assertion speaks, before anything of it is verified."""
    try:
        claims = json.loads(_payload(text))
        subject = claims["sub"]
    except UNREADABLE:
        return None
    return subject if isinstance(subject, str) else None


def _payload(text: str) -> bytes:
    _, payload, _ = text.split(".")
    return base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))


def verified_assertion(
    text: str, jwks: Mapping[str, Any], *, client_id: str, audiences: Sequence[str], at: datetime
) -> str | None:
    """Return the `jti` of a client assertion (RFC 7523) that holds, or None.

    It is the client's own (iss = sub = client), for us alone, and ends within five minutes.
    """
    try:
        key_set = jwk.KeySet.import_key_set({"keys": list(jwks["keys"])})
        token = jwt.decode(text, key_set, algorithms=ASSERTION_ALGORITHMS)
        claims = token.claims
        if isinstance(claims.get("aud"), list) and len(claims["aud"]) != 1:
            return None
        jwt.JWTClaimsRegistry(
            now=int(at.timestamp()),
            iss={"essential": True, "value": client_id},
            sub={"essential": True, "value": client_id},
            aud={"essential": True, "values": list(audiences)},
            exp={"essential": True},
            jti={"essential": True},
        ).validate(claims)
        ends_in = float(claims["exp"]) - at.timestamp()
    except UNREADABLE:
        return None
    jti = claims["jti"]
    return jti if jti and ends_in <= ASSERTION_LIFE_MAX.total_seconds() else None
