"""The number of a handling unit: SSCC-18 (GS1 General Specifications, 3.3.1 and 7.9)."""

import re
from typing import NamedTuple

SERIAL_DIGITS = 7
SERIALS_MAX = 10 ** (SERIAL_DIGITS + 1)  # the extension digit counts on
COMPANY_DIGITS = 8
ORDER = re.compile(r"(?:\]C1|\x1d)400(.{1,30})|\(400\)\s?(.{1,30})")
CODE = re.compile(r"(?:\]C1|\]d2|\x1d)?\(?00\)?([0-9]{18})|([0-9]{18})")
ASKED = re.compile(r"[?&]code=([^&#]+)")


class Labeler(NamedTuple):
    """An organization that labels handling units, by the number it was given here."""

    number: int

    @property
    def company_prefix(self) -> str:
        """Nine digits that begin with 2: numbers of an own circle, which GS1 assigns to nobody.

        A company prefix that an organization holds of GS1 would take its place.
        """
        assert 0 <= self.number < 10**COMPANY_DIGITS
        return f"2{self.number:0{COMPANY_DIGITS}}"

    def sscc(self, serial: int) -> str:
        """Return the 18 digits of a unit: extension digit, company, serial, check digit."""
        assert 0 <= serial < SERIALS_MAX
        extension, reference = divmod(serial, 10**SERIAL_DIGITS)
        body = f"{extension}{self.company_prefix}{reference:0{SERIAL_DIGITS}}"
        return body + check_digit(body)


def check_digit(digits: str) -> str:
    """Return what completes digits to a GS1 number: weights 3 and 1 from the right, to tens."""
    weighed = sum(
        int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))
    )
    return str(-weighed % 10)


def is_sscc(digits: str) -> bool:
    """Tell whether 18 digits are an SSCC with the right check digit."""
    right = len(digits) == 18 and digits.isascii() and digits.isdecimal()  # noqa: PLR2004
    return right and check_digit(digits[:-1]) == digits[-1]


def scanned(code: str) -> str:
    """Return what a scan means: our QR codes are addresses, SSCCs come with or without (00).

    A scanner says `]C1` before a GS1-128; (400) is the number of an order. Digits whose check digit
    is wrong are left as they are: they may be the number of a notice.
    """
    code = code.strip()
    if asked := ASKED.search(code):
        code = asked.group(1)
    if order := ORDER.fullmatch(code):
        return (order.group(1) or order.group(2)).strip()
    found = CODE.fullmatch(code.replace(" ", ""))
    digits = found and (found.group(1) or found.group(2))
    return digits if digits and is_sscc(digits) else code
