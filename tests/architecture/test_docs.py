"""What the documentation leads to is there; nothing tells of the machine it was written on."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.architecture.sources import ROOT, named, tracked

LINK = re.compile(r"\[[^]]*\]\(([^)\s]+)\)")
PAGES = sorted(path for path in tracked() if path.suffix == ".md")
ADR_LINES_MAX = 60
PROMISE = re.compile(r"^\| (?!promise|---)(.+?) \| (.+) \|$", re.MULTILINE)
ADDRESSES = "py[p]i", "npm[j]s", "pythonho[s]ted", "maven[.]org", "crates[.]io"
FOLDERS = r"/w[o]rk/\w", "/r[o]ot/", r"/h[o]me/\w+/"
FOREIGN = re.compile(  # brackets, so that this file does not hold what it looks for
    "|".join(
        (
            rf"https?://[\w.:-]*({'|'.join(ADDRESSES)})",
            rf"(?<![\w.-])({'|'.join(FOLDERS)})",
            r"\.\./s[h]ared/",
        )
    )
)
KNOWINGLY = {".ci/run"}  # looks for third-party data beside the checkout


def anchors(page: Path) -> set[str]:
    """Return where links into a page may lead."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    kept = (re.sub(r"[^\w\- ]", "", head.lower()) for head in heads)
    return {head.replace(" ", "-") for head in kept}


def broken_links(page: Path, text: str) -> list[str]:
    """Return the links of a page that lead nowhere."""
    found = []
    for link in LINK.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            found.append(link)
    return found


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert broken_links(page, page.read_text()) == []


def test_every_page_is_reached_from_the_first() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or not page.exists():
            continue
        reached.add(page)
        for link in LINK.findall(page.read_text()):
            target = (page.parent / link.partition("#")[0]).resolve()
            found = sorted(target.glob("*.md")) if target.is_dir() else [target]
            waiting += [path for path in found if path.suffix == ".md"]
    docs = {page for page in PAGES if (ROOT / "docs") in page.parents}
    assert docs <= reached


def test_every_promise_of_the_readme_names_its_proof() -> None:
    text = (ROOT / "README.md").read_text()
    section = text[text.index("## What we promise") :].partition("\n## ")[0]
    promises = PROMISE.findall(section)
    assert len(promises) >= 10
    for promise, proof in promises:
        places = [ROOT / link for link in LINK.findall(proof)]
        assert places, promise
        assert all("tests" in place.parts or "benchmarks" in place.parts for place in places)
        assert all(any(place.rglob("test_*.py")) for place in places if place.is_dir()), promise


def test_a_stranger_finds_the_three_things() -> None:
    """Where a rule of production lives, what happens after a report, how to add an event."""
    readme = (ROOT / "README.md").read_text()
    for place in ("services/production/domain", "services/orders/handlers.py"):
        assert place in readme
        assert (ROOT / place).exists()
    assert "docs/how-to/add-an-event.md" in LINK.findall(readme)


def test_a_decision_fits_on_a_page() -> None:
    for page in sorted((ROOT / "docs" / "decisions").glob("*.md")):
        number = int(page.name.partition("-")[0])
        lines = page.read_text().splitlines()
        assert len(lines) <= ADR_LINES_MAX, page
        assert lines[0].startswith(f"# {number}. ")


def test_nothing_names_a_machine_or_where_packages_come_from() -> None:
    for path in tracked():
        if path.suffix == ".png" or named(path) in KNOWINGLY:
            continue
        found = FOREIGN.search(path.read_text(errors="replace"))
        assert not found, f"{named(path)}: {found and found[0]}"


def test_the_gates_bite() -> None:
    page = ROOT / "README.md"
    assert broken_links(page, "[x](docs/nowhere.md)") == ["docs/nowhere.md"]
    assert broken_links(page, "[x](README.md#nowhere)") == ["README.md#nowhere"]
    assert broken_links(page, "[x](LICENSE)") == []
    for planted in ("https://{}pi.org/simple", "see /{}ork/main", "cat ../{}hared/x"):
        letter = {"h": "py", "s": "w", "c": "s"}[planted[0]]
        assert FOREIGN.search(planted.format(letter))
