"""Bugs to be planted after a load, each of which its check must find."""

from typing import NamedTuple

from psycopg import sql

from benchmarks.torture.checks import Scene
from benchmarks.torture.standing import SERVICES, Installation

BEFORE_DECISIONS = "".join(
    f"""
    INSERT INTO {name}.dead_letters (topic, subject, body, reason, arrived_at)
        SELECT topic, subject, body, reason, discarded_at FROM {name}.discarded_letters
        ORDER BY position;
    DELETE FROM {name}.discarded_letters;
    """  # noqa: S608  all parts are ours
    for name in SERVICES
)
"""Lets the poison wait again."""
EMPTIED = "".join(f"DELETE FROM {name}.{{}};" for name in SERVICES)  # noqa: S608  as above
UNGUARDED = """
    DO $$ DECLARE guard record; BEGIN
        FOR guard IN SELECT conrelid::regclass AS place, conname FROM pg_constraint
            WHERE contype = 'c' AND conrelid <> 0 AND conparentid = 0
        LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', guard.place, guard.conname);
        END LOOP;
    END $$
"""
HEALTHY = """
    INSERT INTO {} (topic, subject, body, reason, arrived_at)
        SELECT topic, subject, convert_to(message, 'UTF8'), 'NotFound(''planted'')', now()
        FROM onboarding.outbox LIMIT 1
"""


class Plant(NamedTuple):
    """A bug as the SQL that leaves the same traces, and the check that must find it."""

    name: str
    caught_by: str
    statement: str


PLANTS = (
    Plant(
        "an acknowledged payment is lost",
        "what was acknowledged is stored",
        "DELETE FROM settlement.payments WHERE id = (SELECT min(id::text)::uuid "
        "FROM settlement.payments)",
    ),
    Plant(
        "an acknowledged departure is forgotten",
        "what was acknowledged is stored",
        "UPDATE logistics.shipments SET departed_at = NULL WHERE id = (SELECT id "
        "FROM logistics.shipments WHERE departed_at IS NOT NULL ORDER BY id LIMIT 1)",
    ),
    Plant(
        "a report that was sent again counts twice",
        "each effect is there once, and asked for",
        """
        CREATE TEMP TABLE twice AS SELECT * FROM production.reports ORDER BY id LIMIT 1;
        UPDATE twice SET id = gen_random_uuid();
        DROP INDEX IF EXISTS production.uq_reports_reference;
        INSERT INTO production.reports SELECT * FROM twice
        """,
    ),
    Plant(
        "an order is stored that nobody placed",
        "each effect is there once, and asked for",
        "UPDATE orders.orders SET number = 'X-1' WHERE id = (SELECT id FROM orders.orders LIMIT 1)",
    ),
    Plant(
        "two events of one subject are swapped",
        "each subject is in order",
        """
        WITH two AS (
            SELECT position, message,
                lead(position) OVER same AS other, lead(message) OVER same AS others
            FROM orders.outbox WINDOW same AS (PARTITION BY subject ORDER BY position)
        ), one AS (SELECT * FROM two WHERE other IS NOT NULL ORDER BY position LIMIT 1)
        UPDATE orders.outbox AS sent
        SET message = CASE sent.position WHEN one.position THEN one.others ELSE one.message END
        FROM one WHERE sent.position IN (one.position, one.other)
        """,
    ),
    Plant(
        "an entry is one fen more than its posting",
        "the books balance",
        "UPDATE settlement.entries SET amount_minor = amount_minor + 1 "
        "WHERE id = (SELECT id FROM settlement.entries ORDER BY id LIMIT 1)",
    ),
    Plant(
        "a debt is paid that no payment is for",
        "the books balance",
        "DELETE FROM settlement.payment_parts "
        "WHERE id = (SELECT id FROM settlement.payment_parts ORDER BY id LIMIT 1)",
    ),
    Plant(
        "a received piece is lost",
        "quantities are conserved",
        "DELETE FROM logistics.receipt_lines WHERE id = "
        "(SELECT id FROM logistics.receipt_lines ORDER BY id LIMIT 1)",
    ),
    Plant(
        "a made piece is lost",
        "quantities are conserved",
        "UPDATE production.reports SET good = good + 1 WHERE id = "
        "(SELECT id FROM production.reports ORDER BY id LIMIT 1)",
    ),
    Plant(
        "a month counts a promise too many",
        "all other invariants hold",
        "UPDATE insights.months SET promised = promised + 1",
    ),
    Plant(
        "an acceptance had its effect twice",
        "services agree",
        "UPDATE settlement.receipt_lines SET received = 2 * received, accepted = 2 * accepted "
        "WHERE id = (SELECT id FROM settlement.receipt_lines WHERE accepted > 0 LIMIT 1)",
    ),
    Plant(
        "a reader has missed a report",
        "services agree",
        "UPDATE logistics.progress SET good = good - 1 WHERE good > 1",
    ),
    Plant(
        "an event was never heard",
        "everything said is sent and heard",
        "DELETE FROM settlement.inbox WHERE event_id = (SELECT (message::json ->> 'id')::uuid "
        "FROM orders.outbox WHERE message::json ->> 'type' = 'orders.order_placed.v1' LIMIT 1)",
    ),
    Plant(
        "an event was never sent",
        "everything said is sent and heard",
        "UPDATE settlement.outbox SET published_at = NULL "
        "WHERE position = (SELECT max(position) FROM settlement.outbox)",
    ),
    Plant(
        "a read table has drifted",
        "read models equal a rebuild",
        "UPDATE insights.month_amounts SET paid_minor = paid_minor + 1",
    ),
    Plant(
        "a healthy event is a dead letter",
        "dead letters are the poison, each by its reason",
        BEFORE_DECISIONS + HEALTHY.format("orders.dead_letters"),
    ),
    Plant(
        "poison was passed over in silence",
        "dead letters are the poison, each by its reason",
        BEFORE_DECISIONS + EMPTIED.replace("{}", "dead_letters"),
    ),
    Plant(
        "a letter waits behind nothing",
        "dead letters are the poison, each by its reason",
        BEFORE_DECISIONS
        + HEALTHY.format("orders.dead_letters").replace("'NotFound(''planted'')'", "NULL"),
    ),
    Plant(
        "a letter still waits",
        "no letter waits, all poison is kept",
        HEALTHY.format("settlement.dead_letters"),
    ),
    Plant(
        "poison was thrown away",
        "no letter waits, all poison is kept",
        EMPTIED.replace("{}", "discarded_letters"),
    ),
)


def copied(standing: Installation, name: str) -> None:
    """Copy the database, with which nothing else may be connected."""
    with standing.database() as connection:
        for statement in ("DROP DATABASE IF EXISTS {}", "CREATE DATABASE {} TEMPLATE postgres"):
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


def planted(plant: Plant, scene: Scene) -> None:
    """Plant a bug where nothing watches: no trigger, no foreign key and no constraint."""
    with scene.connected() as connection:
        connection.execute(UNGUARDED)
        connection.execute("SET session_replication_role = replica")
        connection.execute(plant.statement.encode())
