"""Postings to the books, over HTTP and by the posting function alone."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from benchmarks import straight
from benchmarks.books import BUYER, opened
from benchmarks.load import Load, Loaded, loaded, post
from benchmarks.result import Chart, Figure, Point, Result, Target, middle
from benchmarks.seeding import made_id
from benchmarks.slices import in_turn, ratio
from benchmarks.stage import Options, Stage, stage
from contracts.scopes import Scope
from services.settlement.commands.books import POST
from services.settlement.domain.journal import Account

ACCOUNTS = 1_000
CONNECTIONS = 8
ROUNDS = 4
NOTES = [
    f"A payment is one posting of two entries. A book has {len(Account)} accounts, all held.",
    "By pgbench a book is held and posted to; a payment also reads and writes what it is for.",
]
HOLD = """
    SELECT name FROM accounts
    WHERE (buyer_id, supplier_id, currency) = ('{buyer}', {supplier}, 'CNY')
    ORDER BY name FOR UPDATE
"""
ROW = (
    '{"id": "%s", "buyer_id": "%s", "supplier_id": "%s", "currency": "CNY", "kind": "paid",'
    ' "source_id": "%s", "reverses": null, "by": "Li Wei", "occurred_on": "%s", "imported": false}'
)
ENTRY = '{"posting_id": "%s", "turn": %s, "account": "%s", "amount_minor": %s}'


def paying(token: str, invoices: Sequence[UUID], turn: int) -> Iterator[bytes]:
    """Pay a cent of each invoice in turn, each time under another reference."""
    today, run = datetime.now(UTC).date().isoformat(), uuid4().hex[:12]
    for number in count():
        invoice_id = invoices[(turn * 17 + number) % len(invoices)]
        body = {
            "invoice_id": str(invoice_id),
            "amount": "0.01",
            "paid_on": today,
            "reference": f"{run}-{turn}-{number}",
        }
        yield post("/api/settlement/v1/payments", body, token=token)


def run(options: Options) -> Result:
    """Measure payments over HTTP and their postings by pgbench in turn, spread and on one book."""
    books = 3 if options.quick else ACCOUNTS // len(Account)
    with stage(broker=not options.quick, services=["settlement"]) as here:
        port, _ = here.api("settlement")
        invoices = opened(here, port, count=books)
        token = here.token(BUYER, Scope.SETTLEMENT_PAY, Scope.SETTLEMENT_READ)
        seconds = options.slice_s
        sides: dict[str, Any] = {}
        for name, some in (("spread", invoices), ("one book", invoices[:1])):
            load = Load(port, partial(paying, token, some), CONNECTIONS, seconds)
            sides[f"over HTTP, {name}"] = partial(loaded, load)
            limit = partial(_posting, here, here.folder, len(some), seconds)
            sides[f"posting function by pgbench, {name}"] = limit
        found = in_turn(sides, rounds=min(options.rounds, ROUNDS))
    return _result(found)


def _result(found: Any) -> Result:  # noqa: ANN401
    loads = [one for several in found.values() for one in several if isinstance(one, Loaded)]
    assert not sum(one.errors for one in loads), [one.refused for one in loads if one.errors][:1]
    per_s = {
        name: [one.per_s if isinstance(one, Loaded) else one for one in several]
        for name, several in found.items()
    }
    ratios = [
        Figure(
            name=f"payments over HTTP ÷ posting function by pgbench, {name}",
            value=ratio(per_s[f"over HTTP, {name}"], per_s[f"posting function by pgbench, {name}"]),
            unit="×",
        )
        for name in ("spread", "one book")
    ]
    figures = [
        Figure(name=name, value=middle(values), unit="per s") for name, values in per_s.items()
    ]
    points = [
        Point(series=f.name.split(", ")[0], at=f.name.split(", ")[1], value=f.value)
        for f in figures
    ]
    return Result.of(
        "ledger",
        "Postings over 1,000 accounts, and on the accounts of one book",
        ratios=ratios,
        figures=figures,
        targets=[
            Target(name=ratios[0].name, at_least=0.3),
            Target(name="over HTTP, one book", at_least=150),
        ],
        notes=NOTES,
        charts=[Chart(name="bench-ledger", title="Postings", unit="per second", points=points)],
    )


def _posting(here: Stage, folder: Path, books: int, seconds: float) -> float:
    supplier = "('01930000-005b-7000-8000-' || lpad(to_hex((:n)::bigint), 12, '0'))::uuid"
    assert str(made_id(91, 0)).startswith("01930000-005b-7000-8000-")
    # Sorted by time, as the ids of postings are; the transaction's time is the same at both places.
    posting = (
        "(lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint), 12, '0')"
        " || '7' || substr(md5((:a)::bigint::text), 1, 19))"
    )
    words = posting, f"'{BUYER}'", supplier, "uuidv7()", "current_date"
    row = f"format('[{ROW}]', {', '.join(words)})"
    entries = [
        (0, Account.PAYABLE, 1),
        (1, Account.PAID, -1),
    ]
    entry = ", ".join(ENTRY % ("%1$s", turn, name, amount) for turn, name, amount in entries)
    given = {
        "postings": row,
        "entries": f"format('[{entry}]', {posting})",
        "at": "now()",
    }
    statements = [
        f"SELECT set_config('app.organization_id', '{BUYER}', true)",
    ]
    hold = HOLD.format(buyer=BUYER, supplier=supplier)
    return straight.by_pgbench(
        here.conninfo,
        folder / "posting.sql",
        [f"\\set n random(0, {books - 1})", "\\set a random(1, 4611686018427387904)"],
        [*statements, hold, straight.filled(POST, given)],
        role="settlement",
        connections=CONNECTIONS,
        seconds=seconds,
    )
