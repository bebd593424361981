"""Logs as JSON, a line each, with the trace that they belong to."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

from shared.trace import trace_id

_KNOWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}


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
        text = json.dumps(line, ensure_ascii=False, default=str, skipkeys=True)
        return text.encode(errors="backslashreplace").decode()  # half a character is no UTF-8


def log_to(stream: TextIO | None = None, *, level: int = logging.INFO) -> None:
    """Send all logs of this process to a stream (standard error by default) as JSON lines."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("kafka", "httpx2", "httpcore2", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
