"""Why something is refused in logistics."""

from shared.problem import Conflict, Forbidden, InvalidInput, NotFound


class ScheduleLineNotFound(NotFound):
    """There is no such schedule line, or it is not the caller's to see."""


class ShipmentNotFound(NotFound):
    """There is no such shipment, or it is not the caller's to see."""


class ReceiptNotFound(NotFound):
    """There is no such receipt, or it is not the caller's to see."""


class PhotoNotFound(NotFound):
    """There is no such photo, or it is not the caller's to see."""


class NotYourSide(Forbidden):
    """Only the other side of this delivery does that."""


class NotConfirmed(Conflict):
    """Only what the supplier has confirmed is shipped on a notice."""


class MoreThanLeft(Conflict):
    """More would be shipped than is left of the schedule line, its tolerance included."""


class OtherBuyer(Conflict):
    """A notice goes to one buyer."""


class NumberTaken(Conflict):
    """Another document of the same organization has this number, with another content."""


class PackedOtherwise(InvalidInput):
    """The packages hold what is not on the notice."""


class NotYetHappened(InvalidInput):
    """Something is said to have happened in the future."""


class OutOfOrder(InvalidInput):
    """An arrival lies before its departure."""


class AlreadyDeparted(Conflict):
    """The shipment has left, or was cancelled or received."""


class NotUnderWay(Conflict):
    """The shipment is not on its way."""


class AlreadyReceived(Conflict):
    """The shipment was received completely."""


class OtherSupplier(Conflict):
    """A receipt is about the goods of one supplier."""


class NotOnThisNotice(Conflict):
    """The line is not on the notice that is received."""


class SupplierUnknown(InvalidInput):
    """A receipt must tell whose goods came."""


class CarrierUnknown(InvalidInput):
    """No organization here is the carrier that the notice names."""


class MoreDamagedThanReceived(InvalidInput):
    """More is said to be damaged than came."""


class QuantityTooLarge(InvalidInput):
    """The quantity is larger than what can be kept."""


class MoreThanWaits(Conflict):
    """More would be judged than waits for acceptance."""


class ReasonMissing(InvalidInput):
    """A rejection needs a reason that the supplier can act on."""


class NothingWaits(Conflict):
    """Everything on this receipt was accepted or rejected."""


class DeemedAccepted(Conflict):
    """The days of inspection are over: what was not judged counts as accepted."""


class OrderNotKnownYet(Conflict):
    """The order has not been heard of here yet; send the same again shortly."""


class UnusablePhoto(InvalidInput):
    """The file is no JPEG or PNG picture of a usable size."""
