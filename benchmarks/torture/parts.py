"""One process of an installation, which can be killed, stopped and started again."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import lianqiao

ROOT = Path(lianqiao.__file__).parents[1]
INHERITED = "LIANQIAO_", "PORT"  # what is not meant for an installation of its own
ENDED_WITHIN_S_MAX = 30
LOG_SHOWN_MAX = 4_000


def inherited() -> dict[str, str]:
    """Return this process's environment without what names another installation."""
    return {name: value for name, value in os.environ.items() if not name.startswith(INHERITED)}


class Part:
    """A process that runs one part of one service, or several of them; its log is a file."""

    def __init__(
        self, name: str, words: Sequence[str], *, environment: Mapping[str, str], logs: Path
    ) -> None:
        self.name, self._words, self._environment = name, list(words), dict(environment)
        self.log = logs / f"{name}.log"
        self.held = False  # down because we want it to be
        self.starts = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def last_words(self) -> str:
        """Return the end of its log."""
        return self.log.read_text(errors="replace")[-LOG_SHOWN_MAX:] if self.log.exists() else ""

    def start(self) -> None:
        """Begin to run; whoever needs to know asks whether it is ready."""
        self.held = False
        self.starts += 1
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  every word is ours
                [sys.executable, "-m", *self._words],
                cwd=ROOT,
                env=inherited() | self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        """End it as a power cut would."""
        self.held = True
        if self.alive:
            assert self._process
            self._process.kill()
            self._process.wait()

    def pause(self) -> None:
        """Let it stand still, with all that it holds."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        self._send(signal.SIGCONT)

    def end(self) -> int | None:
        """Ask it to end, as an operator does, and wait; return its exit code."""
        self.ask_to_end()
        return self.wait()

    def ask_to_end(self) -> None:
        self.held = True
        self._send(signal.SIGCONT)
        self._send(signal.SIGTERM)

    def wait(self) -> int | None:
        """Wait for an end that was asked for; one that does not come is brought about."""
        if self._process is None:
            return None
        try:
            return self._process.wait(ENDED_WITHIN_S_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _send(self, number: signal.Signals) -> None:
        if self.alive:
            os.kill(self.pid, number)
