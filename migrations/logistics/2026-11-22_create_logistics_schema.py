"""create logistics schema."""

import sqlalchemy as sa
from alembic import context, op

from migrations.operations import PARTY, append_only, create_kernel, drop_kernel, protect

revision = "381e4369419a"
down_revision = None
branch_labels = None
depends_on = None

QUANTITY = sa.Numeric(precision=18, scale=6)
INSTANT = sa.DateTime(timezone=True)
TABLES = (  # of buyer and supplier, whose supplier is barred while the buyer suspends it
    "schedule_lines",
    "progress",
    "notice_lines",
    "packages",
    "package_lines",
    "receipts",
    "receipt_lines",
    "acceptances",
    "acceptance_lines",
    "photos",
)
WITH_CARRIER = "shipments", "entries"
SUPPLIES, BUYS = f"supplier_id = {PARTY}", f"buyer_id = {PARTY}"
SPEAKS = (
    f"CASE side WHEN 'buyer' THEN {BUYS} WHEN 'supplier' THEN {SUPPLIES}"
    f" WHEN 'carrier' THEN carrier_id = {PARTY} ELSE false END"
)
COUNTED = "planned, shipped, over, received, missing, accepted, rejected, updated_at"


def upgrade() -> None:
    create_kernel()
    _create_lines()
    _create_shipments()
    _create_receipts()
    protect("relationships", "buyer_id", "supplier_id")
    protect("counters", "organization_id")
    for table in TABLES:
        protect(table, "buyer_id", "supplier_id", barred=True)
    for table in WITH_CARRIER:
        protect(table, "buyer_id", "supplier_id", "carrier_id", barred=True)
    append_only("entries")
    append_only("acceptances")
    append_only("acceptance_lines")
    _give_rights()
    _let_each_side_do_its_part()


def downgrade() -> None:
    for table in (
        "entries",
        "photos",
        "acceptance_lines",
        "acceptances",
        "receipt_lines",
        "receipts",
        "package_lines",
        "packages",
        "notice_lines",
        "shipments",
        "counters",
        "progress",
        "schedule_lines",
        "relationships",
    ):
        op.drop_table(table)
    drop_kernel()


def _id() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False)


def _from_zero(name: str) -> sa.Column[object]:
    return sa.Column(name, QUANTITY, server_default=sa.text("0"), nullable=False)


def _of_the_same_parties(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    columns = [column, "buyer_id", "supplier_id"]
    there = [f"{target}.{name}" for name in ("id", "buyer_id", "supplier_id")]
    return sa.ForeignKeyConstraint(columns, there, name=f"fk_{table}_{'_'.join(columns)}")


def _create_lines() -> None:
    op.create_table(
        "relationships",
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("buyer_name", sa.String(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_name", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("quantity_tolerance_percent", QUANTITY, nullable=False),
        sa.Column("acceptance_working_days", sa.BigInteger(), nullable=False),
        sa.Column("suspended_by", sa.String(), nullable=True),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("buyer_id", "supplier_id", name="pk_relationships"),
    )
    op.create_index("ix_relationships_supplier_id", "relationships", ["supplier_id"])
    op.create_table(
        "schedule_lines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("order_number", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("item_number", sa.String(), nullable=False),
        sa.Column("item_name", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column(
            "expected_on",
            sa.Date(),
            sa.Computed("coalesce(promised_on, due_on)", persisted=True),
            nullable=False,
        ),
        sa.Column("quantity", QUANTITY, nullable=False),
        sa.Column("told_at", INSTANT, nullable=False),
        _from_zero("planned"),
        _from_zero("shipped"),
        _from_zero("over"),
        _from_zero("received"),
        _from_zero("missing"),
        _from_zero("accepted"),
        _from_zero("rejected"),
        sa.Column(
            "on_the_way",
            QUANTITY,
            sa.Computed("shipped + over - received - missing", persisted=True),
            nullable=False,
        ),
        sa.Column(
            "waiting",
            QUANTITY,
            sa.Computed("received - accepted - rejected", persisted=True),
            nullable=False,
        ),
        sa.Column(
            "left_to_ship",
            QUANTITY,
            sa.Computed(
                "greatest(quantity - planned - shipped - over + missing + rejected, 0)",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "state IN ('unconfirmed', 'confirmed', 'cancelled')",
            name="ck_schedule_lines_state_is_known",
        ),
        sa.CheckConstraint(
            "planned >= 0 AND shipped >= 0 AND over >= 0 AND received >= 0 AND missing >= 0"
            " AND accepted >= 0 AND rejected >= 0",
            name="ck_schedule_lines_nothing_below_zero",
        ),
        sa.CheckConstraint(
            "shipped + over - received - missing >= 0 AND received - accepted - rejected >= 0",
            name="ck_schedule_lines_nothing_vanishes",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_schedule_lines"),
        sa.UniqueConstraint(
            "id", "buyer_id", "supplier_id", name="uq_schedule_lines_id_buyer_id_supplier_id"
        ),
        postgresql_with={"fillfactor": 70},
    )
    op.create_index(
        "ix_schedule_lines_buyer_id_order_number_position",
        "schedule_lines",
        ["buyer_id", "order_number", "position"],
    )
    op.create_index(
        "ix_schedule_lines_buyer_id_ready",
        "schedule_lines",
        ["buyer_id", "expected_on", "id"],
        postgresql_where=sa.text("state = 'confirmed' AND left_to_ship > 0"),
    )
    op.create_index("ix_schedule_lines_line_id", "schedule_lines", ["line_id"])
    op.create_index("ix_schedule_lines_order_id", "schedule_lines", ["order_id"])
    op.create_index(
        "ix_schedule_lines_supplier_id_ready",
        "schedule_lines",
        ["supplier_id", "expected_on", "id"],
        postgresql_where=sa.text("state = 'confirmed' AND left_to_ship > 0"),
    )
    op.create_table(
        "progress",
        sa.Column("schedule_line_id", sa.Uuid(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("good", QUANTITY, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("schedule_line_id", name="pk_progress"),
    )
    op.create_table(
        "counters",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("labeler", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("notices", sa.BigInteger(), nullable=False),
        sa.Column("receipts", sa.BigInteger(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", name="pk_counters"),
    )


def _create_shipments() -> None:
    op.create_table(
        "shipments",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=True),
        sa.Column("carrier_name", sa.String(), nullable=True),
        sa.Column("vehicle", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("buyer_name", sa.String(), nullable=False),
        sa.Column("supplier_name", sa.String(), nullable=False),
        sa.Column("package_count", sa.BigInteger(), nullable=False),
        sa.Column("estimated_departure_at", INSTANT, nullable=True),
        sa.Column("estimated_arrival_at", INSTANT, nullable=True),
        sa.Column("expected_at", INSTANT, nullable=False),
        sa.Column("departed_at", INSTANT, nullable=True),
        sa.Column("arrived_at", INSTANT, nullable=True),
        sa.Column("received_at", INSTANT, nullable=True),
        sa.Column("cancel_reason", sa.String(), nullable=True),
        sa.Column("updated_at", INSTANT, nullable=False),
        _id(),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "(state IN ('planned', 'cancelled')) = (departed_at IS NULL)",
            name="ck_shipments_left_or_did_not",
        ),
        sa.CheckConstraint(
            "state IN ('planned', 'dispatched', 'arrived', 'received', 'cancelled')",
            name="ck_shipments_state_is_known",
        ),
        sa.CheckConstraint(
            "arrived_at >= departed_at", name="ck_shipments_arrives_after_departure"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_shipments"),
        sa.UniqueConstraint(
            "id", "buyer_id", "supplier_id", name="uq_shipments_id_buyer_id_supplier_id"
        ),
        sa.UniqueConstraint(
            "id",
            "carrier_id",
            "buyer_id",
            "supplier_id",
            name="uq_shipments_id_carrier_id_buyer_id_supplier_id",
        ),
        sa.UniqueConstraint("supplier_id", "number", name="uq_shipments_supplier_id_number"),
    )
    op.create_index(
        "ix_shipments_buyer_id_expected_at",
        "shipments",
        ["buyer_id", "expected_at", "id"],
        postgresql_where=sa.text("state IN ('planned', 'dispatched', 'arrived')"),
    )
    op.create_index("ix_shipments_buyer_id_id", "shipments", ["buyer_id", "id"])
    op.create_index("ix_shipments_carrier_id_id", "shipments", ["carrier_id", "id"])
    op.create_index(
        "ix_shipments_supplier_id_expected_at",
        "shipments",
        ["supplier_id", "expected_at", "id"],
        postgresql_where=sa.text("state IN ('planned', 'dispatched', 'arrived')"),
    )
    op.create_index("ix_shipments_supplier_id_id", "shipments", ["supplier_id", "id"])
    op.create_table(
        "notice_lines",
        sa.Column("shipment_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("schedule_line_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", QUANTITY, nullable=False),
        sa.Column("lot", sa.String(), nullable=True),
        sa.Column("departed", sa.Boolean(), nullable=False),
        _from_zero("over"),
        _from_zero("received"),
        _from_zero("missing"),
        sa.Column(
            "on_the_way",
            QUANTITY,
            sa.Computed(
                "CASE WHEN departed THEN quantity + over - received - missing ELSE 0 END",
                persisted=True,
            ),
            nullable=False,
        ),
        _id(),
        sa.CheckConstraint(
            "departed OR received + missing = 0", name="ck_notice_lines_comes_after_it_left"
        ),
        sa.CheckConstraint(
            "quantity > 0 AND over >= 0", name="ck_notice_lines_announces_something"
        ),
        sa.CheckConstraint(
            "received >= 0 AND missing >= 0 AND quantity + over - received - missing >= 0",
            name="ck_notice_lines_nothing_vanishes",
        ),
        _of_the_same_parties("notice_lines", "schedule_line_id", "schedule_lines"),
        _of_the_same_parties("notice_lines", "shipment_id", "shipments"),
        sa.PrimaryKeyConstraint("id", name="pk_notice_lines"),
        sa.UniqueConstraint(
            "id", "buyer_id", "supplier_id", name="uq_notice_lines_id_buyer_id_supplier_id"
        ),
        sa.UniqueConstraint(
            "shipment_id",
            "sequence",
            "buyer_id",
            "supplier_id",
            name="uq_notice_lines_shipment_id_sequence_buyer_id_supplier_id",
        ),
    )
    op.create_index("ix_notice_lines_schedule_line_id", "notice_lines", ["schedule_line_id"])
    op.create_table(
        "packages",
        sa.Column("shipment_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sscc", sa.String(), nullable=False),
        _id(),
        sa.CheckConstraint("sscc ~ '^[0-9]{18}$'", name="ck_packages_has_18_digits"),
        _of_the_same_parties("packages", "shipment_id", "shipments"),
        sa.PrimaryKeyConstraint("id", name="pk_packages"),
        sa.UniqueConstraint(
            "id", "buyer_id", "supplier_id", name="uq_packages_id_buyer_id_supplier_id"
        ),
        sa.UniqueConstraint(
            "shipment_id",
            "sequence",
            "buyer_id",
            "supplier_id",
            name="uq_packages_shipment_id_sequence_buyer_id_supplier_id",
        ),
        sa.UniqueConstraint("sscc", "supplier_id", name="uq_packages_sscc_supplier_id"),
    )
    op.create_table(
        "package_lines",
        sa.Column("package_id", sa.Uuid(), nullable=False),
        sa.Column("notice_line_id", sa.Uuid(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", QUANTITY, nullable=False),
        _id(),
        sa.CheckConstraint("quantity > 0", name="ck_package_lines_holds_something"),
        _of_the_same_parties("package_lines", "notice_line_id", "notice_lines"),
        _of_the_same_parties("package_lines", "package_id", "packages"),
        sa.PrimaryKeyConstraint("id", name="pk_package_lines"),
    )
    op.create_index("ix_package_lines_notice_line_id", "package_lines", ["notice_line_id"])
    op.create_index("ix_package_lines_package_id", "package_lines", ["package_id"])


def _create_receipts() -> None:
    op.create_table(
        "receipts",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("shipment_id", sa.Uuid(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("delivered_on", sa.Date(), nullable=False),
        sa.Column("inspection_ends_on", sa.Date(), nullable=False),
        sa.Column("working_days", sa.BigInteger(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        _id(),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("imported", sa.Boolean(), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'judged')", name="ck_receipts_state_is_known"),
        _of_the_same_parties("receipts", "shipment_id", "shipments"),
        sa.PrimaryKeyConstraint("id", name="pk_receipts"),
        sa.UniqueConstraint("buyer_id", "number", name="uq_receipts_buyer_id_number"),
        sa.UniqueConstraint(
            "id", "buyer_id", "supplier_id", name="uq_receipts_id_buyer_id_supplier_id"
        ),
    )
    op.create_index("ix_receipts_buyer_id_id", "receipts", ["buyer_id", "id"])
    op.create_index(
        "ix_receipts_buyer_id_waiting",
        "receipts",
        ["buyer_id", "inspection_ends_on", "id"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index("ix_receipts_order_id", "receipts", ["order_id"])
    op.create_index("ix_receipts_shipment_id", "receipts", ["shipment_id"])
    op.create_index("ix_receipts_supplier_id_id", "receipts", ["supplier_id", "id"])
    op.create_index(
        "ix_receipts_waiting",
        "receipts",
        ["inspection_ends_on", "id"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "receipt_lines",
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("notice_line_id", sa.Uuid(), nullable=True),
        sa.Column("schedule_line_id", sa.Uuid(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("item_number", sa.String(), nullable=False),
        sa.Column("item_name", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        _from_zero("received"),
        _from_zero("over"),
        _from_zero("missing"),
        _from_zero("damaged"),
        _from_zero("accepted"),
        _from_zero("rejected"),
        sa.Column(
            "waiting",
            QUANTITY,
            sa.Computed("received - accepted - rejected", persisted=True),
            nullable=False,
        ),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("photo_id", sa.Uuid(), nullable=True),
        _id(),
        sa.CheckConstraint(
            "received - accepted - rejected >= 0", name="ck_receipt_lines_nothing_vanishes"
        ),
        sa.CheckConstraint(
            "received >= 0 AND over >= 0 AND missing >= 0 AND damaged >= 0"
            " AND accepted >= 0 AND rejected >= 0 AND over <= received AND damaged <= received",
            name="ck_receipt_lines_counts_what_came",
        ),
        sa.CheckConstraint(
            "schedule_line_id IS NOT NULL OR (accepted = 0 AND rejected = received AND over = 0"
            " AND missing = 0 AND notice_line_id IS NULL)",
            name="ck_receipt_lines_wrong_items_are_rejected",
        ),
        _of_the_same_parties("receipt_lines", "notice_line_id", "notice_lines"),
        _of_the_same_parties("receipt_lines", "receipt_id", "receipts"),
        _of_the_same_parties("receipt_lines", "schedule_line_id", "schedule_lines"),
        sa.PrimaryKeyConstraint("id", name="pk_receipt_lines"),
        sa.UniqueConstraint(
            "id", "buyer_id", "supplier_id", name="uq_receipt_lines_id_buyer_id_supplier_id"
        ),
        sa.UniqueConstraint(
            "receipt_id",
            "sequence",
            "buyer_id",
            "supplier_id",
            name="uq_receipt_lines_receipt_id_sequence_buyer_id_supplier_id",
        ),
    )
    op.create_index("ix_receipt_lines_notice_line_id", "receipt_lines", ["notice_line_id"])
    op.create_index("ix_receipt_lines_order_id", "receipt_lines", ["order_id"])
    op.create_index("ix_receipt_lines_schedule_line_id", "receipt_lines", ["schedule_line_id"])
    op.create_table(
        "acceptances",
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("deemed", sa.Boolean(), nullable=False),
        sa.Column("accepted_on", sa.Date(), nullable=False),
        _id(),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("imported", sa.Boolean(), nullable=False),
        _of_the_same_parties("acceptances", "receipt_id", "receipts"),
        sa.PrimaryKeyConstraint("id", name="pk_acceptances"),
        sa.UniqueConstraint(
            "id", "buyer_id", "supplier_id", name="uq_acceptances_id_buyer_id_supplier_id"
        ),
    )
    op.create_index("ix_acceptances_receipt_id_id", "acceptances", ["receipt_id", "id"])
    op.create_table(
        "acceptance_lines",
        sa.Column("acceptance_id", sa.Uuid(), nullable=False),
        sa.Column("receipt_line_id", sa.Uuid(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("accepted", QUANTITY, nullable=False),
        sa.Column("rejected", QUANTITY, nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        _id(),
        sa.CheckConstraint(
            "accepted >= 0 AND rejected >= 0 AND accepted + rejected > 0",
            name="ck_acceptance_lines_judges_something",
        ),
        _of_the_same_parties("acceptance_lines", "acceptance_id", "acceptances"),
        _of_the_same_parties("acceptance_lines", "receipt_line_id", "receipt_lines"),
        sa.PrimaryKeyConstraint("id", name="pk_acceptance_lines"),
    )
    op.create_index("ix_acceptance_lines_acceptance_id", "acceptance_lines", ["acceptance_id"])
    op.create_index("ix_acceptance_lines_receipt_line_id", "acceptance_lines", ["receipt_line_id"])
    op.create_table(
        "photos",
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=True),
        sa.Column("width", sa.BigInteger(), nullable=False),
        sa.Column("height", sa.BigInteger(), nullable=False),
        sa.Column("taken_by", sa.String(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        _id(),
        sa.PrimaryKeyConstraint("id", name="pk_photos"),
    )
    op.create_index("ix_photos_buyer_id_id", "photos", ["buyer_id", "id"])
    op.create_table(
        "entries",
        sa.Column("shipment_id", sa.Uuid(), nullable=True),
        sa.Column("receipt_id", sa.Uuid(), nullable=True),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=True),
        sa.Column("place", sa.String(), nullable=True),
        _id(),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("imported", sa.Boolean(), nullable=False),
        _of_the_same_parties("entries", "receipt_id", "receipts"),
        _of_the_same_parties("entries", "shipment_id", "shipments"),
        sa.ForeignKeyConstraint(
            ["shipment_id", "carrier_id", "buyer_id", "supplier_id"],
            ["shipments.id", "shipments.carrier_id", "shipments.buyer_id", "shipments.supplier_id"],
            name="fk_entries_shipment_id_carrier_id_buyer_id_supplier_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_entries"),
    )
    op.create_index("ix_entries_receipt_id_id", "entries", ["receipt_id", "id"])
    op.create_index("ix_entries_shipment_id_id", "entries", ["shipment_id", "id"])


def _give_rights() -> None:
    """Let requests count goods, and what was ordered come from other services alone."""
    service = context.config.config_ini_section
    for table in "relationships", "schedule_lines", "progress":
        op.execute(f"REVOKE INSERT, UPDATE ON {table} FROM {service}_app")
    op.execute(f"GRANT UPDATE ({COUNTED}) ON schedule_lines TO {service}_app")
    op.execute(f"GRANT DELETE ON packages, package_lines TO {service}_app")


def _let_each_side_do_its_part() -> None:
    """Let the supplier ship, the buyer receive and the carrier tell of its way, and no more."""
    for table in "shipments", "notice_lines", "packages", "package_lines":
        _restrict(table, "INSERT", SUPPLIES)
    for table in "packages", "package_lines":
        _restrict(table, "DELETE", SUPPLIES)
    _restrict("shipments", "UPDATE", f"({BUYS} OR {SUPPLIES})")
    for table in "receipts", "receipt_lines", "acceptances", "acceptance_lines", "photos":
        _restrict(table, "INSERT", BUYS)
    for table in "receipts", "receipt_lines", "photos":
        _restrict(table, "UPDATE", BUYS)
    _restrict("entries", "INSERT", SPEAKS)


def _restrict(table: str, command: str, condition: str) -> None:
    service = context.config.config_ini_section
    looks = {
        "INSERT": f"WITH CHECK ({condition})",
        "UPDATE": f"USING (true) WITH CHECK ({condition})",
        "DELETE": f"USING ({condition})",
    }
    op.execute(
        f"CREATE POLICY by_its_side_{command.lower()} ON {table} AS RESTRICTIVE"
        f" FOR {command} TO {service}_app {looks[command]}"
    )
