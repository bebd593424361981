"""Show how far long work has come, and say in a sentence why it cannot go on."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.progress import TimeElapsedColumn as Elapsed

from lianqiao.client import RefusedError
from lianqiao.installation import CannotError

CANNOT = 1  # exit code, as everywhere in the program


class Bars:
    """Progress bars by what is being done; called with how much of how much is done."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, what: str, done: int, of: int) -> None:
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=of)
        self._progress.update(self._tasks[what], completed=done, total=of)

    def of_bytes(self, file: Path) -> Callable[[int], None]:
        """Return what is told of the bytes of a file as they are read."""
        size, read = file.stat().st_size, 0

        def told(more: int) -> None:
            nonlocal read
            read += more
            self(f"reading {file.name}", min(read, size), size)

        return told


@contextmanager
def progress_bars() -> Iterator[Bars]:
    """Show bars on the error stream, so that the output stays what a script reads."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Elapsed()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield Bars(progress)


@contextmanager
def sentences(*, as_json: bool = False) -> Iterator[None]:
    """End with a sentence where the user can do something about it: in JSON where that is asked."""
    try:
        yield
    except (CannotError, RefusedError) as error:
        _end(error, as_json=as_json)
    except ExceptionGroup as group:
        expected, rest = group.split((CannotError, RefusedError))
        if rest or expected is None:
            raise
        _end(_first(expected), as_json=as_json)


def _end(error: BaseException, *, as_json: bool) -> NoReturn:
    if as_json:
        typer.echo(json.dumps({"error": str(error)}, ensure_ascii=False))
        raise typer.Exit(CANNOT) from error
    raise CannotError(str(error)) from error


def _first(error: BaseException) -> BaseException:
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def told_in_lines(say: Callable[[str], None]) -> Callable[[str, int, int], None]:
    """Return what is told of progress where there are no bars: a line for what is done."""

    def told(what: str, done: int, of: int) -> None:
        if done == of:
            say(f"  {of:,} {what}")

    return told
