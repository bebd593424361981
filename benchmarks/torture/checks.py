"""What must hold when everything has come to rest: each check returns what is wrong, in words."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg

from benchmarks.torture.flow import UNHEARD, UNSENT, counted, listening, publishers
from benchmarks.torture.journal import Journal
from benchmarks.torture.mischief import Poison
from benchmarks.torture.standing import SERVICES, Installation
from lianqiao.agreement import AGREEMENTS, Agreement
from lianqiao.installation import service
from shared.events import Message

SHOWN_MAX = 20
ALL = 2**62
STORED = {
    "order": "SELECT number || '|' || amount_minor FROM orders.orders",
    "confirmation": """
        SELECT schedule_line_id || '|' || trim_scale(quantity) FROM orders.promises""",
    "report": "SELECT reference || '|' || trim_scale(good) FROM production.reports",
    "shipment": """
        SELECT number || '|' || trim_scale(sum(quantity)) FROM logistics.shipments
        JOIN logistics.notice_lines ON shipment_id = shipments.id GROUP BY shipments.id""",
    "departure": "SELECT number FROM logistics.shipments WHERE departed_at IS NOT NULL",
    "receipt": """
        SELECT number || '|' || trim_scale(sum(received)) FROM logistics.receipts
        JOIN logistics.receipt_lines ON receipt_id = receipts.id GROUP BY receipts.id""",
    "acceptance": """
        SELECT receipt_id || '|' || trim_scale(sum(accepted)) FROM logistics.acceptances
        JOIN logistics.acceptance_lines ON acceptance_id = acceptances.id GROUP BY acceptances.id
    """,
    "invoice": "SELECT number FROM settlement.invoices",
    "payment": "SELECT reference FROM settlement.payments",
}
"""By kind, SQL that gives one text for each effect, as the journal writes it."""

MORE_AGREEMENTS = (
    Agreement(
        "settlement owes what logistics accepted",
        "logistics",
        "SELECT receipt_line_id, trim_scale(sum(accepted)), trim_scale(sum(rejected)) "
        "FROM acceptance_lines GROUP BY receipt_line_id",
        "settlement",
        "SELECT id, trim_scale(accepted), trim_scale(rejected) FROM receipt_lines "
        "WHERE accepted + rejected > 0",
    ),
    Agreement(
        "settlement prices every line as orders has it",
        "orders",
        "SELECT id, trim_scale(quantity), amount_minor FROM order_lines",
        "settlement",
        "SELECT id, trim_scale(quantity), amount_minor FROM order_lines",
    ),
    Agreement(
        "logistics knows every promise as orders has it",
        "orders",
        "SELECT id, trim_scale(quantity), promised_on FROM schedule_lines",
        "logistics",
        "SELECT id, trim_scale(quantity), promised_on FROM schedule_lines",
    ),
    Agreement(
        "logistics shows what production has made",
        "production",
        "SELECT schedule_line_id, trim_scale(completed) FROM work_orders WHERE completed > 0",
        "logistics",
        "SELECT schedule_line_id, trim_scale(good) FROM progress WHERE good > 0",
    ),
)
BALANCED = ("settlement",)
CONSERVED = "orders", "production", "logistics"
PUBLISHED = """
    SELECT subject, message::json ->> 'id' FROM {}.outbox
    WHERE published_at IS NOT NULL ORDER BY position
"""
REPORTED = """
    SELECT subject, message::json -> 'data' ->> 'report_id' FROM production.outbox
    WHERE message::json ->> 'type' = 'production.progress_reported.v1' ORDER BY position
"""
LETTERS = "SELECT topic, subject, body, reason FROM {}.dead_letters ORDER BY position"
GIVEN_UP = """
    SELECT topic, subject, body, reason FROM {}.discarded_letters
    WHERE discarded_by <> 'lianqiao restored'
"""


@dataclass
class Scene:
    """What a check looks at."""

    standing: Installation
    journal: Journal
    database: str = "postgres"  # or a copy of it
    poisons: Sequence[Poison] = ()
    log: Sequence[Message] = ()  # all that the topics hold

    @contextmanager
    def connected(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        url = self.standing.directly.replace("/postgres?", f"/{self.database}?")
        with psycopg.connect(url, autocommit=True) as connection:
            yield connection

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self.connected() as connection:
            return list(connection.execute(statement.encode()))


class Check(NamedTuple):
    """A promise, and how it is looked after."""

    name: str
    look: Callable[[Scene], list[str]]


def stored(scene: Scene) -> list[str]:
    """Find what was acknowledged and is not there."""
    wrong = []
    for kind, statement in STORED.items():
        there = {str(row[0]) for row in scene.rows(statement)}
        wrong += [
            f"{kind} {text} was acknowledged and is not stored"
            for text in sorted(scene.journal.acknowledged[kind] - there)
        ]
    return wrong


def once(scene: Scene) -> list[str]:
    """Find what is there twice, or what nobody asked for."""
    wrong = []
    for kind, statement in STORED.items():
        there = Counter(str(row[0]) for row in scene.rows(statement))
        wrong += [f"{kind} {text} is stored {n} times" for text, n in there.items() if n > 1]
        wrong += [
            f"{kind} {text} is stored and nobody asked for it"
            for text in sorted(there.keys() - scene.journal.tried[kind])
        ]
    return wrong


def in_order(scene: Scene) -> list[str]:
    """Find subjects whose events were recorded or sent in another order than they happened."""
    logged: defaultdict[str, dict[str, None]] = defaultdict(dict)  # first arrivals, in order
    for message in scene.log:
        if id_ := _id_of(message.body):
            logged[message.subject].setdefault(id_)
    wrong = []
    for name in publishers():
        recorded: defaultdict[str, list[str]] = defaultdict(list)
        for subject, id_ in scene.rows(PUBLISHED.format(name)):
            recorded[subject].append(id_)
        for subject, ids in recorded.items():
            known = set(ids)
            if [one for one in logged[subject] if one in known] != ids:
                wrong.append(f"{name} {subject}: the topic holds its events in another order")
    told: defaultdict[str, list[str]] = defaultdict(list)
    for subject, report_id in scene.rows(REPORTED):
        told[subject].append(report_id)
    for subject, reports in scene.journal.in_order.items():
        known = set(reports)
        if [one for one in told[subject] if one in known] != reports:
            wrong.append(f"production {subject}: events in another order than the answers")
    return wrong


def _id_of(body: bytes) -> str | None:
    try:
        return str(json.loads(body)["id"])
    except (ValueError, KeyError, TypeError):
        return None


def invariants(*names: str) -> Callable[[Scene], list[str]]:
    """Look after the invariants of some services, as their CHECKS say them."""

    def look(scene: Scene) -> list[str]:
        wrong = []
        for name in names:
            for about, statement in service(name).checks.items():
                rows = _as_system(scene, name, statement)
                wrong += [f"{name}: {about}: {', '.join(map(str, row))}" for row in rows]
        return wrong

    return look


def _as_system(scene: Scene, name: str, statement: str) -> list[tuple[Any, ...]]:
    with scene.connected() as connection:
        connection.execute(f"SET search_path TO {name}; SET ROLE {name}_system".encode())
        return list(connection.execute(statement.encode()))


def agree(scene: Scene) -> list[str]:
    """Find what one service says and another has heard otherwise."""
    wrong = []
    for agreement in (*AGREEMENTS, *MORE_AGREEMENTS):
        told = _texts(scene, agreement.teller, agreement.told)
        heard = _texts(scene, agreement.hearer, agreement.heard)
        for where, rows in ((agreement.teller, told - heard), (agreement.hearer, heard - told)):
            wrong += [f"{agreement.name}: only {where} has {', '.join(row)}" for row in rows]
    return wrong


def _texts(scene: Scene, name: str, statement: str) -> set[tuple[str, ...]]:
    return {tuple(map(str, row)) for row in _as_system(scene, name, statement)}


def heard(scene: Scene) -> list[str]:
    """Find what was not sent, and what did not arrive at somebody who listens."""
    wrong = []
    with scene.connected() as connection:
        for name in publishers():
            if count := counted(connection, UNSENT, [name], ALL):
                wrong.append(f"{name} has {count} events that were not sent")
            for hearer, types in listening(name):
                if count := counted(connection, UNHEARD, [name, hearer], 0, ALL, types):
                    wrong.append(f"{hearer} has not heard {count} events of {name}")
    return wrong


def rebuilt(scene: Scene) -> list[str]:
    """Make the read tables anew from the topics, and compare their SHA-256 with the live ones'."""
    url = f"{scene.standing.url.rpartition('/')[0]}/{scene.database}"
    done = scene.standing.run("insights", "rebuild", "--json", url=url)
    try:
        account = json.loads(done.stdout)
    except ValueError:
        return [f"the rebuild ended with {done.returncode}: {done.stderr[-400:]}"]
    wrong = [
        f"{one['table']}: {one['rows']} rows are {one['live'][:12]}, "
        f"rebuilt {one['rows_rebuilt']} rows are {one['rebuilt'][:12]}"
        for one in account["tables"]
        if one["live"] != one["rebuilt"]
    ]
    counts = {name: account[name] for name in ("unheard", "lacking", "failed") if account[name]}
    return wrong + [f"{name}: {count} events" for name, count in counts.items()]


def letters_named(scene: Scene) -> list[str]:
    """Find dead letters that are no poison, poison that is none, and what waits behind nothing."""
    wrong, expected = [], _expected(scene.poisons)
    for name in SERVICES:
        rows = [(row[0], row[1], bytes(row[2]), row[3]) for row in scene.rows(LETTERS.format(name))]
        named = {row[:3] for row in rows if row[3]}
        held_up = {row[:2] for row in rows if row[3]}
        for topic, subject, body, reason in rows:
            if reason is None and (topic, subject) not in held_up:
                wrong.append(f"{name}: {topic} {subject} waits behind nothing")
            if reason and (topic, subject, body) not in expected[name]:
                wrong.append(f"{name}: {topic} {subject} is a dead letter: {reason[:200]}")
            if reason and not reason.startswith("Unreadable"):
                wrong.append(f"{name}: {topic} {subject} is named wrongly: {reason[:200]}")
        waits = {row[:3] for row in rows if row[3] is None}  # poison behind poison
        wrong += [
            f"{name}: poison on {topic} {subject} is no dead letter"
            for topic, subject, body in sorted(expected[name] - named - waits)
        ]
    return wrong


def letters_gone(scene: Scene) -> list[str]:
    """Find letters that still wait, and poison that was not kept with the reason."""
    wrong, expected = [], _expected(scene.poisons)
    for name in SERVICES:
        left = scene.rows(LETTERS.format(name))
        wrong += [f"{name}: {row[0]} {row[1]} still waits: {row[3]}" for row in left]
        kept = {(row[0], row[1], bytes(row[2])) for row in scene.rows(GIVEN_UP.format(name))}
        lost, more = expected[name] - kept, kept - expected[name]
        wrong += [f"{name}: poison on {row[0]} {row[1]} is not kept" for row in sorted(lost)]
        wrong += [f"{name}: {row[0]} {row[1]} was given up" for row in sorted(more)]
    return wrong


def _expected(poisons: Sequence[Poison]) -> dict[str, set[tuple[str, str, bytes]]]:
    return {
        name: {(one.topic, one.subject, one.body) for one in poisons if name in one.hearers}
        for name in SERVICES
    }


def answered(scene: Scene) -> list[str]:
    """Find what was refused that should not have been, and answers that are defects."""
    return list(scene.journal.refused)


LETTERS_CHECK = Check("dead letters are the poison, each by its reason", letters_named)
CHECKS = (
    Check("what was acknowledged is stored", stored),
    Check("each effect is there once, and asked for", once),
    Check("each subject is in order", in_order),
    Check("the books balance", invariants(*BALANCED)),
    Check("quantities are conserved", invariants(*CONSERVED)),
    Check("all other invariants hold", invariants("identity", "onboarding", "insights")),
    Check("services agree", agree),
    Check("everything said is sent and heard", heard),
    Check("read models equal a rebuild", rebuilt),
    Check("no letter waits, all poison is kept", letters_gone),
    Check("nothing was refused, no answer is a defect", answered),
)
"""After the poison was given up and what waited behind it was applied."""


def looked(checks: Sequence[Check], scene: Scene) -> dict[str, list[str]]:
    """Look after each promise; what is wrong comes by its name."""
    return {check.name: check.look(scene)[:SHOWN_MAX] for check in checks}
