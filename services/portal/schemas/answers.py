"""The base of every answer that the portal reads."""

from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

T = TypeVar("T")


class Answer(BaseModel):
    """A part of an answer: what is not named here is not needed here."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Page(Answer, Generic[T]):
    """One page of a list, and the address of the next."""

    items: list[T]
    next: str | None = None

    @property
    def cursor(self) -> str | None:
        """What to ask the next page with."""
        return self.next.rpartition("cursor=")[2].partition("&")[0] if self.next else None
