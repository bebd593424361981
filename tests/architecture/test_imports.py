"""Who may import whom: the layers hold, and a line that crosses them is seen."""

import shutil
import subprocess
import sys
from pathlib import Path
from pkgutil import iter_modules

import pytest

import services
from tests.architecture.sources import ROOT

NAMES = sorted(module.name for module in iter_modules(services.__path__))
LINT = [
    sys.executable,
    "-c",
    "from importlinter.cli import lint_imports_command; lint_imports_command()",
    "--no-cache",
]
CROSSINGS = [
    ("contracts/event.py", "import shared.problem"),
    ("contracts/event.py", "import sqlalchemy"),
    ("shared/paging.py", "import services"),
    ("services/{one}/main.py", "import services.{other}.main"),
    ("services/{one}/main.py", "import lianqiao"),
    ("services/{one}/domain", "import sqlalchemy"),
    ("services/{one}/domain", "import services.{one}.models"),
    ("services/{one}/models", "import services.{one}.api"),
]


def linted(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on a tree."""
    return subprocess.run(LINT, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what import-linter looks at."""
    copy = tmp_path_factory.mktemp("tree")
    for package in ("contracts", "lianqiao", "services", "shared"):
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("assets"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def test_the_layers_hold(tree: Path) -> None:
    found = linted(tree)
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize(("place", "line"), CROSSINGS)
def test_a_planted_import_is_seen(place: str, line: str, tree: Path) -> None:
    one = next(name for name in NAMES if (ROOT / "services" / name / "api").exists())
    other = next(name for name in NAMES if name != one)
    path = tree / place.format(one=one)
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    before = path.read_text()
    try:
        path.write_text(f"{before}\n{line.format(one=one, other=other)}\n")
        assert linted(tree).returncode == 1
    finally:
        path.write_text(before)
