"""create insights schema."""

import sqlalchemy as sa
from alembic import op

from migrations.operations import PARTY, append_only, create_kernel, drop_kernel, protect

revision = "87e557592181"
down_revision = None
branch_labels = None
depends_on = None

OF_TWO = (
    "relationships",
    "orders",
    "lines",
    "deliveries",
    "acceptances",
    "payables",
    "paid_parts",
    "line_months",
    "payable_months",
    "months",
    "month_amounts",
)
READ = "organizations", *OF_TWO
PUBLISHED = (
    "waivers",
    "looks",
    "release_looks",
    "contributors",
    "releases",
    "previews",
    "protection",
)


def upgrade() -> None:
    create_kernel()
    _create_parties()
    _create_orders()
    _create_receipts()
    _create_debts()
    _create_counts()
    _create_months()
    _create_releases()
    _create_looks()
    for table in OF_TWO:
        protect(table, "buyer_id", "supplier_id")
    protect("organizations", "organization_id")
    protect("contributors", "organization_id")
    protect("waivers", "organization_id")
    _give_rights()
    _let_a_side_say_what_it_read()


def downgrade() -> None:
    for table in (*PUBLISHED, *READ):
        op.drop_table(table)
    drop_kernel()


def _give_rights() -> None:
    """Let requests read figures alone, and keep what was published and looked at as it is."""
    for table in READ:
        op.execute(f"REVOKE INSERT, UPDATE ON {table} FROM insights_app")
        op.execute(f"GRANT DELETE ON {table} TO insights_system")  # when it is made anew
    append_only("releases")
    append_only("contributors")
    append_only("release_looks")
    append_only("looks")
    append_only("waivers")
    append_only("protection")
    op.execute("REVOKE ALL ON releases, previews, protection FROM insights_app")
    op.execute("REVOKE INSERT ON contributors, release_looks FROM insights_app")
    op.execute("GRANT SELECT (id, month, published_at) ON releases TO insights_app")


def _let_a_side_say_what_it_read() -> None:
    """Let both sides see who looked, and nobody say it of the other."""
    protect("looks", "buyer_id", "supplier_id")
    op.execute(
        "ALTER POLICY parties ON looks WITH CHECK (CASE reader"
        f" WHEN 'buyer' THEN buyer_id = {PARTY} WHEN 'supplier' THEN supplier_id = {PARTY}"
        " ELSE false END)"
    )


def _create_parties() -> None:
    op.create_table(
        "organizations",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("uscc", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("organization_id", name="pk_organizations"),
    )
    op.create_table(
        "relationships",
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("relationship_id", sa.Uuid(), nullable=False),
        sa.Column("buyer_name", sa.Text(), nullable=False),
        sa.Column("supplier_name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("buyer_group", sa.Text(), nullable=True),
        sa.Column("buyer_size", sa.Text(), nullable=True),
        sa.Column("buyer_region", sa.Text(), nullable=True),
        sa.Column("buyer_industry", sa.Text(), nullable=True),
        sa.Column("supplier_group", sa.Text(), nullable=True),
        sa.Column("supplier_size", sa.Text(), nullable=True),
        sa.Column("supplier_region", sa.Text(), nullable=True),
        sa.Column("supplier_industry", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("buyer_id", "supplier_id", name="pk_relationships"),
    )
    op.create_index("ix_relationships_supplier_id", "relationships", ["supplier_id"])


def _create_orders() -> None:
    op.create_table(
        "orders",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ordered_on", sa.Date(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", name="pk_orders"),
    )
    op.create_index(
        "ix_orders_buyer_id_supplier_id_ordered_on_order_id",
        "orders",
        ["buyer_id", "supplier_id", "ordered_on", "order_id"],
    )
    op.create_table(
        "lines",
        sa.Column("schedule_line_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("quantity", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("first_promised_on", sa.Date(), nullable=True),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_on", sa.Date(), nullable=True),
        sa.Column("cancelled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("full_on", sa.Date(), nullable=True),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("schedule_line_id", name="pk_lines"),
        postgresql_with={"fillfactor": 80},
    )
    op.create_index(
        "ix_lines_buyer_id_supplier_id_confirmed_on_schedule_line_id",
        "lines",
        ["buyer_id", "supplier_id", "confirmed_on", "schedule_line_id"],
    )
    op.create_index(
        "ix_lines_buyer_id_supplier_id_promised_on",
        "lines",
        ["buyer_id", "supplier_id", "promised_on"],
        postgresql_where=sa.text("full_on IS NULL AND promised_on IS NOT NULL AND NOT cancelled"),
    )


def _create_receipts() -> None:
    op.create_table(
        "deliveries",
        sa.Column("receipt_line_id", sa.Uuid(), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("schedule_line_id", sa.Uuid(), nullable=False),
        sa.Column("delivered_on", sa.Date(), nullable=False),
        sa.Column(
            "received",
            sa.Numeric(precision=18, scale=6),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column(
            "rejected",
            sa.Numeric(precision=18, scale=6),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("receipt_line_id", name="pk_deliveries"),
    )
    op.create_index(
        "ix_deliveries_schedule_line_id_delivered_on",
        "deliveries",
        ["schedule_line_id", "delivered_on"],
    )
    op.create_table(
        "acceptances",
        sa.Column("acceptance_id", sa.Uuid(), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("delivered_on", sa.Date(), nullable=False),
        sa.Column("accepted_on", sa.Date(), nullable=False),
        sa.Column("deemed", sa.Boolean(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("acceptance_id", name="pk_acceptances"),
    )
    op.create_index(
        "ix_acceptances_buyer_id_supplier_id_accepted_on_acceptance_id",
        "acceptances",
        ["buyer_id", "supplier_id", "accepted_on", "acceptance_id"],
    )


def _create_debts() -> None:
    op.create_table(
        "payables",
        sa.Column("payable_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("delivered_on", sa.Date(), nullable=True),
        sa.Column("contract_due_on", sa.Date(), nullable=True),
        sa.Column("legal_latest_on", sa.Date(), nullable=True),
        sa.Column(
            "due_on",
            sa.Date(),
            sa.Computed("least(contract_due_on, legal_latest_on)", persisted=True),
            nullable=True,
        ),
        sa.Column("counts_overdue", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("payable_id", name="pk_payables"),
        postgresql_with={"fillfactor": 80},
    )
    op.create_index(
        "ix_payables_buyer_id_supplier_id_due_on",
        "payables",
        ["buyer_id", "supplier_id", "due_on"],
        postgresql_where=sa.text("paid_minor < amount_minor AND counts_overdue"),
    )
    op.create_table(
        "paid_parts",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.BigInteger(), nullable=False),
        sa.Column("payable_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("delivered_on", sa.Date(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("reverses", sa.Uuid(), nullable=True),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("payment_id", "part", name="pk_paid_parts"),
    )
    op.create_index(
        "ix_paid_parts_buyer_id_supplier_id_paid_on_payment_id",
        "paid_parts",
        ["buyer_id", "supplier_id", "paid_on", "payment_id"],
    )
    op.create_index("ix_paid_parts_reverses", "paid_parts", ["reverses"])
    op.create_index(
        "ix_paid_parts_payable_id_paid_on_payment_id",
        "paid_parts",
        ["payable_id", "paid_on", "payment_id"],
    )


def _create_counts() -> None:
    op.create_table(
        "line_months",
        sa.Column("schedule_line_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("first_promised", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("first_kept", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("promised", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("kept", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("schedule_line_id", "month", name="pk_line_months"),
    )
    op.create_index(
        "ix_line_months_buyer_id_supplier_id_month_schedule_line_id",
        "line_months",
        ["buyer_id", "supplier_id", "month", "schedule_line_id"],
    )
    op.create_table(
        "payable_months",
        sa.Column("payable_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("legal_due_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("legal_kept_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("overdue_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("paid_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("payments", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("payment_days", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("payable_id", "month", name="pk_payable_months"),
    )
    op.create_index(
        "ix_payable_months_buyer_id_supplier_id_month_payable_id",
        "payable_months",
        ["buyer_id", "supplier_id", "month", "payable_id"],
    )


def _create_months() -> None:
    op.create_table(
        "months",
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("orders", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("confirmations", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("confirmation_s", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("receipts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("acceptances", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("acceptance_days", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("deemed", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("first_promised", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("first_kept", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("promised", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("kept", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("buyer_id", "supplier_id", "month", name="pk_months"),
        postgresql_with={"fillfactor": 80},
    )
    op.create_index("ix_months_month", "months", ["month"])
    op.create_index("ix_months_supplier_id_month", "months", ["supplier_id", "month"])
    op.create_table(
        "month_amounts",
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("ordered_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("paid_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("payments", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("payment_days", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("legal_due_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("legal_kept_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("overdue_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint(
            "buyer_id", "supplier_id", "month", "currency", name="pk_month_amounts"
        ),
        postgresql_with={"fillfactor": 80},
    )
    op.create_index("ix_month_amounts_month", "month_amounts", ["month"])
    op.create_index("ix_month_amounts_supplier_id_month", "month_amounts", ["supplier_id", "month"])


def _create_releases() -> None:
    op.create_table(
        "protection",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("percent", sa.Numeric(precision=6, scale=4), nullable=False),
        sa.CheckConstraint("id = 1", name="ck_protection_there_is_one"),
        sa.CheckConstraint("percent BETWEEN 10 AND 20", name="ck_protection_between_10_and_20"),
        sa.PrimaryKeyConstraint("id", name="pk_protection"),
    )
    op.create_table(
        "previews",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("done", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("total", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("rows", sa.Text(), nullable=True),
        sa.Column("withheld", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("after_id", sa.Uuid(), nullable=True),
        sa.Column("contributor_ids", sa.ARRAY(sa.Uuid()), nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'passed', 'refused')",
            name="ck_previews_state_is_known",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_previews"),
    )
    op.create_index(
        "ix_previews_created_at",
        "previews",
        ["created_at"],
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.create_table(
        "releases",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("preview_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["preview_id"], ["previews.id"], name="fk_releases_preview_id"),
        sa.PrimaryKeyConstraint("id", name="pk_releases"),
        sa.UniqueConstraint("month", name="uq_releases_month"),
    )


def _create_looks() -> None:
    op.create_table(
        "waivers",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_waivers"),
    )
    op.create_index("ix_waivers_organization_id_id", "waivers", ["organization_id", "id"])
    op.create_table(
        "contributors",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name="fk_contributors_release_id"),
        sa.PrimaryKeyConstraint("release_id", "organization_id", name="pk_contributors"),
    )
    op.create_index("ix_contributors_organization_id", "contributors", ["organization_id"])
    op.create_table(
        "release_looks",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("reader_id", sa.Uuid(), nullable=False),
        sa.Column("reader_name", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"], ["releases.id"], name="fk_release_looks_release_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_release_looks"),
    )
    op.create_index("ix_release_looks_release_id_id", "release_looks", ["release_id", "id"])
    op.create_table(
        "looks",
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("reader IN ('buyer', 'supplier')", name="ck_looks_reader_is_a_side"),
        sa.PrimaryKeyConstraint("id", name="pk_looks"),
    )
    op.create_index("ix_looks_buyer_id_created_at", "looks", ["buyer_id", "created_at"])
    op.create_index("ix_looks_supplier_id_created_at", "looks", ["supplier_id", "created_at"])
