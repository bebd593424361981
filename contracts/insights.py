"""What the insights service tells the others."""

from datetime import date, datetime
from uuid import UUID

from contracts.event import Event


class ReleasePublished(Event, type="insights.release_published.v1", subject="release_id"):
    """A month's tables are published for good; nobody's figure can be inferred from them."""

    release_id: UUID
    month: date  # its first day
    tables: list[str]
    sha256: str
    published_at: datetime
