"""Why insights may refuse."""

from shared.problem import Conflict, NotFound


class ScorecardNotFound(NotFound):
    """There is no such relationship, or it is not the caller's."""


class PreviewNotFound(NotFound):
    """There is no such preview."""


class ReleaseNotFound(NotFound):
    """There is no such release, or it has no such table."""


class MonthIsNotOver(Conflict):
    """Only months that are over can be published."""


class AlreadyReleased(Conflict):
    """The month was published before, and what was published stays."""


class NotAudited(Conflict):
    """The preview has not passed the audit: nothing of it is published."""


class AnotherCameFirst(Conflict):
    """Another release was published since the preview: both must be audited together."""
