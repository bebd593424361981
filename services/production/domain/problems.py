"""Why something is refused in production."""

from shared.problem import Problem


class WorkOrderNotFound(Problem):
    """There is no such work order, or it is not the caller's to see."""

    status = 404


class ReportNotFound(Problem):
    """There is no such report, or it is not the caller's to see."""

    status = 404


class NotTheSupplier(Problem):
    """Only the supplier of a work order reports progress on it."""

    status = 403


class NoSuchOperation(Problem):
    """The work order has no operation of this number."""

    status = 422


class NothingReported(Problem):
    """A report says neither a good nor a scrapped quantity."""

    status = 422


class NotYetHappened(Problem):
    """A report says that something happened in the future."""

    status = 422


class MoreThanOrdered(Problem):
    """More was reported than is left to make."""

    status = 409


class MoreThanCameBefore(Problem):
    """An operation cannot take more than has left the operation before it."""

    status = 409


class LaterOperationsNeedIt(Problem):
    """What would be taken back has already gone through a later operation."""

    status = 409


class AlreadyReversed(Problem):
    """A report can be reversed once, and a reversal cannot be reversed."""

    status = 409


class ReferenceTaken(Problem):
    """Another report of this work order has the same reference."""

    status = 409


class WorkOrderCancelled(Problem):
    """The work order was cancelled; nothing more is to be made."""

    status = 409


class AlreadyStarted(Problem):
    """The operations are fixed once something was reported."""

    status = 409
