"""The tables of the insights schema."""

from services.insights.models.facts import Acceptance, Delivery, Line, Order, PaidPart, Payable
from services.insights.models.model import Model
from services.insights.models.months import LineMonth, Month, MonthAmount, PayableMonth
from services.insights.models.parties import Organization, Relationship
from services.insights.models.releases import (
    Contributor,
    Look,
    Preview,
    Protection,
    Release,
    ReleaseLook,
    Waiver,
)

READ_TABLES: tuple[type[Model], ...] = (
    Organization,
    Relationship,
    Order,
    Line,
    Delivery,
    Acceptance,
    Payable,
    PaidPart,
    LineMonth,
    PayableMonth,
    Month,
    MonthAmount,
)
"""What is made of events alone, and can be made of them again."""

__all__ = [
    "READ_TABLES",
    "Acceptance",
    "Contributor",
    "Delivery",
    "Line",
    "LineMonth",
    "Look",
    "Model",
    "Month",
    "MonthAmount",
    "Order",
    "Organization",
    "PaidPart",
    "Payable",
    "PayableMonth",
    "Preview",
    "Protection",
    "Relationship",
    "Release",
    "ReleaseLook",
    "Waiver",
]
