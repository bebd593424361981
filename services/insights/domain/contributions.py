"""Turn what pairs did in a month into the sums that are published, by group and place."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

CURRENCY = "CNY"  # amounts in other currencies are in no table
NO_REGION, NO_INDUSTRY = "000000", "00"  # never stated
PROVINCE_DIGITS, DIVISION_CHARACTERS = 2, 3

# (buyers' groups, supplier's group, month, region, industry, measure, value)
Sum = tuple[tuple[str, ...], str, date, str, str, str, int]


class Firm(NamedTuple):
    """A firm as its relationships told of it last: its group and, for a supplier, its place."""

    group: str
    region: str = NO_REGION  # a province
    industry: str = NO_INDUSTRY  # a division


class Did(NamedTuple):
    """What a buyer and a supplier did with each other in a month."""

    buyer_id: UUID
    supplier_id: UUID
    active: bool  # an order, a receipt or a payment
    ordered_minor: int = 0
    promised: int = 0
    kept: int = 0
    payments: int = 0
    payment_days: int = 0
    legal_due_minor: int = 0
    legal_kept_minor: int = 0
    overdue_minor: int | None = None  # at the end of the month; None: nothing was ever owed


class Told(NamedTuple):
    """What one relationship says of both firms, and when it said so."""

    buyer_id: UUID
    supplier_id: UUID
    buyer_group: str | None
    supplier_group: str | None
    region: str | None
    industry: str | None


def firms(told: Sequence[Told], codes: Mapping[UUID, str | None]) -> dict[UUID, Firm]:
    """Know each firm once, by what was told of it last; `told` comes in the order it was told.

    A firm that named no parent is a group by itself, under its code or else its id.
    """
    groups: dict[UUID, str] = {}
    places: dict[UUID, tuple[str, str]] = {}
    for one in told:
        for firm, group in (
            (one.buyer_id, one.buyer_group),
            (one.supplier_id, one.supplier_group),
        ):
            groups[firm] = group or groups.get(firm) or codes.get(firm) or str(firm)
        if one.region or one.industry:
            places[one.supplier_id] = province(one.region), division(one.industry)
    return {
        firm: Firm(group, *places.get(firm, (NO_REGION, NO_INDUSTRY)))
        for firm, group in groups.items()
    }


def province(region: str | None) -> str:
    """Return the province of a region's code (GB/T 2260)."""
    return region[:PROVINCE_DIGITS].ljust(6, "0") if region else NO_REGION


def division(industry: str | None) -> str:
    """Return the division of an industry's code (GB/T 4754), with its section's letter."""
    return industry[:DIVISION_CHARACTERS] if industry else NO_INDUSTRY


def sums(month: date, did: Iterable[Did], known: Mapping[UUID, Firm]) -> list[Sum]:
    """Add up what pairs did, by both groups and the supplier's place; firms are not in it.

    A sum of nothing is kept where there could have been more: whoever does business there is known.
    """
    added: defaultdict[tuple[tuple[str, ...], str, str, str, str], int] = defaultdict(int)
    buyers: defaultdict[UUID, set[str]] = defaultdict(set)
    for one in did:
        buyer, supplier = known[one.buyer_id], known[one.supplier_id]
        place = supplier.group, supplier.region, supplier.industry
        for measure, value in _measured(one):
            added[(buyer.group,), *place, measure] += value
        if one.active:
            buyers[one.supplier_id].add(buyer.group)
    for firm, groups in buyers.items():
        place = known[firm].group, known[firm].region, known[firm].industry
        added[tuple(sorted(groups)), *place, "active"] += 1
    return [
        (groups, supplier, month, region, industry, measure, value)
        for (groups, supplier, region, industry, measure), value in sorted(added.items())
    ]


def _measured(one: Did) -> Iterator[tuple[str, int]]:
    if one.active:
        yield "ordered", one.ordered_minor
    if one.promised:
        yield from (("due", one.promised), ("on_time", one.kept))
    if one.payments:
        yield from (("paid", one.payments), ("payment_days", one.payment_days))
    if one.legal_due_minor:
        yield from (("settled", one.legal_due_minor), ("within_term", one.legal_kept_minor))
    if one.overdue_minor is not None:
        yield "overdue", one.overdue_minor
