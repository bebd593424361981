"""What was asked for and what was answered: the load's own book, kept apart from the platform's."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Journal:
    """By kind, a text for each effect: what was tried, and what was acknowledged."""

    tried: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    acknowledged: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    in_order: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """By work order, the reports that were acknowledged one after the other."""
    work_orders: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """What should not have been refused, and answers that are the platform's own defect."""
    retried: Counter[str] = field(default_factory=Counter)
    deals: Counter[str] = field(default_factory=Counter)

    def effects(self) -> int:
        return sum(map(len, self.acknowledged.values()))

    def keep(self, path: Path) -> None:
        """Write it down, for whoever looks into a failure."""
        path.write_text(json.dumps(self.as_json(), ensure_ascii=False))

    def as_json(self) -> dict[str, Any]:
        kinds = {
            name: {kind: sorted(texts) for kind, texts in getattr(self, name).items()}
            for name in ("tried", "acknowledged")
        }
        return kinds | {"in_order": self.in_order, "work_orders": self.work_orders}

    @classmethod
    def of_json(cls, kept: dict[str, Any]) -> "Journal":
        """Read what `as_json` wrote."""
        journal = cls()
        for name in "tried", "acknowledged":
            for kind, texts in kept[name].items():
                getattr(journal, name)[kind] = set(texts)
        journal.in_order.update(kept["in_order"])
        journal.work_orders = kept["work_orders"]
        return journal
