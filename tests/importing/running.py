"""The whole of Lianqiao as one process, and its commands as others: what a user has."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from shared.ports import free_port
from tests.program.conftest import INHERITED, ROOT, Program, with_patience

WITHIN_S = 240


class Ended(NamedTuple):
    """What a command came to."""

    code: int
    said: str
    errors: str

    @property
    def told(self) -> dict[str, Any]:
        """Its JSON."""
        found: dict[str, Any] = json.loads(self.said)
        return found


class Installation:
    """One installation in a folder of its own: started, killed, and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.program: Program | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {"LIANQIAO_FOLDER": str(self.folder), "CI": ""}

    def start(self) -> None:
        """Return when all services answer."""
        words = "up", "--no-demo", "--port", str(self.port)
        self.program = Program(words, self.environment)
        self.program.until("Ctrl-C stops everything", within_s=120)

    def kill(self) -> None:
        """End the process as a power cut would; its servers are left to the next start."""
        assert self.program
        self.program.process.kill()
        self.program.ended()

    def stop(self) -> None:
        assert self.program
        with self.program:
            self.program.interrupt()

    def begin(self, *words: str) -> Program:
        """Begin a command."""
        return Program(words, self.environment)

    def run(self, *words: str) -> Ended:
        """Run a command to its end."""
        known = {name: value for name, value in os.environ.items() if name not in INHERITED}
        done = subprocess.run(
            [sys.executable, "-m", "lianqiao", *words],
            cwd=ROOT,
            env=known | {"COLUMNS": "200"} | self.environment,
            capture_output=True,
            text=True,
            timeout=with_patience(WITHIN_S),
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)
