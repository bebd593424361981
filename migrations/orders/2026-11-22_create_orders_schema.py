"""create orders schema."""

from typing import Any

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

from migrations.operations import append_only, create_kernel, drop_kernel, protect

revision = "c756ef4d9694"
down_revision = None
branch_labels = None
depends_on = None

HISTORY = "order_lines", "promises", "entries"
MUTABLE = {  # what requests and events may change; the rest of these tables stays as it was
    "orders": "updated_at",
    "changes": "state, decided_by, decision_reason, decided_at",
    "schedule_lines": (
        "state, quantity, amount_minor, due_on, promised_on, first_promised_on, "
        "first_promised_quantity, open_change_id, at_risk_from, late_from, work_order_id, "
        "progress_revision, operations, good, scrapped, started_at, last_reported_at, "
        "prediction_revision, prediction, predicted_on, known_on, completed_revision, "
        "completed_at, updated_at"
    ),
}

OPEN = "state = 'unconfirmed' OR (state = 'confirmed' AND good < quantity)"
HAPPENED = "coalesce(occurred_at, '2000-01-01 00:00:00+00')"

ID = sa.Uuid()
TEXT = sa.String()
NUMBER = sa.BigInteger()
INSTANT = sa.DateTime(timezone=True)
DAY = sa.Date()
QUANTITY = sa.Numeric(precision=18, scale=6)
FLAG = sa.Boolean()
LONG_TEXT = sa.Text()
BYTES = sa.LargeBinary()
JSON = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    create_kernel()
    _create_items()
    _create_orders()
    _create_relationships()
    _create_order_lines()
    _create_schedule_lines()
    _create_changes()
    _create_entries()
    _create_promises()
    for table in ("relationships", *HISTORY, *MUTABLE):
        protect(table, "buyer_id", "supplier_id")
    protect("items", "buyer_id")
    _give_rights()
    _keep_first_promises()


def downgrade() -> None:
    op.execute("DROP FUNCTION keep_first_promise CASCADE")
    for table in (
        "promises",
        "entries",
        "changes",
        "schedule_lines",
        "order_lines",
        "relationships",
        "orders",
        "items",
    ):
        op.drop_table(table)
    drop_kernel()


def _create_items() -> None:
    op.create_table(
        "items",
        *_columns(ID, "buyer_id"),
        *_columns(TEXT, "number", "name", "unit"),
        *_columns(INSTANT, "updated_at"),
        _id(),
        sa.PrimaryKeyConstraint("id", name="pk_items"),
        sa.UniqueConstraint("buyer_id", "number", name="uq_items_buyer_id_number"),
    )


def _create_orders() -> None:
    op.create_table(
        "orders",
        *_columns(ID, "buyer_id", "supplier_id"),
        *_columns(TEXT, "number", "currency", "placed_by"),
        *_columns(NUMBER, "amount_minor", "line_count"),
        *_columns(BYTES, "digest"),
        *_columns(INSTANT, "recorded_at", "updated_at"),
        *_columns(FLAG, "imported"),
        *_columns(TEXT, "incoterm", "incoterm_place", nullable=True),
        *_columns(INSTANT, "occurred_at", nullable=True),
        _id(),
        sa.PrimaryKeyConstraint("id", name="pk_orders"),
        sa.UniqueConstraint("buyer_id", "number", name="uq_orders_buyer_id_number"),
        sa.UniqueConstraint(
            "id", "buyer_id", "supplier_id", name="uq_orders_id_buyer_id_supplier_id"
        ),
    )
    op.create_index(
        "ix_orders_buyer_id_recorded_at_id", "orders", ["buyer_id", "recorded_at", "id"]
    )
    op.create_index(
        "ix_orders_supplier_id_recorded_at_id", "orders", ["supplier_id", "recorded_at", "id"]
    )


def _create_relationships() -> None:
    op.create_table(
        "relationships",
        *_columns(ID, "id", "buyer_id", "supplier_id"),
        *_columns(TEXT, "buyer_name", "supplier_name", "state"),
        *_columns(INSTANT, "changed_at"),
        *_columns(TEXT, "vendor_number", nullable=True),
        *_columns(DAY, "since", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_relationships"),
        sa.UniqueConstraint(
            "buyer_id", "supplier_id", name="uq_relationships_buyer_id_supplier_id"
        ),
    )
    op.create_index("ix_relationships_supplier_id", "relationships", ["supplier_id"])


def _create_order_lines() -> None:
    op.create_table(
        "order_lines",
        *_columns(ID, "order_id", "buyer_id", "supplier_id"),
        *_columns(NUMBER, "position", "price_unit", "amount_minor", "computed_minor"),
        *_columns(TEXT, "item_number", "item_name", "unit"),
        *_columns(QUANTITY, "quantity", "price"),
        *_columns(TEXT, "plant", nullable=True),
        _id(),
        sa.CheckConstraint("quantity > 0", name="ck_order_lines_orders_something"),
        sa.ForeignKeyConstraint(
            ["buyer_id", "item_number"],
            ["items.buyer_id", "items.number"],
            name="fk_order_lines_buyer_id_item_number",
        ),
        _refer("order_lines", "orders"),
        sa.PrimaryKeyConstraint("id", name="pk_order_lines"),
        sa.UniqueConstraint(
            "id",
            "order_id",
            "buyer_id",
            "supplier_id",
            name="uq_order_lines_id_order_id_buyer_id_supplier_id",
        ),
        sa.UniqueConstraint(
            "order_id",
            "buyer_id",
            "supplier_id",
            "position",
            name="uq_order_lines_order_id_buyer_id_supplier_id_position",
        ),
    )


def _create_schedule_lines() -> None:
    op.create_table(
        "schedule_lines",
        *_columns(ID, "order_id", "line_id", "buyer_id", "supplier_id"),
        *_columns(TEXT, "order_number", "item_number", "item_name", "unit", "currency", "state"),
        *_columns(NUMBER, "position", "sequence", "amount_minor"),
        *_columns(FLAG, "imported"),
        *_columns(QUANTITY, "quantity"),
        *_columns(DAY, "due_on"),
        *_columns(INSTANT, "updated_at"),
        *_columns(TEXT, "plant", nullable=True),
        *_columns(DAY, "promised_on", "first_promised_on", nullable=True),
        *_columns(DAY, "at_risk_from", "late_from", nullable=True),
        *_columns(QUANTITY, "first_promised_quantity", nullable=True),
        *_columns(ID, "open_change_id", nullable=True),
        *_progress(),
        sa.Column("open", FLAG, sa.Computed(OPEN, persisted=True), nullable=False),
        _id(),
        *_schedule_line_rules(),
        sa.PrimaryKeyConstraint("id", name="pk_schedule_lines"),
    )
    _index_schedule_lines()


def _progress() -> list[sa.Column[Any]]:
    zero, nothing = sa.text("0"), sa.text("'[]'")
    return [
        *_columns(ID, "work_order_id", nullable=True),
        *_columns(NUMBER, "progress_revision", default=zero),
        *_columns(JSON, "operations", default=nothing),
        *_columns(QUANTITY, "good", "scrapped", default=zero),
        *_columns(INSTANT, "started_at", "last_reported_at", "completed_at", nullable=True),
        *_columns(NUMBER, "prediction_revision", "completed_revision", default=zero),
        *_columns(JSON, "prediction", nullable=True),
        *_columns(DAY, "predicted_on", "known_on", nullable=True),
    ]


def _schedule_line_rules() -> list[sa.Constraint]:
    return [
        sa.CheckConstraint(
            "state <> 'confirmed' OR num_nulls(promised_on, first_promised_on, late_from) = 0",
            name="ck_schedule_lines_confirmed_is_promised",
        ),
        sa.CheckConstraint(
            "state IN ('unconfirmed', 'confirmed', 'cancelled')",
            name="ck_schedule_lines_state_known",
        ),
        sa.CheckConstraint("good >= 0 AND scrapped >= 0", name="ck_schedule_lines_made_something"),
        sa.CheckConstraint("quantity > 0", name="ck_schedule_lines_wants_something"),
        sa.ForeignKeyConstraint(
            ["line_id", "order_id", "buyer_id", "supplier_id"],
            [
                "order_lines.id",
                "order_lines.order_id",
                "order_lines.buyer_id",
                "order_lines.supplier_id",
            ],
            name="fk_schedule_lines_line_id_order_id_buyer_id_supplier_id",
        ),
        sa.UniqueConstraint(
            "id", "buyer_id", "supplier_id", name="uq_schedule_lines_id_buyer_id_supplier_id"
        ),
        sa.UniqueConstraint(
            "line_id",
            "buyer_id",
            "supplier_id",
            "sequence",
            name="uq_schedule_lines_line_id_buyer_id_supplier_id_sequence",
        ),
    ]


def _index_schedule_lines() -> None:
    op.create_index("ix_schedule_lines_order_id", "schedule_lines", ["order_id"])
    for side, other in (("buyer", "supplier"), ("supplier", "buyer")):
        party = f"{side}_id"
        for column in ("due_on", "amount_minor"):
            name = f"ix_schedule_lines_{party}_{column}_id"
            op.create_index(name, "schedule_lines", [party, column, "id"])
        op.create_index(
            f"ix_schedule_lines_{side}_open",
            "schedule_lines",
            [party, "due_on", "id"],
            postgresql_where=sa.text("open"),
            postgresql_include=[
                f"{other}_id",
                "state",
                "late_from",
                "at_risk_from",
                "promised_on",
                "amount_minor",
                "currency",
            ],
        )
        op.create_index(
            f"ix_schedule_lines_{side}_closed",
            "schedule_lines",
            [party, "state"],
            postgresql_where=sa.text("NOT open"),
            postgresql_include=[f"{other}_id", "amount_minor", "currency"],
        )
        op.create_index(
            f"ix_schedule_lines_{side}_change",
            "schedule_lines",
            [party],
            postgresql_where=sa.text("open_change_id IS NOT NULL"),
        )


def _create_changes() -> None:
    op.create_table(
        "changes",
        *_columns(ID, "order_id", "schedule_line_id", "buyer_id", "supplier_id"),
        *_columns(TEXT, "kind", "state", "proposed_by", "by"),
        *_columns(QUANTITY, "was_quantity", "quantity"),
        *_columns(DAY, "was_on"),
        *_columns(LONG_TEXT, "reason"),
        *_columns(INSTANT, "proposed_at"),
        *_columns(DAY, "promised_on", nullable=True),
        *_columns(TEXT, "decided_by", nullable=True),
        *_columns(LONG_TEXT, "decision_reason", nullable=True),
        *_columns(INSTANT, "decided_at", nullable=True),
        _id(),
        sa.CheckConstraint(
            "state IN ('open', 'agreed', 'declined', 'withdrawn')", name="ck_changes_state_known"
        ),
        _refer("changes", "schedule_lines"),
        sa.PrimaryKeyConstraint("id", name="pk_changes"),
    )
    op.create_index("ix_changes_buyer_id_state_id", "changes", ["buyer_id", "state", "id"])
    op.create_index("ix_changes_supplier_id_state_id", "changes", ["supplier_id", "state", "id"])
    op.create_index(
        "uq_changes_open",
        "changes",
        ["schedule_line_id", "buyer_id", "supplier_id"],
        unique=True,
        postgresql_where="state = 'open'",
    )


def _create_entries() -> None:
    op.create_table(
        "entries",
        *_columns(ID, "order_id", "buyer_id", "supplier_id"),
        *_columns(TEXT, "kind", "side", "by", "client_id"),
        *_columns(INSTANT, "recorded_at"),
        *_columns(FLAG, "imported"),
        *_columns(ID, "schedule_line_id", "user_id", nullable=True),
        *_columns(LONG_TEXT, "text", nullable=True),
        *_columns(INSTANT, "occurred_at", nullable=True),
        *_columns(JSON, "values", default=sa.text("'{}'")),
        sa.Column("happened_at", INSTANT, sa.Computed(HAPPENED, persisted=True), nullable=False),
        _id(),
        _refer("entries", "orders"),
        _refer("entries", "schedule_lines"),
        sa.PrimaryKeyConstraint("id", name="pk_entries"),
    )
    op.create_index("ix_entries_buyer_id_recorded_at", "entries", ["buyer_id", "recorded_at"])
    op.create_index(
        "ix_entries_order_id_happened_at_id", "entries", ["order_id", "happened_at", "id"]
    )
    op.create_index("ix_entries_supplier_id_recorded_at", "entries", ["supplier_id", "recorded_at"])


def _create_promises() -> None:
    op.create_table(
        "promises",
        *_columns(ID, "schedule_line_id", "buyer_id", "supplier_id"),
        *_columns(QUANTITY, "quantity"),
        *_columns(DAY, "promised_on"),
        *_columns(INSTANT, "occurred_at", "recorded_at"),
        *_columns(FLAG, "imported"),
        *_columns(ID, "change_id", nullable=True),
        _id(),
        _refer("promises", "schedule_lines"),
        sa.PrimaryKeyConstraint("id", name="pk_promises"),
    )
    op.create_index("ix_promises_schedule_line_id_id", "promises", ["schedule_line_id", "id"])


def _id() -> sa.Column[Any]:
    return sa.Column("id", ID, server_default=sa.text("uuidv7()"), nullable=False)


def _columns(
    kind: sa.types.TypeEngine[Any],
    *names: str,
    nullable: bool = False,
    default: sa.TextClause | None = None,
) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=nullable, server_default=default) for name in names]


def _refer(table: str, target: str) -> sa.ForeignKeyConstraint:
    """Refer to a row of the same two parties: foreign keys ignore row policies."""
    column = {"orders": "order_id", "schedule_lines": "schedule_line_id"}[target]
    return sa.ForeignKeyConstraint(
        [column, "buyer_id", "supplier_id"],
        [f"{target}.id", f"{target}.buyer_id", f"{target}.supplier_id"],
        name=f"fk_{table}_{column}_buyer_id_supplier_id",
    )


def _give_rights() -> None:
    service = context.config.config_ini_section
    roles = f"{service}_app, {service}_system"
    for table in HISTORY:
        append_only(table)
    for table, columns in MUTABLE.items():
        op.execute(f"REVOKE UPDATE ON {table} FROM {roles}")
        op.execute(f"GRANT UPDATE ({columns}) ON {table} TO {roles}")
    op.execute(f"REVOKE INSERT, UPDATE ON relationships FROM {service}_app")  # only heard of


def _keep_first_promises() -> None:
    op.execute(
        """
        CREATE FUNCTION keep_first_promise() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE check_violation USING MESSAGE = 'a first promise is kept for ever';
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER first_promise BEFORE UPDATE ON schedule_lines FOR EACH ROW
        WHEN (OLD.first_promised_on IS NOT NULL
            AND (NEW.first_promised_on, NEW.first_promised_quantity)
                IS DISTINCT FROM (OLD.first_promised_on, OLD.first_promised_quantity))
        EXECUTE FUNCTION keep_first_promise()
        """
    )
