"""What came of an import: every row accounted for, and what was given against what is stored."""

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from contracts.values import Money
from lianqiao.importing.load import Loaded
from lianqiao.importing.staging import Counted, Oddity, Staging, Sum
from lianqiao.importing.sums import WITHOUT_AMOUNT, Total, Totals, overall


@dataclass(frozen=True)
class Difference:
    """A supplier of whom something else is stored than was given."""

    supplier: str
    what: str
    given_minor: int
    stored_minor: int
    given_count: int
    stored_count: int


@dataclass(frozen=True)
class Compared:
    """What documents come to: as given, and as the platform has them; nothing in a dry run."""

    what: str
    statuses: dict[str, int]  # accepted, unchanged, refused
    given: Total
    stored: Total | None

    @property
    def has_amount(self) -> bool:
        return self.what not in WITHOUT_AMOUNT


@dataclass
class Reconciliation:
    """The account of an import. Amounts are in minor units of the currency."""

    source: str
    buyer: str
    currency: str
    dry_run: bool
    rows: int
    suppliers: int
    organizations_new: int
    orders: dict[str, int]  # by status: accepted, unchanged, refused; in a dry run readable
    lines: dict[str, int]
    unknown: dict[str, dict[str, int]]  # how often each word that means unknown, by field
    oddities: list[Oddity]
    taken: list[Counted]
    untaken: list[Counted]
    documents: list[Compared]
    refused: int
    refused_file: str | None
    given_minor: int
    stored_minor: int | None
    differences: list[Difference] = field(default_factory=list)

    @property
    def matches(self) -> bool:
        """Whether every row is stored and every supplier's sum is what was given, to the cent."""
        return not self.refused and not self.differences

    def document(self) -> dict[str, Any]:
        """Return the account as a script would read it: amounts as decimals."""
        told = asdict(self)
        for name in ("given", "stored"):
            told[name] = self.money(told.pop(f"{name}_minor"))
        told["oddities"] = [self._named(oddity) for oddity in self.oddities]
        for name in ("taken", "untaken"):
            told[name] = [self._named(counted) for counted in getattr(self, name)]
        told["documents"] = {one.what: self._compared(one) for one in self.documents}
        told["differences"] = [
            {
                "supplier": one.supplier,
                "what": one.what,
                "given": self.money(one.given_minor),
                "stored": self.money(one.stored_minor),
                "given_count": one.given_count,
                "stored_count": one.stored_count,
            }
            for one in self.differences
        ]
        return told | {"matches": self.matches}

    def money(self, amount_minor: int | None) -> str | None:
        if amount_minor is None:
            return None
        return str(Money.of(amount_minor, self.currency).amount)

    def _compared(self, one: Compared) -> dict[str, Any]:
        told: dict[str, Any] = dict(one.statuses)
        for name, total in (("given", one.given), ("stored", one.stored)):
            told[name] = total and total.number
            if one.has_amount:
                told[f"{name}_amount"] = self.money(total.amount_minor) if total else None
        return told

    def _named(self, noted: Oddity | Counted) -> dict[str, Any]:
        told = noted._asdict()
        return told | {"amount": self.money(told.pop("amount_minor"))}


def account(  # noqa: PLR0913  an account has many sides
    staged: Staging,
    *,
    source: Path,
    buyer: str,
    currency: str,
    given: Sequence[Sum],
    documents: Totals,
    loaded: Loaded | None,
    refused_file: Path,
) -> Reconciliation:
    """Draw up the account; refused rows are written to a file with the reason of each."""
    refused = write_refused(staged, refused_file)
    orders, lines = _became(given, loaded)
    return Reconciliation(
        source=str(source),
        buyer=buyer,
        currency=currency,
        dry_run=loaded is None,
        rows=staged.rows,
        suppliers=len(given),
        organizations_new=loaded.organizations if loaded else 0,
        orders=orders,
        lines=lines,
        unknown={name: dict(words.most_common()) for name, words in staged.unknown.items()},
        oddities=staged.oddities,
        taken=staged.taken,
        untaken=staged.untaken,
        documents=_compared(documents, loaded),
        refused=refused,
        refused_file=str(refused_file) if refused else None,
        given_minor=sum(one.amount_minor for one in given),
        stored_minor=sum(amount for _, _, amount in loaded.stored.values()) if loaded else None,
        differences=[*_differences(given, loaded), *_differing(documents, loaded)]
        if loaded
        else [],
    )


def _became(given: Sequence[Sum], loaded: Loaded | None) -> tuple[dict[str, int], dict[str, int]]:
    """Return what became of orders and of their lines, by status."""
    if loaded:
        return dict(loaded.orders), dict(loaded.lines)
    return (
        {"readable": sum(one.orders for one in given)},
        {"readable": sum(one.lines for one in given)},
    )


def write_refused(staged: Staging, path: Path) -> int:
    """Write each refused row with its reason; return how many there are. None: no file."""
    count = staged.refused_count()
    if count:
        with path.open("w", encoding="utf-8-sig", newline="") as file:  # so that Excel reads it
            writer = csv.writer(file)
            writer.writerow(["row", "order", "reason"])
            writer.writerows(
                [_harmless(cell) for cell in (reference, number or "", reason)]
                for reference, number, reason in staged.refused()
            )
    return count


def _harmless(cell: str) -> str:
    """Keep a spreadsheet from taking text out of the source for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _differences(given: Sequence[Sum], loaded: Loaded) -> list[Difference]:
    found = []
    for one in given:
        orders, lines, amount = loaded.stored.get(one.supplier, (0, 0, 0))
        if (orders, lines, amount) != (one.orders, one.lines, one.amount_minor):
            found.append(
                Difference(one.supplier, "order lines", one.amount_minor, amount, one.lines, lines)
            )
    return found


def _compared(documents: Totals, loaded: Loaded | None) -> list[Compared]:
    return [
        Compared(
            kind,
            dict(loaded.documents.get(kind, {})) if loaded else {},
            overall(given),
            overall(loaded.totals.get(kind, {})) if loaded else None,
        )
        for kind, given in documents.items()
        if given
    ]


def _differing(documents: Totals, loaded: Loaded) -> list[Difference]:
    found = []
    for kind, given in documents.items():
        stored = loaded.totals.get(kind, {})
        for supplier in sorted(given.keys() | stored.keys()):
            asked, there = (of.get(supplier, Total(0)) for of in (given, stored))
            if asked != there:
                amounts = asked.amount_minor, there.amount_minor
                found.append(Difference(supplier, kind, *amounts, asked.number, there.number))
    return found


def written(amount_minor: int, currency: str) -> str:
    """Write an amount for people: 1,627,584,457.29 USD."""
    return f"{Money.of(amount_minor, currency).amount:,} {currency}"
