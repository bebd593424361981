"""What earlier commits of this branch held."""

import subprocess
from collections import defaultdict
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


def git(*arguments: str) -> str:
    """Return what git answers about this checkout."""
    asked = subprocess.run(
        ["git", "-C", ROOT, *arguments], capture_output=True, text=True, check=False
    )
    assert asked.returncode == 0, f"promises are kept to git's history: {asked.stderr}"
    return asked.stdout


@cache
def earlier(folder: str) -> dict[str, tuple[str, ...]]:
    """Return every version that HEAD's history holds of each file below a folder, by its path."""
    assert git("rev-parse", "--is-shallow-repository").strip() == "false", (
        "promises are kept to all of git's history: run `git fetch --unshallow`"
    )
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    raw = git(
        "log", "--no-renames", "--raw", "--no-abbrev", "-m", "--format=", "HEAD", "--", folder
    )
    for line in raw.splitlines():
        change, _, path = line.partition("\t")
        blob = change.split()[3]
        if set(blob) != {"0"}:
            found[path][blob] = None
    return {
        path: tuple(git("cat-file", "blob", blob) for blob in blobs)
        for path, blobs in found.items()
    }
