"""A client of the platform's public APIs: OAuth client credentials, pages, batches, retries."""

import asyncio
import os
import ssl
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID, uuid4

from httpx2 import AsyncClient, BasicAuth, HTTPError, Response
from joserfc import jwt
from joserfc.jwk import OKPKey
from pydantic import BaseModel, ConfigDict, ValidationError

from contracts.scopes import Scope
from lianqiao import installation
from lianqiao.installation import CannotError
from shared.problem import ProblemDetails

TOKEN = "/oauth/token"  # noqa: S105  an address
METADATA = "/.well-known/oauth-authorization-server"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIVES_S = 60
RENEWED_BEFORE_S = 30  # a token about to expire is not used any more
TRIES_MAX = 6
PAGE = 200
TIMEOUT_S = 60

Json = dict[str, Any]
M = TypeVar("M", bound=BaseModel)


class PlatformError(CannotError):
    """The platform cannot be reached or gave an answer that says nothing; the message says so."""


class ClientRefusedError(PlatformError):
    """The platform gives a client no token."""


class RefusedError(Exception):
    """The platform refused a request; `problem` is what it said."""

    def __init__(self, problem: ProblemDetails) -> None:
        super().__init__(f"{problem.title}: {problem.detail} ({problem.status})")
        self.problem = problem


class Result(BaseModel):
    """What became of one item of a batch; further ids are among its extra fields."""

    model_config = ConfigDict(extra="allow", frozen=True)

    index: int
    status: str
    problem: ProblemDetails | None = None

    def id_of(self, field: str) -> UUID:
        """Return one of the ids that the answer names, such as `order_id`."""
        return UUID(str((self.model_extra or {})[field]))


class _Token(BaseModel):
    access_token: str
    expires_in: int


@dataclass(frozen=True)
class Credentials:
    """How a program shows who it is: by a secret, or by a key whose public half is registered."""

    client_id: str
    secret: str | None = None
    key: OKPKey | None = None


class Api:
    """The platform, as one OAuth client may use it. Tokens are fetched and renewed on the way."""

    def __init__(
        self,
        http: AsyncClient,
        credentials: Credentials,
        *,
        scopes: Iterable[Scope],
        issuer: str,
    ) -> None:
        self._http, self._credentials, self._issuer = http, credentials, issuer
        self._scope = " ".join(sorted(scopes))
        self._token: tuple[str, float] | None = None
        self._renewing = asyncio.Lock()

    async def get(self, path: str, kind: type[M], **asked: object) -> M:
        """Read one thing."""
        given = {name: value for name, value in asked.items() if value is not None}
        return _read(await self._request("GET", path, params=given), kind)

    async def items(self, path: str, kind: type[M], **asked: object) -> AsyncIterator[M]:
        """Read a list to its end, page by page."""
        following: str | None = path
        given = {name: value for name, value in asked.items() if value is not None}
        params: Json | None = {"limit": PAGE} | given
        while following:
            answer = (await self._request("GET", following, params=params)).json()
            for item in answer["items"]:
                yield kind.model_validate(item)
            following, params = answer["next"], None

    async def post(self, path: str, body: BaseModel | Json, *, key: str | None = None) -> Json:
        """Send something; under the same key it counts once, however often it is sent."""
        headers = {"Idempotency-Key": key} if key else {}
        answer = await self._request("POST", path, json=_json(body), headers=headers)
        return answer.json() if answer.content else {}

    async def put(self, path: str, body: BaseModel | Json) -> Json:
        answer = await self._request("PUT", path, json=_json(body))
        return answer.json() if answer.content else {}

    async def batch(
        self, path: str, name: str, items: Sequence[BaseModel | Json], **beside: object
    ) -> list[Result]:
        """Send many things in one call and return what became of each, in their order."""
        answer = await self.post(path, {name: [_json(item) for item in items]} | beside)
        return [Result.model_validate(result) for result in answer["results"]]

    async def is_known(self) -> bool:
        """Say whether the platform gives this client a token."""
        try:
            await self._bearer()
        except ClientRefusedError:
            return False
        return True

    async def _request(self, method: str, path: str, **sent: Any) -> Response:  # noqa: ANN401  httpx's own
        headers: dict[str, str] = sent.pop("headers", {})
        for attempt in range(TRIES_MAX):
            bearer = {"Authorization": f"Bearer {await self._bearer()}"}
            answer = await _sent(self._http, method, path, headers=headers | bearer, **sent)
            if answer.status_code == 401 and attempt == 0:  # noqa: PLR2004  HTTP's own numbers
                self._token = None  # revoked, or signed by a key that is gone
            elif answer.status_code not in (429, 503) or attempt == TRIES_MAX - 1:
                break
            else:
                await asyncio.sleep(_rest_s(answer, attempt))
        if answer.is_error:
            raise RefusedError(_problem(answer))
        return answer

    async def _bearer(self) -> str:
        async with self._renewing:
            if self._token is None or self._token[1] < time.monotonic():
                token = await self._new_token()
                lives_s = token.expires_in - RENEWED_BEFORE_S
                self._token = token.access_token, time.monotonic() + lives_s
            return self._token[0]

    async def _new_token(self) -> _Token:
        form = {"grant_type": "client_credentials", "scope": self._scope}
        auth, mine = None, self._credentials
        if mine.key:
            form |= {"client_assertion_type": ASSERTION, "client_assertion": self._assertion()}
        else:
            auth = BasicAuth(mine.client_id, mine.secret or "")
        for attempt in range(TRIES_MAX):
            answer = await _sent(self._http, "POST", TOKEN, data=form, auth=auth)
            if answer.status_code not in (429, 503):
                break
            await asyncio.sleep(_rest_s(answer, attempt))
        if answer.is_error:
            raise ClientRefusedError(
                f"The platform refused the client {mine.client_id} a token: {_oauth_error(answer)}"
            )
        return _read(answer, _Token)

    def _assertion(self) -> str:
        mine, now = self._credentials, int(time.time())
        assert mine.key
        claims = {
            "iss": mine.client_id,
            "sub": mine.client_id,
            "aud": self._issuer,
            "iat": now,
            "exp": now + ASSERTION_LIVES_S,
            "jti": str(uuid4()),
        }
        header = {"alg": "Ed25519", "kid": mine.key.kid}
        return jwt.encode(header, claims, mine.key, algorithms=["Ed25519"])


@dataclass
class Platform:
    """The platform at an address, reached by several clients; all sign with one key."""

    http: AsyncClient
    operator: Credentials
    issuer: str
    key: OKPKey

    def as_operator(self, scopes: Iterable[Scope]) -> Api:
        return Api(self.http, self.operator, scopes=scopes, issuer=self.issuer)

    def as_client(self, client_id: UUID, scopes: Iterable[Scope]) -> Api:
        """Act as a client that was registered with our key."""
        mine = Credentials(str(client_id), key=self.key)
        return Api(self.http, mine, scopes=scopes, issuer=self.issuer)


@dataclass(frozen=True)
class Reach:
    """How the operator of this installation, or of one elsewhere, reaches the platform."""

    url: str
    credentials: Credentials
    certificate: str | None = None  # to be trusted in place of the system's

    @asynccontextmanager
    async def reached(self) -> AsyncIterator[Platform]:
        """Open a connection to the platform."""
        trusted: Any = (
            ssl.create_default_context(cafile=self.certificate) if self.certificate else True
        )
        async with AsyncClient(base_url=self.url, timeout=TIMEOUT_S, verify=trusted) as http:
            about = await _sent(http, "GET", METADATA)
            issuer = str(about.json()["issuer"]) if about.is_success else self.url
            yield Platform(http, self.credentials, issuer, kept_key())


def operator(*, url: str | None = None) -> Reach:
    """Return the operator's way in: as the environment names it, or as it is kept here."""
    client_id, secret = (
        os.environ.get(f"LIANQIAO_OPERATOR_CLIENT_{it}") for it in ("ID", "SECRET")
    )
    if url and client_id and secret:
        return Reach(url, Credentials(client_id, secret))
    known = installation.operator()
    return Reach(url or known.issuer, Credentials(known.client_id, known.secret), known.certificate)


def kept_key() -> OKPKey:
    """Return the key with which this installation's programs sign; drawn at first use."""
    if known := installation.kept("programs"):
        return OKPKey.import_key(known)
    key = OKPKey.generate_key("Ed25519", auto_kid=True)
    installation.keep("programs", key.as_dict(private=True))
    return key


async def _sent(http: AsyncClient, method: str, path: str, **sent: Any) -> Response:  # noqa: ANN401  httpx's own
    try:
        return await http.request(method, path, **sent)
    except HTTPError as error:
        raise PlatformError(
            f"The platform at {http.base_url} does not answer ({type(error).__name__}). "
            "Is it running? Start it with `make run`; what was done stays done."
        ) from error


def _json(body: BaseModel | Json) -> Json:
    if isinstance(body, BaseModel):
        return body.model_dump(mode="json", exclude_unset=True)
    return body


def _read(answer: Response, kind: type[M]) -> M:
    try:
        return kind.model_validate_json(answer.content)
    except ValidationError as error:
        raise PlatformError(f"{answer.url.path} answered in another form: {error}") from error


def _rest_s(answer: Response, attempt: int) -> float:
    try:
        return float(answer.headers.get("Retry-After", ""))
    except ValueError:
        return 0.2 * 2.0**attempt


def _problem(answer: Response) -> ProblemDetails:
    try:
        return ProblemDetails.model_validate_json(answer.content)
    except ValidationError:
        status = answer.status_code
        return ProblemDetails(
            type="about:blank", title=answer.reason_phrase, status=status, detail=answer.text[:200]
        )


def _oauth_error(answer: Response) -> str:
    try:
        said: Mapping[str, str] = answer.json()
        return said.get("error_description") or said["error"]
    except (ValueError, KeyError, AttributeError):
        return f"{answer.status_code} {answer.reason_phrase}"
