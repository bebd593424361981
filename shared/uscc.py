"""The unified social credit code of a Chinese organization (GB 32100-2015), read and checked.

Eighteen characters: who registered it and of which kind (one each, letters are legal there), the
region of its registration (six digits of GB/T 2260), the organization code (nine, GB 11714) and a
check character. I, O, S, V and Z do not occur; nothing is corrected into another character.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, StringConstraints, WithJsonSchema

from shared.problem import FieldError, InvalidInput

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
VALUES = {character: value for value, character in enumerate(ALPHABET)}
MODULUS, LENGTH = 31, 18
WEIGHTS = [pow(3, place, MODULUS) for place in range(LENGTH - 1)]  # GB 32100-2015, 5: 3^(i-1)
INNER_WEIGHTS = 3, 7, 9, 10, 5, 8, 4, 2  # GB 11714, of the first eight of the organization code
INNER_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
INNER_MODULUS = 11
REGION, INNER = slice(2, 8), slice(8, 17)
TYPED_MAX = 60

_ASCII = {0xFF01 + n: 0x21 + n for n in range(94)} | {0x3000: 0x20}  # full-width to ASCII
_SPACE = re.compile(r"\s+")

INNER_WRONG = "The organization code in it fails its own check (GB 11714); older ones may."


class WrongUscc(InvalidInput):
    """The code is no unified social credit code."""


@dataclass(frozen=True, slots=True)
class Uscc:
    """A code whose check character holds, and what is odd about it all the same."""

    code: str
    warnings: tuple[str, ...] = ()

    @property
    def region(self) -> str:
        """The region in which it was registered, by GB/T 2260."""
        return self.code[REGION]


def normalized(typed: str) -> str:
    """Write full-width characters as ASCII, letters as capitals, and leave spaces out."""
    text = _SPACE.sub("", typed[:TYPED_MAX].translate(_ASCII))
    return "".join(c.upper() if c.isascii() else c for c in text)


def check_character(first: str) -> str:
    """Return the last character of a code from the seventeen before it."""
    total = sum(VALUES[c] * weight for c, weight in zip(first, WEIGHTS, strict=True))
    return ALPHABET[-total % MODULUS]


def inner_check_character(first: str) -> str:
    """Return the last character of an organization code from the eight before it (GB 11714)."""
    total = sum(INNER_DIGITS.index(c) * w for c, w in zip(first, INNER_WEIGHTS, strict=True))
    value = -total % INNER_MODULUS
    return "X" if value == INNER_MODULUS - 1 else str(value)


def read(typed: str, *, field: str = "uscc") -> Uscc:
    """Return the code that somebody typed. Raises WrongUscc, naming what is wrong with it."""
    code = normalized(typed)
    if reason := _fault(code):
        raise WrongUscc(reason, errors=[FieldError(field=field, detail=reason)])
    inner = code[INNER]
    sound = inner_check_character(inner[:-1]) == inner[-1]
    return Uscc(code, () if sound else (INNER_WRONG,))


def _fault(code: str) -> str | None:
    if len(code) != LENGTH:
        return "The code has 18 characters."
    if not VALUES.keys() >= set(code):
        return "The code has digits and capital letters without I, O, S, V and Z."
    if not code[REGION].isdigit():
        return "The third to the eighth character are digits: the region."
    if check_character(code[:-1]) != code[-1]:
        return "The check character does not fit: one of the characters is wrong."
    return None


def _is_code(typed: str) -> str:
    code = normalized(typed)
    if reason := _fault(code):
        raise ValueError(reason)
    return code


EXAMPLE = "91440300MA5EX0MP3D"
_SHOWN: dict[str, Any] = {"type": "string", "maxLength": TYPED_MAX, "examples": [EXAMPLE]}
UsccCode = Annotated[  # in a request: normalized, and refused where its check fails
    str,
    StringConstraints(min_length=1, max_length=TYPED_MAX),
    AfterValidator(_is_code),
    WithJsonSchema(_SHOWN),
]
