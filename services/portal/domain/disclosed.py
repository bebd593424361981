"""A published table as it is looked at: its total, its regions, its industries, its cells."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from services.portal.domain.figures import shades
from services.portal.domain.provinces import HIGH, TILES, WIDE, Tile, name_of, province_of

ALL = "*"
TOTALS = {None, "", "*", "total", "all"}


class Cell(Protocol):
    """One cell, as it was published."""

    region: str | None
    industry: str | None
    industry_name: str
    industry_english: str
    value: Decimal | None


class Cells(Protocol):
    """A table of cells."""

    @property
    def cells(self) -> Iterable[Any]:
        """All cells, totals included."""


@dataclass(frozen=True)
class Square:
    """One tile of the map."""

    code: str
    tile: Tile
    name: str
    value: Decimal | None  # nothing: not published, for a reason that is not told
    shade: int

    @property
    def x(self) -> int:
        return self.tile.column * WIDE

    @property
    def y(self) -> int:
        return self.tile.row * HIGH


@dataclass(frozen=True)
class Cross:
    """What is published of regions × industries; the rest is not, for reasons that are not told."""

    industries: list[str]  # by name
    rows: list[tuple[str, list[Decimal | None]]]  # a region's name, each industry's value, and all
    totals: list[Decimal | None]  # of all regions


@dataclass(frozen=True)
class Grid:
    """A table in the order in which it is read."""

    total: Decimal | None
    squares: list[Square]
    ends: list[Decimal]  # the highest value of each shade
    industries: list[tuple[str, Decimal]]  # the highest first
    cross: Cross

    @property
    def suppressed(self) -> int:
        """How many regions are not published."""
        return sum(square.value is None for square in self.squares)

    @classmethod
    def of(cls, table: Cells, *, chinese: bool) -> "Grid":
        """Sort the cells of a table."""
        published = [cell for cell in table.cells if cell.value is not None]
        totals = {cell.region: cell for cell in published if cell.industry in TOTALS}
        industries = {
            cell.industry: (_industry(cell, chinese=chinese), cell.value)
            for cell in published
            if cell.region in TOTALS and cell.industry not in TOTALS
        }
        regions = {region: cell for region, cell in totals.items() if region not in TOTALS}
        squares, ends = _squares(regions, chinese=chinese)
        return cls(
            total=next((cell.value for region, cell in totals.items() if region in TOTALS), None),
            squares=squares,
            ends=ends,
            industries=sorted(industries.values(), key=lambda row: -row[1]),
            cross=_crossed(published, chinese=chinese),
        )


def _industry(cell: Cell, *, chinese: bool) -> str:
    name = cell.industry_name if chinese else cell.industry_english
    return name or cell.industry or ""


def _crossed(published: Iterable[Any], *, chinese: bool) -> Cross:
    values = {(_code(one.region), _code(one.industry)): one.value for one in published}
    names = {_code(one.industry): _industry(one, chinese=chinese) for one in published}
    industries = [*sorted(names.keys() - {ALL}), ALL]
    regions = [*sorted({region for region, _ in values} - {ALL}), ALL]
    rows = [
        (_region(region, chinese=chinese), [values.get((region, one)) for one in industries])
        for region in regions
    ]
    return Cross([names[code] for code in industries[:-1]], rows[:-1], rows[-1][1])


def _code(code: str | None) -> str:
    return ALL if code is None or code in TOTALS else code


def _region(code: str, *, chinese: bool) -> str:
    province = province_of(code)
    return name_of(province, chinese=chinese) if province else code


def _squares(regions: dict[str, Any], *, chinese: bool) -> tuple[list[Square], list[Decimal]]:
    cells = {code: cell for region, cell in regions.items() if (code := province_of(region))}
    shaded, ends = shades({c: cell.value for c, cell in cells.items() if cell.value is not None})
    squares = []
    for code, tile in TILES.items():
        cell = cells.get(code)
        value = cell.value if cell else None
        name = name_of(code, chinese=chinese)
        squares.append(Square(code, tile, name, value, shaded.get(code, 0)))
    return squares, ends
