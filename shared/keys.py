"""Tell an access token that identity issued from any other (RFC 9068), by its published keys."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry

from shared.auth import Caller
from shared.problem import Busy
from shared.settings import settings
from shared.suspension import Suspensions

logger = logging.getLogger(__name__)

ALGORITHMS = ["ES256", "Ed25519"]
TOKEN_BYTES_MAX = 8_192
REMEMBERED_MAX = 10_000
REFRESH_S, RETRY_S = 60.0, 0.5
CLOCKS_DIFFER_S = 2  # identity's clock may be a little ahead; a token's end is ours to tell
ESSENTIAL = "exp", "iat", "sub", "client_id", "jti", "scope", "organization_id"

# What joserfc and we raise for a token of whatever content.
INVALID = (
    *(JoseError, ValueError, TypeError, LookupError, AttributeError),
    *(ArithmeticError, RecursionError),
)

Fetch = Callable[[], Awaitable[dict[str, Any]]]  # returns a JWK Set


class _Known(NamedTuple):
    """A token whose signature holds: whose it is, and for how long."""

    issued_at: float
    ends_at: float
    caller: Caller


class Keys:
    """Identity's public keys, fetched beside the requests; calling it verifies a token."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self.suspensions = Suspensions()
        self._keys: KeySet | None = None
        self._seen: dict[bytes, _Known] = {}
        self._texts = ""

    def __call__(self, token: str) -> Caller | None:
        """Return who a token speaks for, or None if it is not valid here and now.

        Raises Busy while no key is known: a process that has just started can refuse nobody.
        """
        if self._keys is None:
            raise Busy("No token can be judged here yet; send the same request again shortly.")
        if len(token) > TOKEN_BYTES_MAX:
            return None
        digest, now = sha256(token.encode(errors="replace")).digest(), time.time()
        known = self._seen.get(digest)
        if known is None:
            known = _verified(token, self._keys, now)
            if known:
                if len(self._seen) >= REMEMBERED_MAX:
                    self._seen.clear()
                self._seen[digest] = known
        if known is None or now >= known.ends_at:
            return None
        void = self.suspensions.refuses(known.caller.organization_id, known.issued_at)
        return None if void else known.caller

    @property
    def ready(self) -> bool:
        """Tell whether any key is known yet."""
        return self._keys is not None

    async def load(self) -> None:
        """Fetch the keys once; tokens of a key that is gone are not remembered either."""
        found = await self._fetch()
        texts = json.dumps(found, sort_keys=True)
        if texts != self._texts:
            self._keys = KeySet.import_key_set(found)  # type: ignore[arg-type]
            self._texts = texts
            self._seen.clear()

    async def follow(self, stop: asyncio.Event) -> None:
        """Keep the keys fresh until told to stop; an outage leaves those that are known."""
        while not stop.is_set():
            try:
                await self.load()
            except Exception as error:  # noqa: BLE001  whatever it is, known keys go on
                logger.info("identity's keys were not fetched: %r", error)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), REFRESH_S if self.ready else RETRY_S)


def _verified(token: str, keys: KeySet, now: float) -> _Known | None:
    essential: dict[str, Any] = {name: {"essential": True} for name in ESSENTIAL}
    registry = JWTClaimsRegistry(
        now=int(now),
        leeway=CLOCKS_DIFFER_S,
        iss={"essential": True, "value": settings().issuer},
        aud={"essential": True, "value": settings().audience},
        **essential,
    )
    try:
        decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
        if decoded.header.get("typ") != "at+jwt" or not decoded.header.get("kid"):
            return None
        if not isinstance(decoded.claims["aud"], str):
            return None
        registry.validate(decoded.claims)
        issued_at, ends_at = (float(decoded.claims[name]) for name in ("iat", "exp"))
        return _Known(issued_at, ends_at, _caller(decoded.claims))
    except INVALID:
        return None


def _caller(claims: dict[str, Any]) -> Caller:
    person = claims["sub"] != claims["client_id"]
    return Caller(
        organization_id=UUID(claims["organization_id"]),
        scopes=frozenset(claims["scope"].split()),
        client_id=claims["client_id"],
        user_id=UUID(claims["sub"]) if person else None,
        name=str(claims.get("name", "")),
    )
