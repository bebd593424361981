"""Programs as processes of their own, as a person starts them."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Self

import psutil
import pytest

ROOT = Path(__file__).parents[2]
INHERITED = "LIANQIAO_DATABASE_URL", "LIANQIAO_KAFKA_SERVERS", "LIANQIAO_ISSUER", "PORT"
READY_WITHIN_S = 180  # with the demo: some 40 s on a machine that does nothing else


def with_patience(seconds: float) -> float:
    """Stretch a limit by how many more programs want to run than there are cores."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


class Program:
    """One `lianqiao …` process, and all that it has printed."""

    def __init__(self, words: Sequence[str], environment: dict[str, str]) -> None:
        known = {name: value for name, value in os.environ.items() if name not in INHERITED}
        self.said = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lianqiao", *words],
            cwd=ROOT,
            env=known | {"COLUMNS": "200"} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as lines:
            for line in lines:
                self.said += line

    def until(self, pattern: str, *, within_s: float = READY_WITHIN_S) -> re.Match[str]:
        """Wait until it has said something."""
        deadline = time.monotonic() + with_patience(within_s)
        while time.monotonic() < deadline:
            if found := re.search(pattern, self.said):
                return found
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        pytest.fail(f"It never said {pattern!r} (exit {self.process.poll()}), but:\n{self.said}")

    def ended(self, *, within_s: float = READY_WITHIN_S) -> int:
        """Wait for its end and return its exit code."""
        self.process.wait(with_patience(within_s))
        self._reader.join()
        return self.process.returncode

    def interrupt(self) -> int:
        """Press Ctrl-C and return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.ended()

    def children(self) -> list[psutil.Process]:
        """Return the servers it has started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            children = self.children()
            self.process.kill()
            for child in children:
                child.terminate()
        self.ended()


Start = Callable[..., Program]


@pytest.fixture
def place() -> Iterator[Path]:
    """Return a folder that other accounts may pass: PostgreSQL has one of its own under root.

    Every pytest that starts closes the folder in which it keeps its `tmp_path`s.
    """
    with TemporaryDirectory(prefix="lianqiao-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture
def start(place: Path) -> Iterator[Start]:
    """Start `lianqiao …` on a folder of the test's own; what still runs is ended with the test."""
    programs: list[Program] = []

    def started(*words: str, **environment: str) -> Program:
        known = {"LIANQIAO_FOLDER": str(place / "here"), "CI": ""} | environment
        programs.append(Program(words, known))
        return programs[-1]

    yield started
    for program in programs:
        with program:
            pass
