"""What was published for regulators: by region and industry, over months, with its method."""

import asyncio
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from contracts.scopes import Scope
from services.portal.api.page import Visitor, needs, page_router, show
from services.portal.domain.disclosed import Grid
from services.portal.domain.figures import TABLES
from services.portal.queries import reliability as asked
from services.portal.schemas.reliability import Point, Series
from shared.problem import NotFound
from shared.web.languages import language_of

FIRST = "within_legal_term"
MONTHS = 12
HEADLINES = "within_legal_term", "on_time_in_full", "payment_days"
FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

router = page_router()


@router.get("/regulation")
async def dashboard(
    request: Request,
    visitor: Visitor,
    table: Annotated[str, Query(max_length=40)] = FIRST,
    release_id: UUID | None = None,
) -> Response:
    """Answer how the chain is doing: a figure, its map, its months, its industries."""
    needs(visitor, Scope.INSIGHTS_REGULATE)
    published = await asked.releases(visitor.api)
    if not published:
        context: dict[str, Any] = {"release": None, "table": table, "tables": TABLES}
        return show(request, visitor, "regulation.html", context, here="regulation")
    if table not in TABLES:
        raise NotFound("There is no such table.")
    chosen = next((one for one in published if one.id == release_id), published[0])
    beside = [name for name in HEADLINES if name != table][:2]
    asked_for = [asked.series(visitor.api, name) for name in (table, *beside)]
    looked, months = await asyncio.gather(
        asked.table(visitor.api, chosen.id, table), asyncio.gather(*asked_for)
    )
    series, *others = (_until(chosen.month, one) for one in months)
    context = {
        "release": chosen,
        "releases": published,
        "table": table,
        "named": TABLES[table],
        "tables": TABLES,
        "grid": Grid.of(looked, chinese=language_of(request).value == "zh"),
        "series": series,
        "main": Headline.of(table, series, chosen.month),
        "beside": [
            Headline.of(name, points, chosen.month)
            for name, points in zip(beside, others, strict=True)
        ],
    }
    return show(request, visitor, "regulation.html", context, here="regulation")


@router.get("/regulation/releases")
async def releases(request: Request, visitor: Visitor) -> Response:
    """List what was published; nothing of it ever changes."""
    needs(visitor, Scope.INSIGHTS_REGULATE)
    context = {"releases": await asked.releases(visitor.api), "tables": TABLES}
    return show(request, visitor, "regulation_releases.html", context, here="regulation-releases")


@router.get("/regulation/method")
async def method(request: Request, visitor: Visitor) -> Response:
    """Say how the figures come about and what they cannot tell."""
    needs(visitor, Scope.INSIGHTS_REGULATE)
    context = {"method": await asked.method(visitor.api), "tables": TABLES}
    return show(request, visitor, "regulation_method.html", context, here="regulation-method")


@router.get("/regulation/releases/{release_id}/export")
async def export(
    visitor: Visitor,
    release_id: UUID,
    format_: Annotated[str, Query(alias="format", pattern="^(csv|xlsx)$")] = "xlsx",
) -> Response:
    """Return all tables of a release, as they were published; each download is on record."""
    needs(visitor, Scope.INSIGHTS_REGULATE)
    path = f"/releases/{release_id}/export"
    answer = await visitor.api.call("GET", "insights", path, query={"format": format_})
    headers = {"content-disposition": f'attachment; filename="release-{release_id}.{format_}"'}
    kind = answer.headers.get("content-type", FORMATS[format_])
    return Response(answer.content, media_type=kind, headers=headers)


def _until(month: date, series: Series) -> list[Point]:
    return [point for point in series.cells if point.month <= month][-MONTHS:]


@dataclass(frozen=True)
class Headline:
    """A figure of the chosen month, how it went, and what changed."""

    name: str
    value: Decimal | None
    change: Decimal | None
    spark: str

    @classmethod
    def of(cls, name: str, points: list[Point], month: date) -> "Headline":
        """Read it off the months before."""
        known = [point.value for point in points if point.value is not None]
        now = next((point.value for point in points if point.month == month), None)
        change = known[-1] - known[-2] if now is not None and len(known) > 1 else None
        spark = " ".join(str(value) for value in known) if len(known) > 1 else ""
        return cls(name, now, change, spark)
