"""From a clean tree, with make and Python alone, one command leads to a page that answers."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import pytest

from shared.ports import free_port
from tests.program.conftest import INHERITED, ROOT, with_patience

TOOLS = (
    *("sh", "make", "cat", "cmp", "cp", "echo", "expand", "find", "id", "mkdir", "rm", "sed"),
    *("test", "touch", "env", "uname"),
)
ABSENT = "node", "npm", "java", "mvn", "psql", "docker", "uv", "pip", "gcc"
COLD_S_MAX, WARM_S_MAX = 120, 15


@pytest.fixture
def bare_path(tmp_path: Path) -> str:
    """Return a PATH with nothing on it but Python, make and what every system has."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    (folder / "python3").symlink_to(Path(sys.executable).resolve())
    assert not [name for name in ABSENT if shutil.which(name, path=str(folder))]
    return str(folder)


@pytest.fixture
def tree(place: Path) -> Path:
    """Return a copy of all files of the project, and of nothing that was made from them."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            copy = place / "tree" / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy)
    return place / "tree"


@contextmanager
def made(tree: Path, path: str, *words: str) -> Iterator[tuple["subprocess.Popen[str]", Path]]:
    known = {name: value for name, value in os.environ.items() if name not in INHERITED}
    said = Path(path).with_name("said.txt")
    with said.open("w") as output:
        process = subprocess.Popen(
            ["make", *words],
            cwd=tree,
            env=known | {"PATH": path},
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    try:
        yield process, said
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(with_patience(60))


def seconds_to_a_page(tree: Path, path: str) -> float:
    """Run until a page answers, load what is loaded, and stop as Ctrl-C does."""
    port, began = free_port(), time.monotonic()
    with made(tree, path, "run", f"PORT={port}") as (process, said):
        while time.monotonic() < began + 2 * COLD_S_MAX:
            assert process.poll() is None, said.read_text()
            with suppress(httpx2.HTTPError):
                page = httpx2.get(f"http://localhost:{port}/sign-in", follow_redirects=True)
                assert page.status_code < 500, page.text
                break
            time.sleep(0.1)
        taken = time.monotonic() - began
        while "Ctrl-C stops everything" not in said.read_text():
            assert process.poll() is None, said.read_text()
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGINT)
        process.wait(with_patience(60))
    text = said.read_text()
    assert "Stopped." in text
    assert "Traceback" not in text
    assert re.search(r"(?m)^Sign in as", text), text
    return taken


@pytest.mark.timeout(600)
def test_a_page_answers_soon_after_one_command_and_sooner_the_second_time(
    tree: Path, bare_path: str
) -> None:
    assert seconds_to_a_page(tree, bare_path) < with_patience(COLD_S_MAX)
    assert seconds_to_a_page(tree, bare_path) < with_patience(WARM_S_MAX)
    with made(tree, bare_path, "install") as (process, said):
        assert process.wait(with_patience(10)) == 0
        assert "Installing" not in said.read_text()


def test_make_prints_what_there_is(bare_path: str) -> None:
    with made(ROOT, bare_path) as (process, said):
        assert process.wait(with_patience(10)) == 0
        targets = re.findall(r"(?m)^  (\w+) ", said.read_text())
    assert targets == [
        *("help", "install", "run", "test", "check", "bench", "torture", "soak"),
        *("contracts", "migration", "lock"),
    ]
