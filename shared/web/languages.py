"""Which language a reader wants, and the translations of what pages say."""

from collections.abc import Sequence
from enum import StrEnum
from gettext import NullTranslations
from importlib.resources.abc import Traversable
from typing import Any

from babel.messages.pofile import read_po
from fastapi import Request

COOKIE = "language"
CATALOG = "zh/LC_MESSAGES/messages.po"


class Language(StrEnum):
    """What pages are written in; the message ids are English."""

    ZH = "zh"
    EN = "en"

    @property
    def tag(self) -> str:
        """Name the language as HTML and browsers do (BCP 47)."""
        return "zh-CN" if self is Language.ZH else "en"

    @property
    def locale(self) -> str:
        """Name the locale as Babel does."""
        return "zh_CN" if self is Language.ZH else "en"

    @property
    def other(self) -> "Language":
        return Language.EN if self is Language.ZH else Language.ZH


class Catalog(NullTranslations):
    """Translations read from .po files at start; what is missing stays English."""

    def __init__(self, folders: Sequence[Traversable]) -> None:
        super().__init__()
        self._words: dict[str, str] = {}
        for folder in folders:
            if not folder.joinpath(CATALOG).is_file():
                continue
            with folder.joinpath(CATALOG).open("rb") as lines:
                for message in read_po(lines, locale="zh_CN"):
                    self._add(message.id, message.string)

    def _add(self, key: Any, words: Any) -> None:  # noqa: ANN401  text, or a pair for plurals
        singular = key[0] if isinstance(key, tuple) else key
        text = words[0] if isinstance(words, tuple) else words
        if singular and text:
            self._words[singular] = text

    def gettext(self, message: str) -> str:
        return self._words.get(message, message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Return the translation of a singular; Chinese has one form for every number."""
        return self._words.get(msgid1) or (msgid1 if n == 1 else msgid2)

    @property
    def messages(self) -> frozenset[str]:
        """What is translated."""
        return frozenset(self._words)

    def __contains__(self, message: str) -> bool:
        return message in self._words


def language_of(request: Request) -> Language:
    """Return what the reader chose, or else what the browser asks for, or else Chinese."""
    chosen = request.cookies.get(COOKIE)
    if chosen in set(Language):
        return Language(chosen)
    accepted: list[tuple[float, str]] = []
    for part in request.headers.get("accept-language", "")[:200].split(","):
        tag, _, weight = part.strip().partition(";q=")
        accepted.append((_weight(weight), tag[:2].lower()))
    for _, tag in sorted(accepted, key=lambda pair: -pair[0]):
        if tag in set(Language):
            return Language(tag)
    return Language.ZH


def _weight(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
