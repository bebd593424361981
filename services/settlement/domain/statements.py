"""Statements: what both sides agree on for a month, line by line, and then never change."""

import json
from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from typing import Any

from contracts.values import Money

FORMAT = "lianqiao-statement-1"


def first_of(month: date) -> date:
    """Return the first day of a day's month."""
    return month.replace(day=1)


def next_month(month: date) -> date:
    """Return the first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def document(
    *, parties: dict[str, str], month: date, currency: str, lines: Sequence[dict[str, Any]]
) -> str:
    """Write a statement down so that the same content is always the same text (RFC 8785's way)."""
    total = sum(line["amount_minor"] for line in lines)
    said = {
        "format": FORMAT,
        **parties,
        "month": f"{month:%Y-%m}",
        "currency": currency,
        "total": str(Money.of(total, currency).amount),
        "lines": [
            {name: value for name, value in line.items() if name != "amount_minor"}
            | {"amount": str(Money.of(line["amount_minor"], currency).amount)}
            for line in lines
        ],
    }
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def fingerprint(text: str) -> str:
    """Return the SHA-256 by which a frozen statement is recognized."""
    return sha256(text.encode()).hexdigest()
