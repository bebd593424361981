"""A release as it is kept, hashed and shown."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any, NamedTuple

from services.insights.domain.contributions import CURRENCY

EDITION = "2026-11"  # of the method, which says how to read all this
SHAPES = {"count": "count", "amount": CURRENCY, "share": "%", "mean": "d"}
STEPS = {"count": Decimal(1), "amount": Decimal("0.01"), "share": Decimal("0.1")}

Place = tuple[str, str]  # region, industry; "*" is all of them
Shown = Mapping[str, Mapping[Place, int]]  # table → what is shown where, in the table's own steps


class TableSpec(NamedTuple):
    """One table of the catalog."""

    name: str
    shape: str
    of: str
    by: str | None
    step: int

    @property
    def unit(self) -> str:
        """What its values are in."""
        return SHAPES[self.shape]

    def value(self, shown: int) -> Decimal:
        """Return what is shown in the table's unit: per mille as percent, tenths as days."""
        return shown * STEPS.get(self.shape, Decimal("0.1"))


def written(month: date, catalog: tuple[TableSpec, ...], figures: Shown) -> str:
    """Write a release down: the same figures give the same text, and so the same SHA-256."""
    content = {
        "month": month.isoformat(),
        "currency": CURRENCY,
        "edition": EDITION,
        "tables": {
            table.name: {
                **table._asdict(),
                "cells": [
                    [region, industry, value]
                    for (region, industry), value in sorted(figures.get(table.name, {}).items())
                ],
            }
            for table in catalog
        },
    }
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def hashed(content: str) -> str:
    """Return the SHA-256 of a release's text in UTF-8."""
    return sha256(content.encode()).hexdigest()


def tables(content: str) -> dict[str, TableSpec]:
    """Return the tables of a release."""
    found: dict[str, Any] = json.loads(content)["tables"]
    return {
        name: TableSpec(*(table[field] for field in TableSpec._fields))
        for name, table in found.items()
    }


def shown(content: str) -> dict[str, dict[Place, int]]:
    """Return all that a release shows."""
    return {
        name: {(region, industry): value for region, industry, value in cells(content, name)}
        for name in tables(content)
    }


def cells(content: str, name: str) -> Iterator[tuple[str, str, int]]:
    """Yield region, industry and what is shown there of one table of a release."""
    yield from json.loads(content)["tables"][name]["cells"]
