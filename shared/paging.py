"""Lists a page at a time by keyset: each page costs the same, wherever in the list it lies."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Depends, Query, Request
from sqlalchemy import ColumnElement, Row, Select, literal, select, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from shared.problem import FieldError, InvalidInput
from shared.types import View

PAGE_MAX = 200
CURSOR_MAX = 1_000
INTEGER_MAX, DIGITS_MAX = 2**63, 1_000

T = TypeVar("T")


@dataclass(frozen=True)
class Paging:
    """Which page is asked for, and the address from which it was asked."""

    limit: int = 50
    cursor: str | None = None
    url: str = ""

    def link(self, cursor: str | None) -> str | None:
        """Return the address of the page that starts at a cursor."""
        return f"{self.url}cursor={cursor}" if cursor else None


async def _paging(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
    cursor: Annotated[str | None, Query(max_length=CURSOR_MAX, pattern="^[A-Za-z0-9_=-]*$")] = None,
) -> Paging:
    rest = request.url.remove_query_params("cursor")
    return Paging(limit, cursor, f"{rest.path}?{rest.query}{'&' if rest.query else ''}")


PageAsked = Annotated[Paging, Depends(_paging)]


class Page(View, Generic[T]):
    """One page of a list, and the address of the next if there is one."""

    items: list[T]
    next: str | None = None


@dataclass(frozen=True)
class Rows(Generic[T]):
    """The rows of one page; with its attributes `items` and `next` it reads as a `Page`."""

    items: Sequence[T]
    next: str | None


async def keyset(  # noqa: PLR0913  what makes a page
    session: AsyncSession,
    rows: Select[*tuple[Any, ...]],
    *,
    order: Sequence[ColumnElement[Any] | Any],
    paging: Paging,
    descending: bool = False,
    sides: Sequence[ColumnElement[bool]] = (),
) -> Rows[Any]:
    """Return the page of `rows` after the cursor, ordered by columns that are unique together.

    The columns must not be null. An entity, or a single column, comes back bare; else a row.
    With `sides`, rows that meet one of them. Each is read as far as the page goes, where it has an
    index in this order, whose last column is unique; by an OR of them all rows would be read and
    sorted. Raises InvalidInput for a cursor that does not come
    from here.
    """
    names = [name if (name := str(column.key)).isidentifier() else "" for column in order]
    listed = f"{'-' if descending else '+'}{','.join(names)}"
    after = _decoded(paging.cursor, order, listed) if paging.cursor else None
    if after:
        here = tuple_(*order)
        there = tuple_(*(literal(v, c.type) for v, c in zip(after, order, strict=True)))
        rows = rows.where(here < there if descending else here > there)
    width = len(rows.column_descriptions)
    ordering = [column.desc() if descending else column.asc() for column in order]
    if sides:
        keys = rows.with_only_columns(order[-1], maintain_column_froms=True).order_by(*ordering)
        firsts = [keys.where(side).limit(paging.limit + 1).subquery() for side in sides]
        rows = rows.where(order[-1].in_(union_all(*map(select, firsts))))
    asked = rows.add_columns(*order).order_by(*ordering).limit(paging.limit + 1)
    found = (await session.execute(asked)).all()
    page = found[: paging.limit]
    more = len(found) > paging.limit
    cursor = _encoded([listed, *page[-1][-len(order) :]]) if more else None
    return Rows([row[0] if width == 1 else _Cut(row, width) for row in page], paging.link(cursor))


class _Cut:
    """A row without the columns that were added to order it."""

    def __init__(self, row: Row[Any], width: int) -> None:
        self._row, self._width = row, width

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  a column of any type
        return getattr(self._row, name)

    def __iter__(self) -> Any:  # noqa: ANN401
        return iter(self._row[: self._width])

    def __getitem__(self, index: int) -> Any:  # noqa: ANN401
        return self._row[: self._width][index]


def _encoded(values: Sequence[Any]) -> str:
    return urlsafe_b64encode(json.dumps([str(v) for v in values]).encode()).decode().rstrip("=")


def _decoded(cursor: str, order: Sequence[ColumnElement[Any]], listed: str) -> Sequence[Any]:
    """Return where a page ended; a cursor of a list in another order is none of ours."""
    try:
        texts = _texts(json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))), listed)
        return [_read(text, column) for text, column in zip(texts, order, strict=True)]
    except (ValueError, TypeError, ArithmeticError, RecursionError) as error:
        said = "Take the cursor from the `next` link of a page of this same list."
        raise InvalidInput(said, errors=[FieldError(field="cursor", detail=said)]) from error


def _texts(found: Any, listed: str) -> Sequence[Any]:  # noqa: ANN401  whatever was sent
    texts: list[Any]
    made_for, *texts = found
    if made_for != listed:
        raise ValueError(made_for)
    return texts


def _read(text: str, column: ColumnElement[Any]) -> Any:  # noqa: ANN401
    kind = column.type.python_type
    if not isinstance(text, str) or "\0" in text:
        raise TypeError(text)
    text.encode()  # half of a character is a ValueError, here and not in the database's driver
    if kind is datetime or kind is date:
        return kind.fromisoformat(text)
    if kind is bool:
        return text == "True"
    if kind not in (int, str, Decimal, UUID):
        raise TypeError(kind)
    value = kind(text)
    if kind is int and abs(value) >= INTEGER_MAX:
        raise ValueError(text)
    if kind is Decimal and not (value.is_finite() and abs(value.adjusted()) < DIGITS_MAX):
        raise ValueError(text)
    return value
