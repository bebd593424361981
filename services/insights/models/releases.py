"""What is published for regulators, how it came about, and who looked at what."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from services.insights.models.model import Model
from shared.database import Identified

Cascade = Annotated[UUID, mapped_column(ForeignKey("releases.id"))]


class Protection(Model):
    """How closely nobody may be estimated, in percent: the installation's own secret.

    Drawn once, never changed, and read by the system role alone.
    """

    __tablename__ = "protection"
    __table_args__ = (
        CheckConstraint("id = 1", "there_is_one"),
        CheckConstraint("percent BETWEEN 10 AND 20", "between_10_and_20"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    percent: Mapped[Decimal] = mapped_column(Numeric(6, 4))


class Preview(Identified, Model):
    """A month's tables as they would be published, or why they would not be: work with progress."""

    __tablename__ = "previews"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'running', 'passed', 'refused')", "state_is_known"),
        Index(
            None,
            "created_at",
            postgresql_where=text("state IN ('waiting', 'running')"),
        ),
    )

    month: Mapped[date]
    state: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    done: Mapped[int] = mapped_column(server_default=text("0"))
    total: Mapped[int] = mapped_column(server_default=text("1"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    seen_at: Mapped[datetime | None]  # when whoever works on it last said so
    reason: Mapped[str | None]  # why it was refused
    content: Mapped[str | None]  # what would be published, to the byte
    rows: Mapped[str | None]  # the sums that it was made from, as they were
    withheld: Mapped[str | None]  # where nothing is shown and why: for the operator alone
    sha256: Mapped[str | None]
    after_id: Mapped[UUID | None]  # the last release that it was audited together with
    contributor_ids: Mapped[list[UUID] | None]
    asked_by: Mapped[str]
    finished_at: Mapped[datetime | None]


class Release(Identified, Model):
    """A month's tables, published for good."""

    __tablename__ = "releases"

    month: Mapped[date] = mapped_column(unique=True)
    preview_id: Mapped[UUID] = mapped_column(ForeignKey("previews.id"))
    content: Mapped[str]
    sha256: Mapped[str]
    published_by: Mapped[str]
    published_at: Mapped[datetime]


class Contributor(Model):
    """An organization whose figures are in the sums of a release."""

    __tablename__ = "contributors"

    release_id: Mapped[Cascade] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)


class ReleaseLook(Identified, Model):
    """Somebody read or downloaded a release."""

    __tablename__ = "release_looks"
    __table_args__ = (Index(None, "release_id", "id"),)

    release_id: Mapped[Cascade]
    reader_id: Mapped[UUID]
    reader_name: Mapped[str]  # the organization
    person: Mapped[str]
    kind: Mapped[str]
    detail: Mapped[str]


class Look(Identified, Model):
    """One side of a relationship read figures that are also the other's."""

    __tablename__ = "looks"
    __table_args__ = (
        CheckConstraint("reader IN ('buyer', 'supplier')", "reader_is_a_side"),
        Index(None, "buyer_id", "created_at"),
        Index(None, "supplier_id", "created_at"),
    )

    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    reader: Mapped[str]
    person: Mapped[str]
    kind: Mapped[str]


class Waiver(Identified, Model):
    """An organization lets its own sums be inferred from releases, or does so no more.

    The last word counts. Who supplies a waiving buyer stays protected as before.
    """

    __tablename__ = "waivers"
    __table_args__ = (Index(None, "organization_id", "id"),)

    organization_id: Mapped[UUID]
    given: Mapped[bool]
    said_by: Mapped[str]
