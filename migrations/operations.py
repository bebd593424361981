"""What migrations of every service need beyond Alembic's own operations."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import context, op

from contracts.values import MINOR_DIGITS

PARTY = "(SELECT nullif(current_setting('app.organization_id', true), '')::uuid)"
SUSPENDING = (  # no column of the row in it: read once per statement, not once per row
    "ARRAY(SELECT r.buyer_id FROM relationships AS r"  # noqa: S608  nothing of it is sent to us
    f" WHERE r.supplier_id = {PARTY} AND r.suspended_by = 'buyer')"
)
NOW = sa.text("now()")


def take_time() -> None:
    """Let this migration take as long as its tables are large; others end after five seconds."""
    op.execute("SET LOCAL statement_timeout = 0")


def protect(table: str, *columns: str, barred: bool = False) -> None:
    """Show a row to the organizations in its party columns; system and migrations see them all.

    With `barred`, a supplier whose buyer suspended the relationship sees none of its rows.
    """
    service = context.config.config_ini_section
    party = _party(columns, barred=barred)
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY parties ON {table} TO {service}_app USING ({party}) WITH CHECK ({party})"
    )
    op.execute(
        f"CREATE POLICY platform ON {table} TO {service}_system, {service}_owner "
        "USING (true) WITH CHECK (true)"
    )


def bar(table: str, *, barred: bool = True) -> None:
    """Close rows of (buyer_id, supplier_id) to suppliers that their buyer suspended, or open them.

    Reads `relationships` of the same schema, which must know `suspended_by`.
    """
    party = _party(("buyer_id", "supplier_id"), barred=barred)
    op.execute(f"ALTER POLICY parties ON {table} USING ({party}) WITH CHECK ({party})")


def _party(columns: Sequence[str], *, barred: bool) -> str:
    parties = {column: f"{column} = {PARTY}" for column in columns}
    if barred:
        parties["supplier_id"] = f"({parties['supplier_id']} AND buyer_id <> ALL ({SUSPENDING}))"
    return " OR ".join(parties.values())


def append_only(table: str) -> None:
    """Let rows be added and never changed: a correction is another row."""
    service = context.config.config_ini_section
    op.execute(f"REVOKE UPDATE ON {table} FROM {service}_app, {service}_system")


def create_kernel() -> None:
    """Create what the kernel keeps in every schema: mail, idempotency keys and SQL functions."""
    _create_mail()
    _create_keys()
    create_cloud_event()
    create_money()


def drop_kernel() -> None:
    """Undo `create_kernel`."""
    op.execute("DROP FUNCTION cloud_event, money(bigint, text)")
    for table in (
        "idempotency_keys",
        "consumer_positions",
        "discarded_letters",
        "dead_letters",
        "inbox",
        "outbox",
    ):
        op.drop_table(table)


def _instant(
    name: str, *, nullable: bool = False, default: sa.TextClause | None = None
) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)


def _create_mail() -> None:
    service = context.config.config_ini_section
    _create_outbox()
    _create_inbox()
    _create_letters()
    # A request may post events and read none: here lies what concerns every organization.
    closed = "outbox, inbox, dead_letters, discarded_letters, consumer_positions, alembic_version"
    op.execute(f"REVOKE ALL ON {closed} FROM {service}_app")
    op.execute(f"GRANT INSERT, SELECT (position) ON outbox TO {service}_app")
    op.execute(f"GRANT DELETE ON dead_letters, outbox TO {service}_system")


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        _instant("recorded_at", default=sa.text("clock_timestamp()")),
        _instant("published_at", nullable=True),
        sa.PrimaryKeyConstraint("position", name="pk_outbox"),
        sa.CheckConstraint(
            "octet_length(message) <= 1000000 AND octet_length(subject) BETWEEN 1 AND 200",
            name="ck_outbox_message_is_sendable",
        ),
    )
    op.create_index(
        "ix_outbox_unpublished",
        "outbox",
        ["position"],
        postgresql_where=sa.text("published_at IS NULL"),
    )


def _create_inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        _instant("arrived_at", default=NOW),
        sa.PrimaryKeyConstraint("event_id", name="pk_inbox"),
    )
    op.create_table(
        "consumer_positions",
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("partition", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("log_end", sa.BigInteger(), nullable=False),
        _instant("seen_at"),
        sa.PrimaryKeyConstraint("topic", "partition", name="pk_consumer_positions"),
    )


def _letter() -> list[sa.Column[Any]]:
    return [
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
    ]


def _create_letters() -> None:
    op.create_table(
        "dead_letters",
        sa.Column("position", sa.BigInteger(), nullable=False),
        *_letter(),
        _instant("arrived_at"),
        sa.PrimaryKeyConstraint("position", name="pk_dead_letters"),
    )
    op.create_index(
        "ix_dead_letters_subject_topic_position", "dead_letters", ["subject", "topic", "position"]
    )
    op.create_table(
        "discarded_letters",
        sa.Column("position", sa.BigInteger(), nullable=False, autoincrement=False),
        *_letter(),
        sa.Column("discarded_because", sa.Text(), nullable=False),
        sa.Column("discarded_by", sa.String(), nullable=False),
        _instant("discarded_at"),
        sa.PrimaryKeyConstraint("position", name="pk_discarded_letters"),
    )


def _create_keys() -> None:
    service = context.config.config_ini_section
    op.create_table(
        "idempotency_keys",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request_digest", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("media_type", sa.String(), nullable=True),
        sa.Column("location", sa.String(), nullable=True),
        _instant("created_at", default=NOW),
        sa.PrimaryKeyConstraint("organization_id", "key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])
    protect("idempotency_keys", "organization_id")
    op.execute(f"GRANT DELETE ON idempotency_keys TO {service}_system")


def create_cloud_event() -> None:
    """Let set-based statements seal an event as `Envelope.seal` does; `trace` may be null."""
    op.execute(
        """
        CREATE FUNCTION cloud_event(
            type text, subject text, at timestamptz, data json, trace text)
        RETURNS text LANGUAGE sql VOLATILE RETURN json_build_object(
            'specversion', '1.0', 'id', uuidv7(),
            'source', '/' || split_part(type, '.', 1), 'type', type, 'subject', subject, 'time', at,
            'datacontenttype', 'application/json', 'traceparent', trace, 'data', data)::text
        """
    )


def create_money() -> None:
    """Let set-based statements write an amount as `Money` does."""
    digits = " ".join(f"WHEN '{code}' THEN {digits}" for code, digits in MINOR_DIGITS.items())
    op.execute(
        f"""
        CREATE FUNCTION money(amount_minor bigint, currency text)
        RETURNS json LANGUAGE sql IMMUTABLE RETURN (
            SELECT json_build_object(
                'amount', round(amount_minor / 10::numeric ^ digits, digits)::text,
                'currency', currency)
            FROM (SELECT CASE currency {digits} ELSE 2 END AS digits))
        """  # noqa: S608  the codes are ours
    )
