"""Access tokens: how many are verified and issued in a second."""

import asyncio
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import repeat
from typing import Any

from benchmarks.load import Load, Loaded, get, loaded, post
from benchmarks.result import Chart, Figure, Point, Result, Target, middle
from benchmarks.slices import in_turn, ratio
from benchmarks.stage import ISSUER, Options, Stage, stage
from contracts.scopes import Scope
from services.identity import commands
from services.identity.domain.tokens import SigningKey, public_jwk, sign
from shared.database import open_store, transaction, utc_now
from shared.keys import Keys

CONNECTIONS = 8
SECRET = "of-this-benchmark-alone" * 2
FORM = {"content-type": "application/x-www-form-urlencoded"}
READ_PATH = "/api/identity/v1/health/live"
COUNTED = 400
NEW, KNOWN, SIGNED = "verified for the first time", "verified again", "signed alone"
ISSUED, LIVE = "issued over HTTP", "answers that need no token"


def issuing(client_id: str, _: int) -> Iterator[bytes]:
    """Ask for tokens by client credentials."""
    proof = b64encode(f"{client_id}:{SECRET}".encode()).decode()
    sent = b"grant_type=client_credentials&scope=orders%3Aimport"
    return repeat(post("/oauth/token", sent, headers=FORM | {"authorization": f"Basic {proof}"}))


def living(_: int) -> Iterator[bytes]:
    """Ask for what needs neither token nor database."""
    return repeat(get(READ_PATH))


def run(options: Options) -> Result:
    """Measure verifying and signing in this process, and issuing over HTTP, in turn."""
    number = 50 if options.quick else COUNTED
    with stage(broker=not options.quick, services=["identity"]) as here:
        client_id = asyncio.run(_client(here.url))
        port, _ = here.api("identity")
        keys = asyncio.run(_keys(here.signing_key))
        load = Load(port, living, CONNECTIONS, options.slice_s)
        ask = partial(issuing, client_id)
        sides: dict[str, Callable[[], Any]] = {
            NEW: partial(_verified, here, keys, number, again=False),
            KNOWN: partial(_verified, here, keys, number, again=True),
            SIGNED: partial(_signed, here.signing_key, number),
            ISSUED: partial(loaded, load._replace(requests=ask)),
            LIVE: partial(loaded, load),
        }
        found = in_turn(sides, rounds=options.rounds)
    loads = [one for several in found.values() for one in several if isinstance(one, Loaded)]
    assert not sum(one.errors for one in loads), [one.refused for one in loads if one.errors][:1]
    return _result(
        {
            name: [one.per_s if isinstance(one, Loaded) else one for one in several]
            for name, several in found.items()
        }
    )


def _result(per_s: dict[str, Sequence[float]]) -> Result:
    figures = [
        Figure(name=name, value=middle(values), unit="per s") for name, values in per_s.items()
    ]
    again = "a token verified again ÷ for the first time"
    return Result.of(
        "tokens",
        "Access tokens (ES256) verified and issued",
        ratios=[
            Figure(name=again, value=ratio(per_s[KNOWN], per_s[NEW]), unit="×"),
            Figure(
                name="issued over HTTP ÷ signed alone",
                value=ratio(per_s[ISSUED], per_s[SIGNED]),
                unit="×",
            ),
            Figure(
                name="issued over HTTP ÷ answers that need no token",
                value=ratio(per_s[ISSUED], per_s[LIVE]),
                unit="×",
            ),
        ],
        figures=figures,
        targets=[Target(name=again, at_least=20)],
        notes=["Issuing checks the client, signs, and writes an audit row in a transaction."],
        charts=[
            Chart(
                name="bench-tokens",
                title="Access tokens",
                unit="per second",
                points=[Point(series=f.name, at="", value=f.value) for f in figures],
            )
        ],
    )


async def _client(url: str) -> str:
    store = open_store(url, service="identity")
    try:
        async with transaction(store.system) as session:
            at = utc_now()
            await commands.ensure_signing_key(session, at=at)
            await commands.ensure_operator(session, name="Lianqiao", at=at)
            made = await commands.ensure_operator_client(
                session, name="bench", secret=SECRET, at=at
            )
        return str(made.client_id)
    finally:
        await store.close()


async def _keys(key: SigningKey) -> Keys:
    async def fetch() -> dict[str, Any]:
        return {"keys": [public_jwk(key)]}

    keys = Keys(fetch)
    await keys.load()
    return keys


def _verified(here: Stage, keys: Keys, number: int, *, again: bool) -> float:
    whose = commands.OPERATOR_ID
    tokens = [here.token(whose, Scope.IDENTITY_OPERATE) for _ in range(number)]
    if again:
        assert all(map(keys, tokens))
    turns = 50 if again else 1
    begun = time.process_time()
    for _ in range(turns):
        for token in tokens:
            assert keys(token)
    return turns * number / (time.process_time() - begun)


def _signed(key: SigningKey, number: int) -> float:
    claims = {"iss": ISSUER, "sub": "x" * 36, "scope": "orders:read", "exp": 2_000_000_000}
    begun = time.process_time()
    for turn in range(number):
        sign(claims | {"jti": str(turn)}, key, typ="at+jwt")
    return number / (time.process_time() - begun)
