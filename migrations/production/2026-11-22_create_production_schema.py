"""create production schema."""

import sqlalchemy as sa
from alembic import context, op

from migrations.operations import PARTY, append_only, create_kernel, drop_kernel, protect

revision = "dc21067a1203"
down_revision = None
branch_labels = None
depends_on = None

QUANTITY = sa.Numeric(precision=18, scale=6)
INSTANT = sa.DateTime(timezone=True)
LAST = "good[cardinality(good)]"
STATUS = (
    "CASE WHEN cancelled_at IS NOT NULL THEN 'cancelled'"
    f" WHEN {LAST} >= agreed THEN 'completed' ELSE 'open' END"
)
HAVE_STATE = (
    "cardinality(operations) BETWEEN 1 AND 30"
    " AND cardinality(good) = cardinality(operations)"
    " AND cardinality(scrapped) = cardinality(operations)"
)
SAYS_SOMETHING = (
    "CASE WHEN reverses IS NULL THEN good >= 0 AND scrapped >= 0"
    " ELSE good <= 0 AND scrapped <= 0 END AND good + scrapped <> 0"
)
REPORTED = "good, scrapped, reports, started_at, last_reported_at, slipped_on, revision"
AGREED = "agreed, agreed_at, promised_on, cancelled_at, slipped_on, revision"


def upgrade() -> None:
    create_kernel()
    _create_relationships()
    _create_work_orders()
    _create_reports()
    protect("relationships", "buyer_id", "supplier_id")
    protect("routings", "supplier_id")
    protect("work_orders", "buyer_id", "supplier_id")
    protect("reports", "buyer_id", "supplier_id")
    protect("scrap_reasons", "supplier_id")  # a buyer's session reads none
    append_only("reports")
    append_only("scrap_reasons")
    _give_rights()
    _let_only_suppliers_report()


def downgrade() -> None:
    for table in ("scrap_reasons", "reports", "work_orders", "routings", "relationships"):
        op.drop_table(table)
    drop_kernel()


def _create_relationships() -> None:
    op.create_table(
        "relationships",
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("buyer_name", sa.String(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_name", sa.String(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("buyer_id", "supplier_id", name="pk_relationships"),
    )
    op.create_index("ix_relationships_supplier_id", "relationships", ["supplier_id"])
    op.create_table(
        "routings",
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("item_number", sa.String(), nullable=False),
        sa.Column("operations", sa.ARRAY(sa.String()), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_routings"),
        sa.UniqueConstraint(
            "supplier_id",
            "buyer_id",
            "item_number",
            name="uq_routings_supplier_id_buyer_id_item_number",
        ),
    )


def _create_work_orders() -> None:
    op.create_table(
        "work_orders",
        *_line(),
        *_state(),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("agreed > 0", name="ck_work_orders_agreed_something"),
        sa.CheckConstraint(HAVE_STATE, name="ck_work_orders_operations_have_state"),
        sa.CheckConstraint(
            "0 <= ALL (good) AND 0 <= ALL (scrapped)", name="ck_work_orders_nothing_below_zero"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_work_orders"),
        sa.UniqueConstraint(
            "id", "buyer_id", "supplier_id", name="uq_work_orders_id_buyer_id_supplier_id"
        ),
        sa.UniqueConstraint(
            "schedule_line_id",
            "buyer_id",
            "supplier_id",
            name="uq_work_orders_schedule_line_id_buyer_id_supplier_id",
        ),
        postgresql_with={"fillfactor": 70},
    )
    op.create_index("ix_work_orders_order_id", "work_orders", ["order_id"])
    for side in ("buyer_id", "supplier_id"):
        for columns in ([side, "promised_on", "id"], [side, "status", "promised_on", "id"]):
            op.create_index(f"ix_work_orders_{'_'.join(columns)}", "work_orders", columns)


def _line() -> list[sa.Column[object]]:
    return [
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("schedule_line_id", sa.Uuid(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("order_number", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("item_number", sa.String(), nullable=False),
        sa.Column("item_name", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=False),
        sa.Column("agreed", QUANTITY, nullable=False),
        sa.Column("agreed_at", INSTANT, nullable=False),
        sa.Column("cancelled_at", INSTANT, nullable=True),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("imported", sa.Boolean(), nullable=False),
    ]


def _state() -> list[sa.Column[object]]:
    return [
        sa.Column("operations", sa.ARRAY(sa.String()), nullable=False),
        sa.Column("good", sa.ARRAY(QUANTITY), nullable=False),
        sa.Column("scrapped", sa.ARRAY(QUANTITY), nullable=False),
        sa.Column("reports", sa.BigInteger(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=True),
        sa.Column("last_reported_at", INSTANT, nullable=True),
        sa.Column("slipped_on", sa.Date(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("completed", QUANTITY, sa.Computed(LAST, persisted=True), nullable=False),
        sa.Column(
            "ordered",
            QUANTITY,
            sa.Computed(f"greatest(agreed, {LAST})", persisted=True),
            nullable=False,
        ),
        sa.Column("status", sa.String(), sa.Computed(STATUS, persisted=True), nullable=False),
    ]


def _create_reports() -> None:
    op.create_table(
        "reports",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("work_order_id", sa.Uuid(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("operation", sa.BigInteger(), nullable=False),
        sa.Column("good", QUANTITY, nullable=False),
        sa.Column("scrapped", QUANTITY, nullable=False),
        sa.Column("reverses", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("reported_by", sa.String(), nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("imported", sa.Boolean(), nullable=False),
        sa.CheckConstraint(SAYS_SOMETHING, name="ck_reports_says_something"),
        _of_the_same_parties("reports", "reverses", "reports"),
        _of_the_same_parties("reports", "work_order_id", "work_orders"),
        sa.PrimaryKeyConstraint("id", name="pk_reports"),
        sa.UniqueConstraint(
            "id", "buyer_id", "supplier_id", name="uq_reports_id_buyer_id_supplier_id"
        ),
    )
    op.create_index("ix_reports_work_order_id_id", "reports", ["work_order_id", "id"])
    _create_once("reverses", ["reverses", "buyer_id", "supplier_id"])
    _create_once("reference", ["work_order_id", "reference", "buyer_id", "supplier_id"])
    op.create_table(
        "scrap_reasons",
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        _of_the_same_parties("scrap_reasons", "report_id", "reports"),
        sa.PrimaryKeyConstraint("report_id", name="pk_scrap_reasons"),
    )


def _of_the_same_parties(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    columns = [column, "buyer_id", "supplier_id"]
    there = [f"{target}.{name}" for name in ("id", "buyer_id", "supplier_id")]
    return sa.ForeignKeyConstraint(columns, there, name=f"fk_{table}_{'_'.join(columns)}")


def _create_once(column: str, columns: list[str]) -> None:
    op.create_index(
        f"uq_reports_{column}",
        "reports",
        columns,
        unique=True,
        postgresql_where=sa.text(f"{column} IS NOT NULL"),
    )


def _give_rights() -> None:
    """Let requests change what reports change, and agreements come from other services alone."""
    service = context.config.config_ini_section
    op.execute(f"REVOKE INSERT, UPDATE ON work_orders FROM {service}_app")
    op.execute(f"GRANT UPDATE (operations, {REPORTED}) ON work_orders TO {service}_app")
    op.execute(f"REVOKE UPDATE ON work_orders FROM {service}_system")
    op.execute(f"GRANT UPDATE ({AGREED}) ON work_orders TO {service}_system")
    op.execute(f"REVOKE INSERT, UPDATE ON relationships FROM {service}_app")


def _let_only_suppliers_report() -> None:
    """Let a buyer's session see and hold a row, and write none."""
    service = context.config.config_ini_section
    for table, command in (("work_orders", "UPDATE"), ("reports", "INSERT")):
        op.execute(
            f"CREATE POLICY by_supplier ON {table} AS RESTRICTIVE FOR {command} TO {service}_app "
            f"{'USING (true) ' if command == 'UPDATE' else ''}WITH CHECK (supplier_id = {PARTY})"
        )
