"""create orders schema."""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

from migrations.operations import append_only, create_kernel, drop_kernel, protect

revision = "c756ef4d9694"
down_revision = None
branch_labels = None
depends_on = None

PARTIES = (
    "relationships",
    "orders",
    "order_lines",
    "schedule_lines",
    "promises",
    "changes",
    "entries",
)
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
    for table in PARTIES:
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
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_items")),
        sa.UniqueConstraint("buyer_id", "number", name=op.f("uq_items_buyer_id_number")),
    )


def _create_orders() -> None:
    op.create_table(
        "orders",
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("incoterm", sa.String(), nullable=True),
        sa.Column("incoterm_place", sa.String(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("line_count", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("placed_by", sa.String(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("buyer_id", "number", name=op.f("uq_orders_buyer_id_number")),
        sa.UniqueConstraint(
            "id", "buyer_id", "supplier_id", name=op.f("uq_orders_id_buyer_id_supplier_id")
        ),
    )
    op.create_index(
        op.f("ix_orders_buyer_id_recorded_at_id"),
        "orders",
        ["buyer_id", "recorded_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_orders_supplier_id_recorded_at_id"),
        "orders",
        ["supplier_id", "recorded_at", "id"],
        unique=False,
    )


def _create_relationships() -> None:
    op.create_table(
        "relationships",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("buyer_name", sa.String(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_name", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("vendor_number", sa.String(), nullable=True),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relationships")),
        sa.UniqueConstraint(
            "buyer_id", "supplier_id", name=op.f("uq_relationships_buyer_id_supplier_id")
        ),
    )
    op.create_index(
        op.f("ix_relationships_supplier_id"), "relationships", ["supplier_id"], unique=False
    )


def _create_order_lines() -> None:
    op.create_table(
        "order_lines",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("item_number", sa.String(), nullable=False),
        sa.Column("item_name", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("plant", sa.String(), nullable=True),
        sa.Column("quantity", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("price", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("price_unit", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("computed_minor", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_order_lines_orders_something")),
        sa.ForeignKeyConstraint(
            ["buyer_id", "item_number"],
            ["items.buyer_id", "items.number"],
            name=op.f("fk_order_lines_buyer_id_item_number"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id", "buyer_id", "supplier_id"],
            ["orders.id", "orders.buyer_id", "orders.supplier_id"],
            name=op.f("fk_order_lines_order_id_buyer_id_supplier_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_lines")),
        sa.UniqueConstraint(
            "id",
            "order_id",
            "buyer_id",
            "supplier_id",
            name=op.f("uq_order_lines_id_order_id_buyer_id_supplier_id"),
        ),
        sa.UniqueConstraint("order_id", "position", name=op.f("uq_order_lines_order_id_position")),
    )


def _create_schedule_lines() -> None:
    op.create_table(
        "schedule_lines",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("order_number", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("item_number", sa.String(), nullable=False),
        sa.Column("item_name", sa.String(), nullable=False),
        sa.Column("plant", sa.String(), nullable=True),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("imported", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("first_promised_on", sa.Date(), nullable=True),
        sa.Column("first_promised_quantity", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("open_change_id", sa.Uuid(), nullable=True),
        sa.Column("at_risk_from", sa.Date(), nullable=True),
        sa.Column("late_from", sa.Date(), nullable=True),
        sa.Column("work_order_id", sa.Uuid(), nullable=True),
        sa.Column(
            "progress_revision", sa.BigInteger(), server_default=sa.text("0"), nullable=False
        ),
        sa.Column(
            "operations",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column(
            "good", sa.Numeric(precision=18, scale=6), server_default=sa.text("0"), nullable=False
        ),
        sa.Column(
            "scrapped",
            sa.Numeric(precision=18, scale=6),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "prediction_revision", sa.BigInteger(), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("prediction", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("predicted_on", sa.Date(), nullable=True),
        sa.Column("known_on", sa.Date(), nullable=True),
        sa.Column(
            "completed_revision", sa.BigInteger(), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "open",
            sa.Boolean(),
            sa.Computed(
                "state = 'unconfirmed' OR (state = 'confirmed' AND good < quantity)", persisted=True
            ),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint(
            "state <> 'confirmed' OR num_nulls(promised_on, first_promised_on, late_from) = 0",
            name=op.f("ck_schedule_lines_confirmed_is_promised"),
        ),
        sa.CheckConstraint(
            "state IN ('unconfirmed', 'confirmed', 'cancelled')",
            name=op.f("ck_schedule_lines_state_known"),
        ),
        sa.CheckConstraint(
            "good >= 0 AND scrapped >= 0", name=op.f("ck_schedule_lines_made_something")
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_schedule_lines_wants_something")),
        sa.ForeignKeyConstraint(
            ["line_id", "order_id", "buyer_id", "supplier_id"],
            [
                "order_lines.id",
                "order_lines.order_id",
                "order_lines.buyer_id",
                "order_lines.supplier_id",
            ],
            name=op.f("fk_schedule_lines_line_id_order_id_buyer_id_supplier_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_lines")),
        sa.UniqueConstraint(
            "id", "buyer_id", "supplier_id", name=op.f("uq_schedule_lines_id_buyer_id_supplier_id")
        ),
        sa.UniqueConstraint("line_id", "sequence", name=op.f("uq_schedule_lines_line_id_sequence")),
    )
    op.create_index(
        "ix_schedule_lines_buyer_change",
        "schedule_lines",
        ["buyer_id"],
        unique=False,
        postgresql_where=sa.text("open_change_id IS NOT NULL"),
    )
    op.create_index(
        "ix_schedule_lines_buyer_closed",
        "schedule_lines",
        ["buyer_id", "state"],
        unique=False,
        postgresql_where=sa.text("NOT open"),
        postgresql_include=["supplier_id", "amount_minor", "currency"],
    )
    op.create_index(
        op.f("ix_schedule_lines_buyer_id_amount_minor_id"),
        "schedule_lines",
        ["buyer_id", "amount_minor", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_schedule_lines_buyer_id_due_on_id"),
        "schedule_lines",
        ["buyer_id", "due_on", "id"],
        unique=False,
    )
    op.create_index(
        "ix_schedule_lines_buyer_open",
        "schedule_lines",
        ["buyer_id", "due_on", "id"],
        unique=False,
        postgresql_where=sa.text("open"),
        postgresql_include=[
            "supplier_id",
            "state",
            "late_from",
            "at_risk_from",
            "promised_on",
            "amount_minor",
            "currency",
        ],
    )
    op.create_index(
        op.f("ix_schedule_lines_order_id"), "schedule_lines", ["order_id"], unique=False
    )
    op.create_index(
        "ix_schedule_lines_supplier_change",
        "schedule_lines",
        ["supplier_id"],
        unique=False,
        postgresql_where=sa.text("open_change_id IS NOT NULL"),
    )
    op.create_index(
        "ix_schedule_lines_supplier_closed",
        "schedule_lines",
        ["supplier_id", "state"],
        unique=False,
        postgresql_where=sa.text("NOT open"),
        postgresql_include=["buyer_id", "amount_minor", "currency"],
    )
    op.create_index(
        op.f("ix_schedule_lines_supplier_id_amount_minor_id"),
        "schedule_lines",
        ["supplier_id", "amount_minor", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_schedule_lines_supplier_id_due_on_id"),
        "schedule_lines",
        ["supplier_id", "due_on", "id"],
        unique=False,
    )
    op.create_index(
        "ix_schedule_lines_supplier_open",
        "schedule_lines",
        ["supplier_id", "due_on", "id"],
        unique=False,
        postgresql_where=sa.text("open"),
        postgresql_include=[
            "buyer_id",
            "state",
            "late_from",
            "at_risk_from",
            "promised_on",
            "amount_minor",
            "currency",
        ],
    )


def _create_changes() -> None:
    op.create_table(
        "changes",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("schedule_line_id", sa.Uuid(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("was_quantity", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("was_on", sa.Date(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'agreed', 'declined', 'withdrawn')",
            name=op.f("ck_changes_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["schedule_line_id", "buyer_id", "supplier_id"],
            ["schedule_lines.id", "schedule_lines.buyer_id", "schedule_lines.supplier_id"],
            name=op.f("fk_changes_schedule_line_id_buyer_id_supplier_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changes")),
    )
    op.create_index(
        op.f("ix_changes_buyer_id_state_id"), "changes", ["buyer_id", "state", "id"], unique=False
    )
    op.create_index(
        op.f("ix_changes_supplier_id_state_id"),
        "changes",
        ["supplier_id", "state", "id"],
        unique=False,
    )
    op.create_index(
        "uq_changes_open",
        "changes",
        ["schedule_line_id"],
        unique=True,
        postgresql_where="state = 'open'",
    )


def _create_entries() -> None:
    op.create_table(
        "entries",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("schedule_line_id", sa.Uuid(), nullable=True),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column(
            "values",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported", sa.Boolean(), nullable=False),
        sa.Column(
            "happened_at",
            sa.DateTime(timezone=True),
            sa.Computed("coalesce(occurred_at, '2000-01-01 00:00:00+00')", persisted=True),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id", "buyer_id", "supplier_id"],
            ["orders.id", "orders.buyer_id", "orders.supplier_id"],
            name=op.f("fk_entries_order_id_buyer_id_supplier_id"),
        ),
        sa.ForeignKeyConstraint(
            ["schedule_line_id", "buyer_id", "supplier_id"],
            ["schedule_lines.id", "schedule_lines.buyer_id", "schedule_lines.supplier_id"],
            name=op.f("fk_entries_schedule_line_id_buyer_id_supplier_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
    )
    op.create_index(
        op.f("ix_entries_buyer_id_recorded_at"),
        "entries",
        ["buyer_id", "recorded_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_entries_order_id_happened_at_id"),
        "entries",
        ["order_id", "happened_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_entries_supplier_id_recorded_at"),
        "entries",
        ["supplier_id", "recorded_at"],
        unique=False,
    )


def _create_promises() -> None:
    op.create_table(
        "promises",
        sa.Column("schedule_line_id", sa.Uuid(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=False),
        sa.Column("change_id", sa.Uuid(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["schedule_line_id", "buyer_id", "supplier_id"],
            ["schedule_lines.id", "schedule_lines.buyer_id", "schedule_lines.supplier_id"],
            name=op.f("fk_promises_schedule_line_id_buyer_id_supplier_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promises")),
    )
    op.create_index(
        op.f("ix_promises_schedule_line_id_id"),
        "promises",
        ["schedule_line_id", "id"],
        unique=False,
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
