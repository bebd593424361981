"""Codes are read as GB 32100-2015 has them; no slip of one key passes for another code."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import uscc
from shared.uscc import ALPHABET, INNER_WRONG, WrongUscc

SOUND = "91440300MA5EX0MP3D"  # nobody's


def _codes() -> list[str]:
    folder = Path(os.environ.get("LIANQIAO_TEST_DATA") or "/nonexistent")
    if not folder.is_dir():
        pytest.skip("LIANQIAO_TEST_DATA names no folder of third-party data")
    return (folder / "cn" / "uscc-valid.txt").read_text().split()


def _refused(code: str) -> bool:
    try:
        uscc.read(code)
    except WrongUscc:
        return True
    return False


def test_real_codes_are_taken() -> None:
    codes = _codes()
    assert len(codes) == 100
    assert [uscc.read(code).code for code in codes] == codes


def test_no_single_wrong_character_passes() -> None:
    """Tried: every character a keyboard could put in its place, also those that no code has."""
    typed = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-*"
    passed = [
        wrong
        for code in _codes()
        for place in range(18)
        for other in typed
        if other != code[place]
        and not _refused(wrong := f"{code[:place]}{other}{code[place + 1 :]}")
    ]
    assert passed == []


def test_no_two_different_neighbors_can_be_swapped() -> None:
    swapped = [
        f"{code[:place]}{code[place + 1]}{code[place]}{code[place + 2 :]}"
        for code in _codes()
        for place in range(17)
        if code[place] != code[place + 1]
    ]
    assert len(swapped) > 1_000
    assert [code for code in swapped if not _refused(code)] == []


@given(st.text(ALPHABET, min_size=2, max_size=2), st.integers(0, 999_999), st.data())
def test_every_code_with_its_check_character_is_taken(
    kind: str, region: int, data: st.DataObject
) -> None:
    inner = data.draw(st.text(ALPHABET, min_size=9, max_size=9))
    first = f"{kind}{region:06}{inner}"
    found = uscc.read(first + uscc.check_character(first))
    assert found.region == f"{region:06}"
    assert bool(found.warnings) is (uscc.inner_check_character(inner[:-1]) != inner[-1])


@pytest.mark.parametrize(
    "typed",
    [SOUND.lower(), f" {SOUND[:8]} {SOUND[8:]}\n", "".join(chr(ord(c) + 0xFEE0) for c in SOUND)],
    ids=["lower case", "with spaces", "full-width"],
)
def test_what_means_the_same_is_the_same(typed: str) -> None:
    assert uscc.read(typed).code == SOUND


def test_letters_may_stand_in_the_first_two_places() -> None:
    first = "N2" + SOUND[2:-1]
    assert uscc.read(first + uscc.check_character(first)).region == "440300"


def test_an_inner_code_that_fails_is_a_warning() -> None:
    first = SOUND[:15] + ("0" if SOUND[15] != "0" else "1") + SOUND[16:-1]
    assert uscc.read(first + uscc.check_character(first)).warnings == (INNER_WRONG,)


@pytest.mark.parametrize("typed", ["", "ß" * 18, "ſ" + SOUND[1:], "𝟗" + SOUND[1:], "9" * 500])
def test_what_is_no_code_is_refused(typed: str) -> None:
    with pytest.raises(WrongUscc) as refusal:
        uscc.read(typed)
    assert refusal.value.errors[0].field == "uscc"
