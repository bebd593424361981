"""Lianqiao's programs as processes of their own, as production has them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil

from benchmarks.result import ROOT

READY_WITHIN_S_MAX = 90
ENDED_WITHIN_S_MAX = 20


class NotReadyError(Exception):
    """A program ended, or never answered; the message ends with the last it wrote."""


class Used(NamedTuple):
    """What a process has used so far."""

    memory_mb: float  # its own, and its share of what it shares
    cpu_s: float


def used(pid: int, *, children: bool = False) -> Used:
    """Tell what a process, or one with all that it has started, has used so far."""
    asked = psutil.Process(pid)
    memory = cpu = 0.0
    for process in [asked, *(asked.children(recursive=True) if children else ())]:
        with suppress(psutil.NoSuchProcess):
            memory += process.memory_full_info().pss
            cpu += sum(process.cpu_times()[:2])
    return Used(memory / 1e6, cpu)


class Program:
    """One `lianqiao …` process; what it writes goes to a file."""

    def __init__(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        *,
        python: Sequence[str] = ("-m", "lianqiao"),
    ) -> None:
        self.words, self.log = words, log
        with log.open("ab") as file:
            self._process = subprocess.Popen(  # noqa: S603  every word is ours
                [sys.executable, *python, *words],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid = self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def used(self, *, children: bool = False) -> Used:
        """Tell what it has used so far."""
        return used(self.pid, children=children)

    def until_ready(self, port: int, path: str, *, within_s: float = READY_WITHIN_S_MAX) -> float:
        """Wait until it answers with 200, and return how many seconds that took."""
        begun = time.monotonic()
        while time.monotonic() < begun + within_s:
            if _answers(port, path):
                return time.monotonic() - begun
            if not self.alive:
                break
            time.sleep(0.05)
        raise NotReadyError(f"{' '.join(self.words)}: {self.said()}")

    def said(self) -> str:
        """Return the last that it wrote."""
        return self.log.read_text(errors="replace")[-3_000:]

    def ended(self, *, within_s: float) -> int:
        """Wait for its end, and return its exit code."""
        return self._process.wait(within_s)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Ask it to end, and insist where it does not."""
        if not self.alive:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(ENDED_WITHIN_S_MAX)
        except subprocess.TimeoutExpired:
            self.kill()


def _answers(port: int, path: str) -> bool:
    request = f"GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".encode()
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as wire:
        wire.sendall(request)
        return wire.recv(64).startswith(b"HTTP/1.1 200")
    return False


def surroundings(given: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which nothing of Lianqiao's is set but what is given."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("LIANQIAO_")}
    kept.pop("PORT", None)
    return kept | dict(given)
