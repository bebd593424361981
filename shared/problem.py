"""Errors people can act on. Any layer may raise one; the edges answer with RFC 9457."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

from pydantic import BaseModel

MEDIA_TYPE = "application/problem+json"


class FieldError(BaseModel):
    """What is wrong with one field of a request, and what would be right."""

    field: str
    detail: str


class ProblemDetails(BaseModel):
    """The body of every error response."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] | None = None
    trace_id: str | None = None


class Problem(Exception):  # noqa: N818
    """An expected refusal. The class name is its type and the docstring its title."""

    status: int
    retry_after_s: ClassVar[int | None] = None
    headers: Mapping[str, str] = MappingProxyType({})

    def __init__(self, detail: str, *, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors

    @classmethod
    def slug(cls) -> str:
        """Name the type of problem, as in its `type` URI."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    def details(self) -> ProblemDetails:
        """Say it in the words of RFC 9457."""
        return ProblemDetails(
            type=f"/problems/{self.slug()}",
            title=(self.__doc__ or self.slug()).partition("\n")[0].rstrip("."),
            status=self.status,
            detail=self.detail,
            errors=list(self.errors) or None,
        )


class Unauthorized(Problem):
    """The caller is not signed in."""

    status = 401
    headers: Mapping[str, str] = MappingProxyType({"WWW-Authenticate": "Bearer"})  # RFC 6750, 3


class Forbidden(Problem):
    """The caller's token does not allow this."""

    status = 403


class NotFound(Problem):
    """There is no such thing, or it is not the caller's to see."""

    status = 404


class InvalidInput(Problem):
    """The request does not have the form that is documented."""

    status = 422


class Conflict(Problem):
    """The request contradicts what is there."""

    status = 409


class Busy(Problem):
    """Too much is under way just now; the same request may be sent again shortly."""

    status = 503
    retry_after_s = 1


def problems(*types: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """Document the problems an endpoint answers with."""
    documented: dict[int | str, dict[str, Any]] = {}
    for problem in types:
        known = documented.setdefault(problem.status, {"description": "", "model": ProblemDetails})
        title = (problem.__doc__ or problem.slug()).partition("\n")[0]
        known["description"] = f"{known['description']} {title}".strip()
    return documented
