"""What figures about a supplier are called, and which of them are its own doing."""

from typing import NamedTuple

_ = str  # marks what the catalog translates


class Named(NamedTuple):
    """A figure in the reader's words; `mine`: it is the supplier's own doing."""

    words: str
    note: str
    mine: bool = True


NAMES: dict[str, Named] = {
    "on_time_first": Named(
        _("On time by the first promise"), _("delivered in full by the day you promised first")
    ),
    "on_time_current": Named(
        _("On time by the current promise"), _("delivered in full by the day agreed on last")
    ),
    "confirmation_hours": Named(_("Time to confirm"), _("from the order to your first promise")),
    "acceptance_days": Named(
        _("Days to accept"), _("from delivery to acceptance; the buyer's doing"), mine=False
    ),
    "payment_days": Named(
        _("Days to pay"), _("from delivery to payment; the buyer's doing"), mine=False
    ),
    "within_term": Named(
        _("Paid within the legal term"), _("of what had to be paid by law, by amount"), mine=False
    ),
    "ordered_amount": Named(_("Ordered amount"), _("in the period"), mine=False),
    "overdue_amount": Named(_("Overdue amount"), _("today: past its day and not paid"), mine=False),
}
RELIABLE, WATCHED = 95, 80


def judged(name: str, value: object) -> str:
    """Judge a share of what was on time, as buyers do; other figures are not judged."""
    if not name.startswith("on_time") or value is None:
        return ""
    share = float(str(value))
    return "is-ok" if share >= RELIABLE else "is-risk" if share >= WATCHED else "is-late"
