"""Everything is said in both languages, and every refusal has a name and a remedy."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_python
from jinja2.ext import babel_extract

import services
from services.portal.api.page import pages
from services.portal.domain.words import BY_KIND, words_for
from shared.problem import Problem
from shared.web.languages import Catalog

ROOT = Path(__file__).parents[2]
PORTAL, FRAME = ROOT / "services/portal", ROOT / "shared/web"
CONTEXT = {"extensions": "jinja2.ext.do,jinja2.ext.loopcontrols", "encoding": "utf-8"}
PAST_A_READER = {  # what no form of the portal can provoke
    "unreadable",
    "reference-taken",
    "not-yet-happened",
    "id-taken",
    "not-served",
    "weak-password",
}


def said(folder: Path) -> Iterator[str]:
    """Yield what templates and modules say, as message ids."""
    for path in folder.rglob("*.html"):
        with path.open("rb") as lines:
            yield from _ids(babel_extract(lines, ("_", "gettext", "ngettext"), [], CONTEXT))
    for path in folder.rglob("*.py"):
        with path.open("rb") as lines:
            yield from _ids(extract_python(lines, {"_": None}, [], {}))


def _ids(found: Any) -> Iterator[str]:  # noqa: ANN401  Babel has no types for it
    for _line, _function, message, _comments in found:
        first = message[0] if isinstance(message, tuple) else message
        if first:
            yield first


def test_every_message_has_a_translation() -> None:
    missing = {text for folder in (PORTAL, FRAME) for text in said(folder)}
    assert not {text for text in missing if text not in pages.catalog}


def test_no_translation_is_left_over() -> None:
    used = set(said(PORTAL))
    own = Catalog([PORTAL / "locale"])
    assert not {text for text in own.messages if text not in used}


def problems() -> Iterator[type[Problem]]:
    for module in pkgutil.walk_packages(services.__path__, "services."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    kinds = [Problem]
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        if kind.__module__.startswith(("services.", "shared.")) and kind is not Problem:
            yield kind


@pytest.mark.parametrize("kind", sorted({kind.slug() for kind in problems()}))
def test_every_refusal_is_named_in_words(kind: str) -> None:
    status = next(getattr(one, "status", 0) for one in problems() if one.slug() == kind)
    title, remedy = words_for(kind, status)
    assert title in pages.catalog
    assert not remedy or remedy in pages.catalog
    if status in {409, 422} and kind not in PAST_A_READER:
        assert kind in BY_KIND, f"{kind} needs words of its own"
