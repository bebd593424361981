"""Call the other services' HTTP APIs on behalf of whoever is signed in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx2
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.types import ASGIApp

from shared.clients import api_client
from shared.problem import Problem, ProblemDetails
from shared.trace import traceparent

T = TypeVar("T", bound=BaseModel)
OK_MAX = 400


class Refused(Problem):
    """A service refused the request."""

    def __init__(self, details: ProblemDetails) -> None:
        super().__init__(details.detail, errors=details.errors or ())
        self.status, self.kind = details.status, details.type.rpartition("/")[2]
        self.title, self.trace = details.title, details.trace_id

    @classmethod
    def of_mapping(cls, problem: Mapping[str, Any]) -> "Refused":
        """Read a problem that came inside a bulk answer."""
        return cls(ProblemDetails.model_validate(problem))

    def of(self, field: str) -> str | None:
        """Return what is wrong with a field, if anything."""
        return next((e.detail for e in self.errors if e.field.endswith(field)), None)


class Away(Problem):
    """A part of the platform does not answer just now."""

    status = 503


class Clients:
    """One HTTP client per service, opened when it is first needed and kept."""

    def __init__(self, inside: ASGIApp | None) -> None:
        self._inside = inside
        self._open: dict[str, httpx2.AsyncClient] = {}

    def of(self, service: str) -> httpx2.AsyncClient:
        """Return the client of a service."""
        if service not in self._open:
            self._open[service] = api_client(service, inside=self._inside)
        return self._open[service]

    async def close(self) -> None:
        """Let all connections go."""
        for client in self._open.values():
            await client.aclose()


@dataclass(frozen=True)
class Api:
    """The platform's API with one person's token."""

    token: str
    clients: Clients

    async def get(self, answer: type[T], service: str, path: str, **query: Any) -> T:  # noqa: ANN401
        """Read one resource, or one page of a list."""
        raw = await self.call("GET", service, path, query=query)
        return answer.model_validate_json(raw.content)

    async def get_list(self, item: type[T], service: str, path: str, **query: Any) -> list[T]:  # noqa: ANN401
        """Read a list, whether it comes bare or as a page."""
        raw = (await self.call("GET", service, path, query=query)).json()
        return TypeAdapter(list[item]).validate_python(  # type: ignore[valid-type]
            raw["items"] if isinstance(raw, dict) else raw
        )

    async def send(
        self,
        method: str,
        service: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
    ) -> Any:  # noqa: ANN401  as the service answers
        """Change something; with a key, sending it again changes nothing more."""
        content = (
            body.model_dump(mode="json", exclude_none=True) if isinstance(body, BaseModel) else body
        )
        answer = await self.call(method, service, path, json=content, key=key)
        return answer.json() if answer.content else None

    async def call(  # noqa: PLR0913
        self,
        method: str,
        service: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        json: Any = None,  # noqa: ANN401
        content: bytes | None = None,
        key: str | None = None,
        media_type: str | None = None,
    ) -> httpx2.Response:
        """Send a request; raises Refused with the reason, or Away when nobody is there."""
        headers = {"authorization": f"Bearer {self.token}"}
        headers |= {"idempotency-key": key} if key else {}
        headers |= {"content-type": media_type} if media_type else {}
        if parent := traceparent():
            headers["traceparent"] = parent
        params = {name: value for name, value in (query or {}).items() if value not in (None, "")}
        try:
            answer = await self.clients.of(service).request(
                method,
                f"/api/{service}/v1{path}",
                params=params,
                json=json,
                content=content,
                headers=headers,
            )
        except httpx2.TransportError as error:
            raise Away(f"{service} does not answer.") from error
        if answer.status_code >= OK_MAX:
            raise refusal(answer)
        return answer


def refusal(answer: httpx2.Response) -> Refused:
    """Read why a request was refused."""
    try:
        details = ProblemDetails.model_validate_json(answer.content)
    except ValidationError:
        details = ProblemDetails(
            type="about:blank", title="", status=answer.status_code, detail=answer.text[:200]
        )
    return Refused(details)
