"""A published table on its page: what is shown stands in its place, the rest is a gap."""

from decimal import Decimal
from types import SimpleNamespace

from services.portal.domain.disclosed import Grid


def cell(region: str, industry: str, value: str | None) -> SimpleNamespace:
    return SimpleNamespace(
        region=region,
        industry=industry,
        industry_name={"C33": "金属制品业", "C36": "汽车制造业"}.get(industry, ""),
        industry_english={"C33": "Metal products", "C36": "Automobiles"}.get(industry, ""),
        value=None if value is None else Decimal(value),
    )


CELLS = SimpleNamespace(
    cells=[
        cell("*", "*", "78.8"),
        cell("*", "C33", "84.4"),
        cell("*", "C36", "75.7"),
        cell("340000", "*", "80.3"),
        cell("440000", "*", "73.4"),
        cell("440000", "C36", "73.4"),
        cell("340000", "C33", None),
    ]
)


def test_each_published_cell_stands_in_its_place_and_every_other_is_a_gap() -> None:
    cross = Grid.of(CELLS, chinese=True).cross

    assert cross.industries == ["金属制品业", "汽车制造业"]
    assert cross.rows == [
        ("安徽", [None, None, Decimal("80.3")]),
        ("广东", [None, Decimal("73.4"), Decimal("73.4")]),
    ]
    assert cross.totals == [Decimal("84.4"), Decimal("75.7"), Decimal("78.8")]


def test_a_province_of_which_nothing_is_told_is_one_like_all_others() -> None:
    grid = Grid.of(CELLS, chinese=False)

    values = {square.name: square.value for square in grid.squares}
    assert {name: value for name, value in values.items() if value is not None} == {
        "Anhui": Decimal("80.3"),
        "Guangdong": Decimal("73.4"),
    }
    assert grid.suppressed == len(grid.squares) - 2
    assert (grid.total, grid.industries[0]) == (
        Decimal("78.8"),
        ("Metal products", Decimal("84.4")),
    )


def test_where_nothing_is_published_there_is_nothing_to_cross() -> None:
    grid = Grid.of(SimpleNamespace(cells=[cell("*", "*", None)]), chinese=True)

    assert grid.total is None
    assert grid.cross.rows == []
    assert grid.cross.totals == [None]
