"""What several pages do alike: errors beside fields, the next part of a list, days, choices."""

from collections.abc import Awaitable, Mapping, Sequence
from datetime import date
from typing import Annotated, TypeVar

from fastapi import Query, Request

from services.portal.api.page import pages, told
from services.portal.queries.api import Away, Refused
from shared.web.languages import language_of

MENDABLE = {409, 413, 422}
MORE = "{path}?state={state}&cursor={cursor}"
T = TypeVar("T")
_ = str  # marks what the catalog translates

Cursor = Annotated[str | None, Query(max_length=1000)]


async def if_there(asked: Awaitable[T], otherwise: T) -> T:
    """Do without a part of a page whose service does not answer, or refuses."""
    try:
        return await asked
    except (Away, Refused):
        return otherwise


def on_fields(
    request: Request, refused: Refused, words: Mapping[str, str], known: Sequence[str]
) -> dict[str, str]:
    """Put each problem beside its field; what belongs to none stands above all, under ""."""
    language = language_of(request)
    found: dict[str, str] = {}
    for error in refused.errors:
        name = next((part for part in reversed(error.field.split(".")) if part in known), None)
        if name:
            found[name] = pages.words(language, words.get(name, _("Please check this.")))
    if not found:
        found[""] = in_words(request, refused)
    return found


def in_words(request: Request, refused: Refused) -> str:
    """Say a refusal in one sentence: what it is, and what to do."""
    language = language_of(request)
    title, remedy = told(language, refused)
    return f"{title}{pages.words(language, _(': '))}{remedy}" if remedy else title


def day_of(text: str, otherwise: date) -> date:
    """Read a day from an address; what is none is the other."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return otherwise
