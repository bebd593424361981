"""Statistical disclosure control: what of a month's tables may be published.

`protect` decides, `audit` proves; both are pure. What is promised, to whom, and what is not:
docs/explanation/disclosure.md.
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
