"""A published table as it is looked at: its total, its regions, its industries, its cells."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from services.portal.domain.figures import shades
from services.portal.domain.provinces import HIGH, TILES, WIDE, Tile, name_of, province_of

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
class Grid:
    """A table in the order in which it is read."""

    total: Decimal | None
    squares: list[Square]
    ends: list[Decimal]  # the highest value of each shade
    industries: list[tuple[str, Decimal]]  # the highest first
    matrix: dict[tuple[str, str], Any] = field(default_factory=dict)

    @property
    def suppressed(self) -> int:
        """How many regions are not published."""
        return sum(square.value is None for square in self.squares)

    @classmethod
    def of(cls, table: Cells, *, chinese: bool) -> "Grid":
        """Sort the cells of a table."""
        total: Decimal | None = None
        regions: dict[str, Any] = {}
        industries: list[tuple[str, Decimal]] = []
        matrix: dict[tuple[str, str], Any] = {}
        for cell in table.cells:
            no_region, no_industry = cell.region in TOTALS, cell.industry in TOTALS
            if no_region and no_industry:
                total = cell.value
            elif no_industry:
                regions[cell.region] = cell
            elif no_region:
                name = cell.industry_name if chinese else cell.industry_english
                industries.append((name or cell.industry, cell.value))
            else:
                matrix[cell.region, cell.industry] = cell
        squares, ends = _squares(regions, chinese=chinese)
        return cls(
            total=total,
            squares=squares,
            ends=ends,
            industries=sorted(industries, key=lambda row: -row[1]),
            matrix=matrix,
        )


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
