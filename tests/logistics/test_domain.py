"""The laws of handling units and quantities, for whatever numbers."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.logistics.domain.handling_units import Labeler, check_digit, is_sscc, scanned
from services.logistics.domain.problems import MoreThanLeft, QuantityTooLarge
from services.logistics.domain.quantities import Announced, Tally

LABELERS = st.integers(0, 10**8 - 1).map(Labeler)
SERIALS = st.integers(0, 10**8 - 1)


@pytest.mark.parametrize(  # examples of the GS1 General Specifications and of its check digit page
    ("digits", "check"),
    [
        ("37610425002123456", "9"),
        ("10614141234567890", "8"),
        ("629104150021", "3"),
        ("0061414100041", "8"),
    ],
)
def test_the_check_digit_is_that_of_gs1(digits: str, check: str) -> None:
    assert check_digit(digits) == check


@given(LABELERS, SERIALS, st.integers(0, 17), st.integers(1, 9))
def test_a_wrong_digit_in_an_sscc_is_seen(
    labeler: Labeler, serial: int, place: int, added: int
) -> None:
    sscc = labeler.sscc(serial)
    assert is_sscc(sscc)
    wrong = str((int(sscc[place]) + added) % 10)
    assert not is_sscc(sscc[:place] + wrong + sscc[place + 1 :])
    for code in (sscc, f"00{sscc}", f"(00) {sscc}", f"]C100{sscc}", f"https://x/y?code=00{sscc}"):
        assert scanned(code) == sscc


@given(st.sets(st.tuples(LABELERS, SERIALS), max_size=20))
def test_no_two_units_have_the_same_number(units: set[tuple[Labeler, int]]) -> None:
    assert len({labeler.sscc(serial) for labeler, serial in units}) == len(units)


@pytest.mark.parametrize("code", ["", "送-1", "00123", "4500001234 H-1", "1" * 18, "(00)12"])
def test_other_codes_are_taken_as_they_are(code: str) -> None:
    assert scanned(f" {code} ") == code


PIECES = st.decimals(0, 1000, places=3)


@given(PIECES, PIECES, st.decimals(0, 100, places=2))
def test_no_more_is_announced_than_is_tolerated(
    ordered: Decimal, quantity: Decimal, tolerance: Decimal
) -> None:
    tally = Tally(ordered)
    most = tally.most(tolerance)
    assert most <= ordered * (100 + tolerance) / 100
    if quantity > most:
        with pytest.raises(MoreThanLeft):
            tally.plan(quantity, tolerance_percent=tolerance)
    else:
        assert tally.plan(quantity, tolerance_percent=tolerance).committed == quantity


def test_what_cannot_be_kept_is_refused() -> None:
    with pytest.raises(QuantityTooLarge):
        Tally(Decimal(1)).receive_unannounced(Decimal(10) ** 12)
    with pytest.raises(QuantityTooLarge):
        Announced(Decimal(1), departed=True).receive(Decimal(10) ** 12)
