"""The tables of the settlement schema."""

from services.settlement.models.deliveries import (
    Acceptance,
    OrderLine,
    Payable,
    ReceiptLine,
    Relationship,
    ScheduleLine,
)
from services.settlement.models.invoices import (
    Allocation,
    CreditNote,
    Invoice,
    InvoiceLine,
    Step,
)
from services.settlement.models.journal import Account, Entry, Posting
from services.settlement.models.model import Model
from services.settlement.models.payments import (
    Approval,
    Payment,
    PaymentPart,
    Proposal,
    ProposalLine,
    Settings,
)
from services.settlement.models.statements import Statement, StatementLine

__all__ = [
    "Acceptance",
    "Account",
    "Allocation",
    "Approval",
    "CreditNote",
    "Entry",
    "Invoice",
    "InvoiceLine",
    "Model",
    "OrderLine",
    "Payable",
    "Payment",
    "PaymentPart",
    "Posting",
    "Proposal",
    "ProposalLine",
    "ReceiptLine",
    "Relationship",
    "ScheduleLine",
    "Settings",
    "Statement",
    "StatementLine",
    "Step",
]
