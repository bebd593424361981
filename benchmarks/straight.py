"""The limits of ingest: what PostgreSQL does for programs that do nothing else."""

import os
import re
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
import psycopg
from sqlalchemy import TextClause
from uuid_utils.compat import uuid7

from benchmarks.load import processes
from benchmarks.seeding import Seeded
from services.production.commands import RECORD_REPORTS, writing
from services.production.domain.prediction import Pace
from services.production.domain.progress import FINISHED, Operation, Progress
from services.production.domain.reports import Circumstances, Held, Made, Recorded, judge
from shared.local import POSTGRES

HOLD = """
    SELECT id, supplier_id, promised_on, agreed, cancelled_at, operations, good, scrapped, reports,
        started_at, last_reported_at, slipped_on, revision
    FROM work_orders WHERE (buyer_id = %(party)s OR supplier_id = %(party)s) AND id = ANY(%(ids)s)
    ORDER BY id FOR UPDATE
"""
ACT = "SELECT set_config('app.organization_id', %s, true)"
MARK = (
    "01920000-0000-7000-8000"  # what the ids of prepared reports begin with, until they are written
)
REPORT = "id, work_order_id, buyer_id, supplier_id, operation, good, scrapped, reported_by"
COPY_REPORTS = f"COPY reports ({REPORT}, occurred_at, recorded_at, imported) FROM STDIN"
COPY_OUTBOX = "COPY outbox (topic, subject, message) FROM STDIN"


class Plan(NamedTuple):
    """What one connection writes again and again: a report on each of so many work orders."""

    conninfo: str
    seeded: Seeded
    first: int
    rows: int
    seconds: float

    @property
    def supplier_id(self) -> UUID:
        """Return who reports."""
        return self.seeded.supplier_id(0)

    @property
    def work_order_ids(self) -> list[UUID]:
        """Return on what is reported."""
        return [self.seeded.work_order_id(self.first + n) for n in range(self.rows)]


class Written(NamedTuple):
    """How many rows, in which time."""

    rows: int
    seconds: float


def statements(plans: Sequence[Plan]) -> float:
    """Run the statements of the bulk endpoint, with nothing before or after; rows per second."""
    return _per_s([processes().submit(_statements, plan) for plan in plans])


def copies(plans: Sequence[Plan]) -> float:
    """COPY the same rows of history and outbox; state stays as it is. Rows per second."""
    return _per_s([processes().submit(_copies, plan) for plan in plans])


def _per_s(parts: list[Future[Written]]) -> float:
    found = [part.result() for part in parts]
    return sum(part.rows for part in found) / max(part.seconds for part in found)


def _statements(plan: Plan) -> Written:
    record = re.sub(r"(?<!:):(\w+)", r"%(\1)s", str(RECORD_REPORTS).replace("%", "%%"))
    values = prepared(plan)
    ids, party = list(plan.work_order_ids), plan.supplier_id
    with _connected(plan, "production_app") as connection:

        def once(fresh: str) -> None:
            with connection.transaction():
                connection.execute(ACT, [str(party)])
                connection.execute(HOLD, {"party": party, "ids": ids}, binary=True).fetchall()
                reports = str(values["reports"]).replace(MARK, fresh)
                connection.execute(record, values | {"reports": reports})

        return _repeated(plan, once)


def _copies(plan: Plan) -> Written:
    now = datetime.now(UTC).isoformat()
    history, mail = [], []
    for number, id_ in enumerate(plan.work_order_ids):
        buyer_id = plan.seeded.buyer_id(plan.first + number)
        parties = f"{buyer_id}\t{plan.supplier_id}"
        history.append(f"{_id(number)}\t{id_}\t{parties}\t1\t1\t0\tLi Wei\t{now}\t{now}\tf\n")
        mail.append(f"production\t{id_}\t{_message(parties, id_, number, now)}\n")
    rows, messages = "".join(history), "".join(mail)
    # COPY knows no row policies: it is the superuser's here.
    with _connected(plan, "postgres") as connection:

        def once(fresh: str) -> None:
            with connection.transaction():
                for command, text in ((COPY_REPORTS, rows), (COPY_OUTBOX, messages)):
                    with connection.cursor().copy(command) as copy:
                        copy.write(text.replace(MARK, fresh))

        return _repeated(plan, once)


def _repeated(plan: Plan, once: Callable[[str], None]) -> Written:
    rows, begun = 0, time.perf_counter()
    for fresh in _fresh():
        once(fresh)
        rows += plan.rows
        if time.perf_counter() - begun >= plan.seconds:
            break
    return Written(rows, time.perf_counter() - begun)


def _fresh() -> Iterator[str]:
    """Yield what ids begin with: the time, as in any UUIDv7, and chance that no fork shares."""
    while True:
        chance = secrets.token_hex(3)
        yield f"{str(uuid7())[:13]}-7{chance[:3]}-8{chance[3:]}"


def _id(number: int) -> str:
    return f"{MARK}-{number:012x}"


def _connected(plan: Plan, role: str) -> psycopg.Connection:
    options = "-c TimeZone=UTC -c search_path=production"
    return psycopg.connect(plan.conninfo, user=role, autocommit=True, options=options)


def prepared(plan: Plan) -> dict[str, object]:
    """Return what the write statement is told of one good piece of each work order."""
    now = datetime.now(UTC)
    under = Circumstances(plan.supplier_id, now, ZoneInfo("Asia/Shanghai"))
    begun = Pace(5, now - timedelta(days=3), now - timedelta(minutes=5))
    progress = Progress(Decimal(1_000_000_000), (Operation(FINISHED, Decimal(5)),))
    held = Held(plan.supplier_id, now.date() + timedelta(days=9_000), progress, begun)
    made = [
        Made(UUID(_id(number)), id_, 1, Decimal(1), Decimal(0), now)
        for number, id_ in enumerate(plan.work_order_ids)
    ]
    judged = judge(dict.fromkeys(plan.work_order_ids, held), made, under=under)
    accepted = [outcome for outcome in judged if isinstance(outcome, Recorded)]
    assert len(accepted) == len(made), judged
    return writing(accepted, by="Li Wei", under=under)


def _message(parties: str, id_: UUID, number: int, now: str) -> str:
    operations = [{"sequence": 1, "name": FINISHED, "good": "6", "scrapped": "0"}]
    dates = dict.fromkeys(("predicted_on", "early_50_on", "late_50_on", "early_90_on"), now[:10])
    times = {"started_at": now, "last_reported_at": now}
    prediction = dates | times | {"reports": 6, "done_share": "0.000001"}
    fact = {
        "work_order_id": id_,
        "order_id": id_,
        "schedule_line_id": id_,
        "buyer_id": parties[:36],
        "supplier_id": parties[37:],
        "report_id": _id(number),
        "good": "1",
        "scrapped": "0",
        "completed": "6",
        "ordered": "1000000000",
        "unit": "C62",
        "operations": operations,
        "prediction": prediction,
        "occurred_at": now,
        "recorded_at": now,
    }
    sealed = {
        "specversion": "1.0",
        "id": _id(number),
        "source": "/production",
        "type": "production.progress_reported.v1",
        "subject": id_,
        "time": now,
        "datacontenttype": "application/json",
        "data": fact,
    }
    return orjson.dumps(sealed).decode().replace("\\", "\\\\")


def pgbench(plan: Plan, *, connections: int, folder: Path) -> float:
    """Run the statements of one single report by pgbench, in one round trip; per second."""
    values = prepared(plan._replace(rows=1))
    work_order = "('01930000-0006-7000-8000-' || lpad(to_hex((:n)::bigint), 12, '0'))"
    about = str(plan.work_order_ids[0])
    # pgbench would take a colon before a letter for a variable of its own.
    reports, states = (
        re.sub(r":(?=[a-z])", ": ", str(values[name])) for name in ("reports", "work_orders")
    )
    row = f"replace($json${reports}$json$, '{about}', {work_order})"
    given = {
        "reports": f"replace({row}, '{_id(0)}', uuidv7()::text)",
        "work_orders": f"replace($json${states}$json$, '{about}', {work_order})",
        "at": "now()",
        "imported": "false",
        "reported_by": "'Li Wei'",
        "trace": "NULL::text",
    }
    record = filled(RECORD_REPORTS, given)
    hold = HOLD.replace("%(party)s", f"'{plan.supplier_id}'")
    hold = hold.replace("ANY(%(ids)s)", f"{work_order}::uuid")
    act = ACT.replace("%s", f"'{plan.supplier_id}'")
    return by_pgbench(
        plan.conninfo,
        folder / "single.sql",
        [f"\\set n random({plan.first}, {plan.first + plan.rows - 1})"],
        [act, hold, record],
        role="production",
        connections=connections,
        seconds=plan.seconds,
    )


def filled(statement: TextClause, given: Mapping[str, str]) -> str:
    """Return a statement of a service's with SQL in place of what it is told."""
    text = "\n".join(line.partition("--")[0] for line in str(statement).splitlines())
    for name, value in given.items():
        text = re.sub(rf"(?<!:):{name}\b", lambda _, value=value: value, text)  # type: ignore[misc]
    return text


def by_pgbench(  # noqa: PLR0913
    conninfo: str,
    script: Path,
    before: Sequence[str],
    statements: Sequence[str],
    *,
    role: str,
    connections: int,
    seconds: float,
) -> float:
    """Run statements in one transaction and one round trip as a service's app role; per second."""
    sent = [f"{text.strip()};" for text in ("BEGIN", *statements, "COMMIT")]
    lines = [*before, "\\startpipeline", *sent, "\\endpipeline", ""]
    script.write_text("\n".join(lines))
    server = dict(word.split("=") for word in conninfo.split())
    given = {
        "PGHOST": server["host"],
        "PGUSER": f"{role}_app",
        "PGOPTIONS": f"-c TimeZone=UTC -c search_path={role}",
    }
    whole = max(1, round(seconds))  # pgbench knows whole ones alone
    words = ["-n", "-M", "prepared", "-c", connections, "-j", 2, "-T", whole, "-f", script]
    command = [str(POSTGRES / "pgbench"), *map(str, words), "postgres"]
    environment = os.environ | given
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    found = re.search(r"tps = ([\d.]+)", said.stdout)
    assert found, said.stderr[-2_000:]
    assert "number of failed transactions: 0 " in said.stdout, said.stdout
    return float(found[1])
