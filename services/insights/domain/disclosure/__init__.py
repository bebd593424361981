"""Statistical disclosure control: what of a month's tables may be published.

`protect` decides, `audit` proves; both are pure.

The attacker is anybody, or one enterprise group with all its firms. It knows all releases, who
deals with whom, and its own business: as a supplier and as a buyer of its suppliers. A figure is
what a group has in a cell or total, as a supplier or as a buyer; inferred is what can be bounded
within p % of the truth.

A sum of which an attacker does not know `rest`, and `u` of a group's figure x, tells it that the
figure is at most x - u + rest: it is withheld unless rest - u > p x (the p % rule with insiders,
Hundepool et al. 2012, chapter 4). What is withheld must not follow from what is published, in this
release or an earlier one: for every such figure and attacker, linear programs find cells that agree
with all that is published and with what that attacker knows, where the figure is more than p %
above; and others, where it is more than p % below. If they cannot, the release is refused.

What is promised beyond that, and what is not: docs/explanation/disclosure.md.
"""

from services.insights.domain.disclosure.audit import audit
from services.insights.domain.disclosure.catalog import (
    CATALOG,
    TOTAL,
    Axis,
    Family,
    Figures,
    Finding,
    Interval,
    Measure,
    Node,
    Part,
    Policy,
    Question,
    Reason,
    Refused,
    Release,
    Row,
    Shape,
    Table,
)
from services.insights.domain.disclosure.protection import protect

__all__ = [
    "CATALOG",
    "TOTAL",
    "Axis",
    "Family",
    "Figures",
    "Finding",
    "Interval",
    "Measure",
    "Node",
    "Part",
    "Policy",
    "Question",
    "Reason",
    "Refused",
    "Release",
    "Row",
    "Shape",
    "Table",
    "audit",
    "protect",
]
