"""What is published for regulators, and what its operator sees before."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contracts.values import Exact
from shared.types import Body, Day, View


class PreviewIn(Body):
    """Which month is to be worked out; any of its days names it."""

    month: Annotated[Day, Field(examples=["2026-01-01"])]


class ReleaseIn(Body):
    """Which preview is to be published."""

    preview_id: UUID


class CatalogTableOut(View):
    """A table of the catalog."""

    id: str
    name: str
    unit: Literal["count", "CNY", "%", "d"]
    zh: str
    en: str


class CellOut(View):
    """What is published of one place; `*` stands for all regions, or all industries."""

    region: str
    region_name: str
    region_english: str
    industry: str
    industry_name: str
    industry_english: str
    value: Exact


class WithheldOut(View):
    """Where nothing is shown, and why: it says something of the figure, so for operators alone."""

    region: str
    industry: str
    reason: str


class TableOut(View):
    """A published table: only what is published is listed; of all else nothing is said."""

    name: str
    unit: str
    month: date
    cells: list[CellOut]


class PreviewTableOut(View):
    """What of a table would be published, and what withheld."""

    name: str
    unit: str
    published: int
    withheld: int
    cells: list[CellOut]
    left_out: list[WithheldOut]


class PreviewOut(View):
    """A month's tables being worked out, or worked out."""

    id: UUID
    month: date
    state: Literal["waiting", "running", "passed", "refused"]
    done: int = Field(description="Steps, of `total`.")
    total: int
    reason: str | None = Field(description="Why nothing of it may be published.")
    sha256: str | None
    asked_by: str
    created_at: datetime
    finished_at: datetime | None


class PreviewWithTablesOut(PreviewOut):
    """A preview with what it would publish."""

    tables: list[PreviewTableOut]


class ReleaseOut(View):
    """What was published of a month, for good."""

    id: UUID
    month: date
    sha256: str = Field(description="Of the file that is exported as JSON.")
    published_by: str
    published_at: datetime
    tables: list[str]


class PointOut(View):
    """What was published of one place for one month."""

    release_id: UUID
    month: date
    value: Exact | None = Field(description="Null: not published.")


class SeriesOut(View):
    """What was published of one place, month by month."""

    name: str
    unit: str
    region: str
    industry: str
    cells: list[PointOut]


class ReleaseLookOut(View):
    """Somebody read or downloaded a release."""

    id: UUID
    reader_id: UUID
    organization: str
    reader: str = Field(description="The person or the program.")
    kind: Literal["release", "table", "series", "download"]
    detail: str
    at: datetime


class NoteOut(View):
    """A note on method, in both languages."""

    id: str
    zh: str
    en: str


class MethodOut(View):
    """How the figures come about."""

    edition: str
    notes: list[NoteOut]
