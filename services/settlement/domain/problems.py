"""Why something is refused in settlement."""

from shared.problem import Conflict, Forbidden, InvalidInput, NotFound


class PayableNotFound(NotFound):
    """There is no such delivery to be paid for, or it is not the caller's to see."""


class InvoiceNotFound(NotFound):
    """There is no such invoice, or it is not the caller's to see."""


class OrderLineNotFound(NotFound):
    """There is no such order line between the two, or it is not known here yet."""


class StatementNotFound(NotFound):
    """There is no such statement, or it is not the caller's to see."""


class ProposalNotFound(NotFound):
    """There is no such payment proposal, or it is not the caller's to see."""


class PaymentNotFound(NotFound):
    """There is no such payment, or it is not the caller's to see."""


class NothingAccepted(Conflict):
    """Nothing that was accepted is left to be invoiced or agreed on."""


class NotTheSupplier(Forbidden):
    """Only the supplier of an invoice may do this."""


class NotTheBuyer(Forbidden):
    """Only the buyer of an invoice may do this."""


class NotAParty(Forbidden):
    """Only one of the two sides may do this."""


class NumberTaken(Conflict):
    """The supplier has another document under this number for the same buyer."""


class DuplicateInvoice(Conflict):
    """The same invoice is here already."""


class DuplicatePayment(Conflict):
    """A payment with this reference is here already."""


class AlreadyReversed(Conflict):
    """A payment can be reversed once, and a reversal cannot be reversed."""


class ReferenceTaken(Conflict):
    """Another payment to the same supplier has this reference."""


class CurrenciesMixed(InvalidInput):
    """One document has one currency."""


class AmountImpossible(InvalidInput):
    """The amount cannot be kept in whole minor units of its currency."""


class NothingDisputed(Conflict):
    """Nothing of this line waits for a decision."""


class NotAcceptedYet(Conflict):
    """What was not accepted as goods cannot be accepted as an invoice."""


class MoreThanLeft(Conflict):
    """A credit note cannot give back more than is left unpaid."""


class MoreThanPayable(Conflict):
    """A payment cannot exceed what is payable and unpaid."""


class NothingPayable(Conflict):
    """Nothing of it is payable and unpaid."""


class NotPayableYet(Conflict):
    """The invoice is not matched with accepted goods yet; the same may be sent again later."""


class ApprovalNeeded(Conflict):
    """A payment above the limit needs an approved proposal."""


class ApproveAsAnother(Conflict):
    """Another person than the one who proposed, or approved already, has to approve."""


class OnlyAPerson(Forbidden):
    """Only a person approves, no program."""


class AlreadyDecided(Conflict):
    """The proposal is not open any more."""


class StatementFrozen(Conflict):
    """Both sides agreed on the statement: it is frozen."""


class StatementNotAgreed(Conflict):
    """A statement is invoiced when both sides have agreed on it."""


class NotYetHappened(InvalidInput):
    """A document says that something happened in the future."""
