"""Regions and industries by their national codes."""

import os
from pathlib import Path

import pytest

import shared.classifications
from shared.classifications import found, industries, industry_code, regions
from shared.classifications.__main__ import tables


def test_the_tables_are_what_their_sources_say() -> None:
    folder = Path(os.environ.get("LIANQIAO_TEST_DATA") or "/nonexistent")
    if not folder.is_dir():
        pytest.skip("LIANQIAO_TEST_DATA names no folder of third-party data")
    here = Path(shared.classifications.__file__).parent
    for name, text in tables(folder / "cn"):
        assert (here / name).read_text(encoding="utf-8") == text


def test_there_are_as_many_industries_as_the_standard_has() -> None:
    by_length = [sum(len(code) == length for code in industries()) for length in (1, 3, 4, 5)]
    assert by_length[:3] == [20, 97, 473]
    assert by_length[3] >= 1_380


def test_a_region_leads_to_where_it_lies() -> None:
    assert regions()["340603"].full_name == "安徽省 淮北市 相山区"
    assert regions()["110105"].full_name == "北京市 朝阳区"
    assert len(found(regions(), "", limit=100)) == 34


@pytest.mark.parametrize(
    ("asked", "first"),
    [("北京 朝阳", "110105"), ("3406", "340600"), ("Anhui", "340000"), ("110228", "110228")],
)
def test_a_region_is_found_by_name_or_code(asked: str, first: str) -> None:
    assert found(regions(), asked, limit=5)[0].code == first


def test_what_was_withdrawn_is_offered_to_nobody() -> None:
    assert not regions()["110228"].current
    assert all(entry.current for entry in found(regions(), "密云", limit=50))


def test_an_industry_is_known_with_or_without_its_letter() -> None:
    assert industry_code("3670") == industry_code("c3670") == "C3670"
    assert industry_code("9999") is None
    assert found(industries(), "汽车零部件", limit=5)[0].code in {"C367", "C3670"}
