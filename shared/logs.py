"""Logs as JSON, a line each, with the trace that they belong to."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

import orjson

from shared.trace import trace_id

_KNOWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}


ONCE_IN_S = 60


class JsonLines(logging.Formatter):
    """One JSON object a line; what is passed as `extra` becomes fields of it."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "trace_id": trace_id(),
        } | {name: value for name, value in vars(record).items() if name not in _KNOWN}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        try:
            return orjson.dumps(line, default=str).decode()
        except TypeError:  # half a character is no UTF-8, and there are integers of any length
            text = json.dumps(line, ensure_ascii=False, default=str, skipkeys=True)
            return text.encode(errors="backslashreplace").decode()


class Once(logging.Filter):
    """Let each thing that Kafka's client says through once a minute: it says it all the time."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith("kafka."):
            return True
        key = record.name, str(record.msg)
        if record.created - self._said.get(key, 0) < ONCE_IN_S:
            return False
        self._said[key] = record.created
        return True


def log_to(stream: TextIO | None = None, *, level: int = logging.INFO) -> None:
    """Send all logs of this process to a stream (standard error by default) as JSON lines."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    handler.addFilter(Once())
    _ask_no_more_than_is_shown()
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("kafka", "httpx2", "httpcore2", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _ask_no_more_than_is_shown() -> None:
    """Leave out what takes a third of the time: "Optimization" in Python's how-to on logging."""
    logging._srcfile = None  # noqa: SLF001  where it was called
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
