"""What a sound OAuth client is."""

import re
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from joserfc import jwk
from joserfc.errors import JoseError

from shared.problem import Problem

KEYS_MAX = 10
REDIRECT_URI_LENGTH_MAX = 500
RSA_BITS_MIN = 2048
LOOPBACK = ("localhost", "127.0.0.1", "::1")
CURVES = {"EC": ("P-256",), "OKP": ("Ed25519",)}  # what ES256 and Ed25519 sign with


class AuthMethod(StrEnum):
    """How a client proves to the token endpoint who it is."""

    PRIVATE_KEY_JWT = "private_key_jwt"
    SECRET = "client_secret_basic"  # noqa: S105  the name of a method
    NONE = "none"  # a program that cannot keep a secret: on a phone or a desk


class GrantType(StrEnum):
    """What a client may trade for a token."""

    CODE = "authorization_code"
    REFRESH = "refresh_token"
    CREDENTIALS = "client_credentials"


class UnsoundClient(Problem):
    """The client as described could not work, or not safely."""

    status = 422


def check_client(
    *,
    auth_method: AuthMethod,
    grant_types: Collection[GrantType],
    redirect_uris: Sequence[str],
    jwks: Mapping[str, Any] | None,
) -> None:
    """Refuse a client whose parts do not fit each other."""
    for uri in redirect_uris:
        check_redirect_uri(uri)
    if not grant_types:
        raise UnsoundClient("Give the client at least one grant type.")
    if GrantType.CODE in grant_types and not redirect_uris:
        raise UnsoundClient("authorization_code needs a redirect URI.")
    if GrantType.REFRESH in grant_types and GrantType.CODE not in grant_types:
        raise UnsoundClient("refresh_token needs authorization_code beside it.")
    if GrantType.CREDENTIALS in grant_types and auth_method is AuthMethod.NONE:
        raise UnsoundClient("client_credentials needs a client that proves who it is.")
    if (jwks is None) == (auth_method is AuthMethod.PRIVATE_KEY_JWT):
        raise UnsoundClient("Send jwks with private_key_jwt, and only with it.")


def check_redirect_uri(uri: str) -> None:
    """Refuse what a code could leak through: anything but https, or http on this machine."""
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        raise UnsoundClient(f"{uri!r} is not a URI.") from None
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    plain = re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]+", uri) and len(uri) <= REDIRECT_URI_LENGTH_MAX
    if not (safe and plain and parts.hostname) or "@" in parts.netloc or "#" in uri or "*" in uri:
        raise UnsoundClient(
            f"{uri!r}: a redirect URI is exact, https (or http on localhost), in ASCII, with no "
            "user, fragment or wildcard."
        )


def public_keys(jwks: Mapping[str, Any]) -> dict[str, Any]:
    """Return a client's key set as it is kept: public signing keys, each with its `kid`.

    Refused are private and symmetric keys (whoever knows a public key could sign with it as an
    HMAC secret), and keys that none of our algorithms uses.
    """
    keys = jwks.get("keys")
    if not isinstance(keys, list) or not 1 <= len(keys) <= KEYS_MAX:
        raise UnsoundClient(f'Send {{"keys": […]}} with 1 to {KEYS_MAX} public keys.')
    kept = [_public_key(key) for key in keys]
    if len({key["kid"] for key in kept}) != len(kept):
        raise UnsoundClient("Two keys have the same kid.")
    return {"keys": kept}


def _public_key(given: Any) -> dict[str, Any]:  # noqa: ANN401  whatever was sent
    try:
        if not isinstance(given, dict) or given.get("kty") == "oct":
            raise UnsoundClient("Each key is a JSON Web Key with a public part.")
        key = jwk.import_key(given)
        if key.is_private:
            raise UnsoundClient("Keep the private key to yourself: send its public part alone.")
        if given.get("use", "sig") != "sig":
            raise UnsoundClient("A key with another use than sig cannot sign.")
        kept = dict(key.as_dict(private=False))
        _check_strength(kept, key)
        kid = given.get("kid", key.thumbprint())
    except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise UnsoundClient("A key could not be read as a JSON Web Key (RFC 7517).") from error
    if not isinstance(kid, str) or not re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]{1,200}", kid):
        raise UnsoundClient("A kid is 1 to 200 printable ASCII characters, with no quotes.")
    parts = ("kty", "crv", "x", "y", "n", "e")
    return {part: kept[part] for part in parts if part in kept} | {"kid": kid, "use": "sig"}


def _check_strength(kept: Mapping[str, Any], key: Any) -> None:  # noqa: ANN401  a key of any type
    curves = CURVES.get(kept["kty"])
    if curves and kept["crv"] not in curves:
        raise UnsoundClient("Elliptic keys are P-256 (ES256) or Ed25519.")
    if kept["kty"] == "RSA" and key.raw_value.key_size < RSA_BITS_MIN:
        raise UnsoundClient(f"An RSA key has at least {RSA_BITS_MIN} bits.")
