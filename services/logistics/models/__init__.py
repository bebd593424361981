"""The tables of the logistics schema."""

from services.logistics.models.lines import (
    Counter,
    Organization,
    Progress,
    Relationship,
    ScheduleLine,
)
from services.logistics.models.model import Model
from services.logistics.models.receipts import (
    Acceptance,
    AcceptanceLine,
    Photo,
    Receipt,
    ReceiptLine,
)
from services.logistics.models.shipments import Entry, NoticeLine, Package, PackageLine, Shipment

__all__ = [
    "Acceptance",
    "AcceptanceLine",
    "Counter",
    "Entry",
    "Model",
    "NoticeLine",
    "Organization",
    "Package",
    "PackageLine",
    "Photo",
    "Progress",
    "Receipt",
    "ReceiptLine",
    "Relationship",
    "ScheduleLine",
    "Shipment",
]
