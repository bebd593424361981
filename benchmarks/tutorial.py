"""What people would build instead: a FastAPI app over SQLAlchemy's ORM, as tutorials write one.

It does the same over the same tables: checks a token, locks the work order, counts, writes history
and an event to an outbox, commits. It is spared the row policies, predictions and metrics.
"""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from pydantic import BaseModel
from sqlalchemy import ARRAY, Numeric, String, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

DATABASE_URL, SECRET = "TUTORIAL_DATABASE_URL", "tutorial" * 5

app = FastAPI()
engine = create_engine(
    os.environ.get(DATABASE_URL, "postgresql+psycopg://"), pool_size=20, max_overflow=20
)
oauth2 = OAuth2PasswordBearer("token")
key = OctKey.import_key(SECRET)


class Table(DeclarativeBase):
    """The base of what is mapped here."""


class WorkOrder(Table):
    """A row of state."""

    __tablename__ = "work_orders"
    __table_args__ = {"schema": "production"}  # noqa: RUF012

    id: Mapped[UUID] = mapped_column(primary_key=True)
    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    order_id: Mapped[UUID]
    schedule_line_id: Mapped[UUID]
    agreed: Mapped[Decimal]
    unit: Mapped[str]
    operations: Mapped[list[str]] = mapped_column(ARRAY(String))
    good: Mapped[list[Decimal]] = mapped_column(ARRAY(Numeric))
    scrapped: Mapped[list[Decimal]] = mapped_column(ARRAY(Numeric))
    reports: Mapped[int]
    started_at: Mapped[datetime | None]
    last_reported_at: Mapped[datetime | None]
    revision: Mapped[int]


class Report(Table):
    """A row of history."""

    __tablename__ = "reports"
    __table_args__ = {"schema": "production"}  # noqa: RUF012

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    work_order_id: Mapped[UUID]
    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    operation: Mapped[int]
    good: Mapped[Decimal]
    scrapped: Mapped[Decimal]
    reported_by: Mapped[str]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    imported: Mapped[bool] = mapped_column(default=False)


class Outbox(Table):
    """An event to be sent."""

    __tablename__ = "outbox"
    __table_args__ = {"schema": "production"}  # noqa: RUF012

    position: Mapped[int] = mapped_column(primary_key=True)
    topic: Mapped[str]
    subject: Mapped[str]
    message: Mapped[str]


class ReportIn(BaseModel):
    """What is reported."""

    work_order_id: UUID
    operation: int
    good: Decimal
    scrapped: Decimal = Decimal(0)


class ReportedOut(BaseModel):
    """What became of it."""

    report_id: UUID
    work_order_id: UUID
    outcome: str
    completed: Decimal


def opened() -> Iterator[Session]:
    """Open a session for a request."""
    with Session(engine) as session:
        yield session


def signed_in(token: Annotated[str, Depends(oauth2)]) -> dict[str, str]:
    """Return whose token it is."""
    try:
        return dict(jwt.decode(token, key).claims)
    except JoseError as error:
        raise HTTPException(401) from error


def token(supplier_id: UUID) -> str:
    """Return a token that `signed_in` takes."""
    return jwt.encode({"alg": "HS256"}, {"sub": str(supplier_id), "name": "Li Wei"}, key)


Opened = Annotated[Session, Depends(opened)]
SignedIn = Annotated[dict[str, str], Depends(signed_in)]


def record(session: Session, report: ReportIn, caller: dict[str, str]) -> ReportedOut:
    """Write state, history and an event for one report."""
    order = session.get(WorkOrder, report.work_order_id, with_for_update=True)
    if order is None or str(order.supplier_id) != caller["sub"]:
        raise HTTPException(404)
    now, index = datetime.now(UTC), report.operation - 1
    if not 0 <= index < len(order.operations) or order.good[index] + report.good > order.agreed:
        raise HTTPException(409)
    good, scrapped = list(order.good), list(order.scrapped)
    good[index] += report.good
    scrapped[index] += report.scrapped
    order.good, order.scrapped = good, scrapped
    order.reports, order.revision = order.reports + 1, order.revision + 1
    order.started_at, order.last_reported_at = order.started_at or now, now
    row = Report(
        **report.model_dump(),
        id=uuid4(),
        buyer_id=order.buyer_id,
        supplier_id=order.supplier_id,
        reported_by=caller["name"],
        occurred_at=now,
        recorded_at=now,
    )
    session.add(row)
    session.add(_event(order, row))
    return ReportedOut(
        report_id=row.id, work_order_id=order.id, outcome="recorded", completed=good[-1]
    )


def _event(order: WorkOrder, row: Report) -> Outbox:
    fact = {
        "work_order_id": str(order.id),
        "order_id": str(order.order_id),
        "schedule_line_id": str(order.schedule_line_id),
        "buyer_id": str(order.buyer_id),
        "supplier_id": str(order.supplier_id),
        "revision": order.revision,
        "report_id": str(row.id),
        "operation": row.operation,
        "good": str(row.good),
        "scrapped": str(row.scrapped),
        "completed": str(order.good[-1]),
        "ordered": str(order.agreed),
        "unit": order.unit,
        "operations": [
            {"sequence": place + 1, "name": name, "good": str(good), "scrapped": str(scrapped)}
            for place, (name, good, scrapped) in enumerate(
                zip(order.operations, order.good, order.scrapped, strict=True)
            )
        ],
        "occurred_at": row.occurred_at.isoformat(),
        "recorded_at": row.recorded_at.isoformat(),
    }
    sealed = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "/production",
        "type": "production.progress_reported.v1",
        "subject": str(order.id),
        "time": row.recorded_at.isoformat(),
        "datacontenttype": "application/json",
        "data": fact,
    }
    return Outbox(topic="production", subject=str(order.id), message=json.dumps(sealed))


@app.post("/reports", status_code=201)
def report_one(report: ReportIn, caller: SignedIn, session: Opened) -> ReportedOut:
    """Take one report."""
    answer = record(session, report, caller)
    session.commit()
    return answer


@app.post("/reports/bulk")
def report_many(reports: list[ReportIn], caller: SignedIn, session: Opened) -> list[ReportedOut]:
    """Take many reports."""
    answers = [record(session, report, caller) for report in reports]
    session.commit()
    return answers
