"""Mappings that ship are found by name; one that cannot be used is refused in a sentence."""

from pathlib import Path

import pytest

from lianqiao.importing.mapping import DeliveriesMapping, OcelMapping, load, shipped
from lianqiao.importing.values import UnusableError


def test_what_ships_is_found_by_name_with_or_without_its_ending() -> None:
    assert load(OcelMapping, "ocel2-p2p") == load(OcelMapping, "ocel2-p2p.toml")
    assert load(DeliveriesMapping, "usaid-scms").values.currency == "USD"
    assert set(shipped("ocel")) == {"ocel2-p2p"}
    assert set(shipped("deliveries")) == {"usaid-scms"}


def test_a_mapping_of_the_other_form_is_refused() -> None:
    with pytest.raises(UnusableError, match="is one for `lianqiao import deliveries`"):
        load(OcelMapping, "usaid-scms")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("form = ", "is not TOML"),
        ('form = "deliveries"', "buyer: Field required"),
        ('form = "deliveries"\n[values]\ncurrency = "euro"', "values.currency"),
        ('form = "deliveries"\n[values]\ncurrency = "EUR"\nzone = "Mars"', "is no time zone"),
        ('form = "deliveries"\n[columns]\nnumber = {}', "name either a column or a value"),
        ('form = "deliveries"\nformat = 1', "format: Extra inputs"),
    ],
)
def test_an_unusable_mapping_says_what_is_wrong(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnusableError, match=says):
        load(DeliveriesMapping, str(path))


def test_an_absent_mapping_says_what_there_is() -> None:
    with pytest.raises(UnusableError, match="ocel2-p2p, usaid-scms"):
        load(OcelMapping, "nowhere.toml")
