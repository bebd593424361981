"""How releases and previews are shown over HTTP."""

import json
from typing import Any

from services.insights.domain import content
from services.insights.domain.content import TableSpec
from services.insights.domain.method import NOTES
from services.insights.models import Preview, Release
from services.insights.schemas.releases import (
    CatalogTableOut,
    CellOut,
    PreviewTableOut,
    ReleaseOut,
    TableOut,
    WithheldOut,
)
from shared.classifications import industries, regions

TOTAL = "*"
NOT_STATED = {"000000": ("未填报", "not stated"), "00": ("未填报", "not stated")}
ALL = "全部", "all"
TABLES = {
    "active_suppliers": "count",
    "ordered_amount": "CNY",
    "on_time_in_full": "%",
    "payment_days": "d",
    "within_legal_term": "%",
    "overdue_amount": "CNY",
}


def shown_release(row: Release) -> ReleaseOut:
    """Show a release without its cells."""
    return ReleaseOut(
        id=row.id,
        month=row.month,
        sha256=row.sha256,
        published_by=row.published_by,
        published_at=row.published_at,
        tables=list(content.tables(row.content)),
    )


def shown_table(row: Release, table: TableSpec) -> TableOut:
    """Show a table of a release."""
    cells = shown_cells(row.content, table)
    return TableOut(name=table.name, unit=table.unit, month=row.month, cells=cells)


def shown_cells(text: str, table: TableSpec) -> list[CellOut]:
    """Show what is published of a table, with the names of places."""
    return [
        CellOut(**place(region, industry), value=table.value(number))
        for region, industry, number in content.cells(text, table.name)
    ]


def shown_tables(row: Preview) -> list[PreviewTableOut]:
    """Show what of each table would be published, and what withheld and why."""
    if row.content is None:
        return []
    withheld: dict[str, list[list[str]]] = json.loads(row.withheld or "{}")
    return [
        PreviewTableOut(
            name=name,
            unit=table.unit,
            published=len(cells := shown_cells(row.content, table)),
            withheld=len(left_out := withheld.get(name, [])),
            cells=cells,
            left_out=[WithheldOut(region=r, industry=i, reason=why) for r, i, why in left_out],
        )
        for name, table in content.tables(row.content).items()
    ]


def shown_catalog() -> list[CatalogTableOut]:
    """Show which tables there are, with the note on each."""
    notes = {note.id: note for note in NOTES}
    return [
        CatalogTableOut(id=name, name=name, unit=unit, zh=notes[name].zh, en=notes[name].en)
        for name, unit in TABLES.items()
    ]


def place(region: str, industry: str) -> dict[str, Any]:
    """Name a place in both languages."""
    return {
        "region": region,
        "industry": industry,
        **dict(zip(("region_name", "region_english"), _named(region, regions()), strict=True)),
        **dict(
            zip(("industry_name", "industry_english"), _named(industry, industries()), strict=True)
        ),
    }


def _named(code: str, known: Any) -> tuple[str, str]:  # noqa: ANN401
    if code == TOTAL:
        return ALL
    if code in NOT_STATED:
        return NOT_STATED[code]
    entry = known.get(code)
    return (entry.name, entry.english or entry.name) if entry else (code, code)
