"""What figures of scorecards and of published tables are called, and how they are judged."""

from decimal import Decimal
from typing import NamedTuple

_ = str  # marks what the catalog translates


class Named(NamedTuple):
    """A figure in the reader's words."""

    words: str
    note: str
    unit: str = "%"  # "%", "d" for days, "h", "count" or "money"
    more_is_better: bool = True


SCORECARD: dict[str, Named] = {
    "on_time_first": Named(
        _("On time by the first promise"), _("delivered in full by the day promised first")
    ),
    "on_time_current": Named(
        _("On time by the current promise"), _("delivered in full by the day agreed on last")
    ),
    "confirmation_hours": Named(
        _("Time to confirm"), _("from the order to its first promise"), "h", more_is_better=False
    ),
    "acceptance_days": Named(
        _("Days to accept"), _("from delivery to acceptance: ours"), "d", more_is_better=False
    ),
    "payment_days": Named(
        _("Days to pay"), _("from delivery to payment: ours"), "d", more_is_better=False
    ),
    "within_term": Named(_("Paid within the legal term"), _("of what had to be paid by law: ours")),
    "ordered_amount": Named(_("Ordered"), _("in these months"), "money"),
    "overdue_amount": Named(
        _("Overdue today"),
        _("past the agreed or the legal day: ours"),
        "money",
        more_is_better=False,
    ),
}
TABLES: dict[str, Named] = {
    "active_suppliers": Named(_("Active suppliers"), _("with a delivery in the month"), "count"),
    "ordered_amount": Named(_("Ordered amount"), _("orders placed in the month"), "money"),
    "on_time_in_full": Named(_("On time in full"), _("share of lines, by the current promise")),
    "payment_days": Named(
        _("Days to pay"), _("mean from delivery to payment"), "d", more_is_better=False
    ),
    "within_legal_term": Named(
        _("Paid within the legal term"), _("by amount, of what had to be paid in the month")
    ),
    "overdue_amount": Named(
        _("Overdue amount"),
        _("past the legal term and unpaid at the month's end"),
        "money",
        more_is_better=False,
    ),
}
RELIABLE, WATCHED = Decimal(95), Decimal(80)
BANDS = 5


def band_of(value: Decimal | None) -> str:
    """Judge a share of what was on time: relied on, watched, in trouble, or unknown."""
    if value is None:
        return "is-idle"
    return "is-ok" if value >= RELIABLE else "is-risk" if value >= WATCHED else "is-late"


def shades(values: dict[str, Decimal]) -> tuple[dict[str, int], list[Decimal]]:
    """Sort values into five shades of equal count; return the shade of each and where each ends."""
    ordered = sorted(set(values.values()))
    if not ordered:
        return {}, []
    count = min(BANDS, len(ordered))
    ends = [
        ordered[min(len(ordered) - 1, -(-len(ordered) * (n + 1) // count) - 1)]
        for n in range(count)
    ]
    found = {}
    for name, value in values.items():
        place = next(n for n, end in enumerate(ends) if value <= end)
        found[name] = 1 + place * (BANDS - 1) // max(1, count - 1) if count > 1 else 3
    return found, ends
