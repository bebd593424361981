"""Passwords: which are refused, and how long somebody waits who guesses."""

from datetime import datetime, timedelta
from typing import NamedTuple

from shared.problem import FieldError, Problem

LENGTH_MIN, LENGTH_MAX = 12, 128
DIFFERENT_MIN = 6
WAIT_MAX = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(days=1)
CLUE_LENGTH_MIN = 4
OBVIOUS = ("password", "12345678", "qwertyui", "abcdefgh", "lianqiao", "letmein", "admin123")


class WeakPassword(Problem):
    """The password would be guessed."""

    status = 422


class TooManyAttempts(Problem):
    """Too many attempts to sign in failed."""

    status = 429

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"Wait {wait_s} seconds, then try again.")
        self.wait_s = wait_s


class Limit(NamedTuple):
    """So many failures are free; then each doubles the wait, from one second up."""

    free: int

    def blocked_until(self, failures: int, *, at: datetime) -> datetime:
        """Return until when nobody may try again after so many failures in a row."""
        over = failures - self.free
        if over <= 0:
            return at
        doublings = min(over - 1, 20)
        return at + min(timedelta(seconds=2**doublings), WAIT_MAX)


PER_ACCOUNT = Limit(free=5)
PER_ADDRESS = Limit(free=30)  # an office shares one


def check_password(password: str, *, clues: tuple[str, ...]) -> None:
    """Refuse a password that is short, of few characters, or made of what everybody knows."""
    folded = password.casefold()
    words = [word for clue in clues for word in clue.casefold().replace("@", " ").split()]
    known = [word for word in (*words, *OBVIOUS) if len(word) >= CLUE_LENGTH_MIN]
    rest = folded
    for word in sorted(known, key=len, reverse=True):
        rest = rest.replace(word, "")
    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        _refuse(f"Choose {LENGTH_MIN} to {LENGTH_MAX} characters; a short sentence is good.")
    if len(set(folded)) < DIFFERENT_MIN:
        _refuse(f"Use at least {DIFFERENT_MIN} different characters.")
    if len(rest) < LENGTH_MIN // 2:
        _refuse("Choose something that does not consist of your name, address or common words.")


def _refuse(detail: str) -> None:
    raise WeakPassword(detail, errors=[FieldError(field="password", detail=detail)])
