"""What is written in this repository, read as text and as Python."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = "benchmarks", "contracts", "lianqiao", "migrations", "services", "shared", "tests"


@cache
def parsed(path: Path) -> ast.Module:
    """Return a module's syntax tree."""
    return ast.parse(path.read_text(), str(path))


def modules(*packages: str) -> list[Path]:
    """Return the Python files of some packages, or of all."""
    return [path for name in packages or PACKAGES for path in sorted((ROOT / name).rglob("*.py"))]


def named(path: Path) -> str:
    """Name a file as it is found from the repository's root."""
    return str(path.relative_to(ROOT))


@cache
def tracked() -> tuple[Path, ...]:
    """Return every file that is in the repository or about to be."""
    asked = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    return tuple(path for line in listed.splitlines() if (path := ROOT / line).is_file())


def called(function: ast.expr) -> str:
    """Return the name by which something is called, without what it is looked up in."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
