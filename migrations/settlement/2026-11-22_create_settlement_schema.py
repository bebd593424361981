"""create settlement schema."""

from typing import Any

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

from migrations.operations import PARTY, append_only, create_kernel, drop_kernel, protect

revision = "5e1c7a0b9d42"
down_revision = None
branch_labels = None
depends_on = None

HEARD = "relationships", "order_lines", "schedule_lines", "receipt_lines", "acceptances"
TABLES = (  # in the order in which one refers to the other
    *HEARD,
    "accounts",
    "postings",
    "entries",
    "payables",
    "statements",
    "statement_lines",
    "invoices",
    "invoice_lines",
    "allocations",
    "credit_notes",
    "steps",
    "settings",
    "proposals",
    "proposal_lines",
    "approvals",
    "payments",
    "payment_parts",
)
BUYERS_OWN = {"proposals": "buyer_id", "proposal_lines": "buyer_id", "approvals": "buyer_id"}
RECKONED = (
    "started_on, start, contract_due_on, legal_latest_on, no_legal_date, pledge_due_on, due_on, "
    "rules, provisional, expected, calendar, reckoned_at"
)
MUTABLE = {  # what requests may change; the rest of these tables stays as it was
    "accounts": "balance_minor",
    "payables": (
        "invoiced_quantity, invoiced_minor, approved_minor, disputed_minor, paid_minor, "
        f"settled_on, statement_id, statement_agreed_on, {RECKONED}"
    ),
    "statements": (
        "state, total_minor, buyer_agreed_at, buyer_agreed_by, supplier_agreed_at, "
        "supplier_agreed_by, document, sha256, agreed_at"
    ),
    "statement_lines": "buyer_agrees, buyer_note, supplier_agrees, supplier_note, carried",
    "invoices": (
        "verdict, reason, must_act, undisputed_minor, disputed_minor, credited_minor, "
        "withdrawn_minor, paid_minor"
    ),
    "invoice_lines": (
        "verdict, reason, must_act, unmatched, unmatched_minor, undisputed_minor, "
        "disputed_minor, withdrawn_minor, decision, decision_reason"
    ),
    "allocations": "amount_minor, disputed_minor, credited_minor, paid_minor, released",
    "proposals": "state",
}

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
    for table in TABLES:
        CREATE[table]()
        if table == "settings":
            protect(table, "organization_id")
        elif table in BUYERS_OWN:
            protect(table, BUYERS_OWN[table])
        else:
            protect(table, "buyer_id", "supplier_id")
    append_only("postings")
    append_only("entries")
    append_only("credit_notes")
    append_only("steps")
    append_only("proposal_lines")
    append_only("approvals")
    append_only("payments")
    append_only("payment_parts")
    _give_rights()
    _let_only_buyers_pay()
    _book_entries()


def downgrade() -> None:
    op.execute("DROP FUNCTION book_entries CASCADE")
    for table in reversed(TABLES):
        op.drop_table(table)
    drop_kernel()


def _create_acceptances() -> None:
    op.create_table(
        "acceptances",
        *_columns(
            ID,
            "acceptance_id",
            "receipt_id",
            "receipt_line_id",
            "order_id",
            "schedule_line_id",
            "buyer_id",
            "supplier_id",
        ),
        *_columns(TEXT, "receipt_number"),
        *_columns(QUANTITY, "accepted", "rejected"),
        *_columns(TEXT, "reason", nullable=True),
        *_columns(FLAG, "deemed", "provisional", "imported"),
        *_columns(DAY, "delivered_on", "inspection_ends_on", "accepted_on"),
        *_columns(INSTANT, "occurred_at", "recorded_at"),
        *_columns(INSTANT, "valued_at", nullable=True),
        _id(),
        sa.PrimaryKeyConstraint("id", name="pk_acceptances"),
        sa.UniqueConstraint(
            "acceptance_id",
            "receipt_line_id",
            "buyer_id",
            "supplier_id",
            name="uq_acceptances_acceptance_id_receipt_line_id_buyer_id_s_efe0",
        ),
    )
    op.create_index(
        "ix_acceptances_waiting",
        "acceptances",
        ["schedule_line_id"],
        postgresql_where=sa.text("valued_at IS NULL"),
    )


def _create_accounts() -> None:
    op.create_table(
        "accounts",
        *_columns(ID, "buyer_id", "supplier_id"),
        *_columns(TEXT, "currency", "name"),
        *_columns(NUMBER, "balance_minor", default="0"),
        sa.PrimaryKeyConstraint("buyer_id", "supplier_id", "currency", "name", name="pk_accounts"),
    )
    op.create_index("ix_accounts_supplier_id", "accounts", ["supplier_id"])


def _create_invoices() -> None:
    op.create_table(
        "invoices",
        *_columns(TEXT, "number", "number_key", "currency", "verdict", "submitted_by"),
        *_columns(BYTES, "digest"),
        *_columns(NUMBER, "total_minor"),
        *_columns(NUMBER, "tax_minor", nullable=True),
        *_columns(DAY, "invoiced_on"),
        *_columns(ID, "statement_id", nullable=True),
        *_columns(TEXT, "reason", "must_act", nullable=True),
        *_columns(
            NUMBER,
            "undisputed_minor",
            "disputed_minor",
            "credited_minor",
            "withdrawn_minor",
            "paid_minor",
            default="0",
        ),
        *_columns(INSTANT, "occurred_at", nullable=True),
        *_columns(INSTANT, "recorded_at"),
        *_columns(FLAG, "imported"),
        *_columns(ID, "buyer_id", "supplier_id"),
        sa.Column(
            "open_minor",
            NUMBER,
            sa.Computed("undisputed_minor - credited_minor - paid_minor", persisted=True),
            nullable=False,
        ),
        _id(),
        sa.CheckConstraint(
            "undisputed_minor >= credited_minor + paid_minor",
            name="ck_invoices_paid_at_most_what_is_payable",
        ),
        sa.CheckConstraint(
            "verdict IN ('matched', 'within_tolerance', 'exception')",
            name="ck_invoices_verdict_known",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_invoices"),
        sa.UniqueConstraint(
            "id", "buyer_id", "supplier_id", name="uq_invoices_id_buyer_id_supplier_id"
        ),
        sa.UniqueConstraint(
            "supplier_id",
            "buyer_id",
            "number_key",
            name="uq_invoices_supplier_id_buyer_id_number_key",
        ),
    )
    op.create_index(
        "ix_invoices_buyer_id_recorded_at_id", "invoices", ["buyer_id", "recorded_at", "id"]
    )
    op.create_index(
        "ix_invoices_exceptions",
        "invoices",
        ["buyer_id", "must_act"],
        postgresql_where=sa.text("verdict = 'exception'"),
    )
    op.create_index(
        "ix_invoices_supplier_id_recorded_at_id", "invoices", ["supplier_id", "recorded_at", "id"]
    )


def _create_order_lines() -> None:
    op.create_table(
        "order_lines",
        *_columns(ID, "id", "order_id", "buyer_id", "supplier_id"),
        *_columns(TEXT, "order_number", "item_number", "item_name", "unit", "currency"),
        *_columns(NUMBER, "position", "amount_minor"),
        *_columns(QUANTITY, "quantity"),
        *_columns(DAY, "ordered_on", nullable=True),
        *_columns(FLAG, "imported"),
        *_columns(QUANTITY, "accepted", default="0"),
        *_columns(NUMBER, "valued_minor", default="0"),
        sa.PrimaryKeyConstraint("id", name="pk_order_lines"),
        sa.UniqueConstraint(
            "id", "buyer_id", "supplier_id", name="uq_order_lines_id_buyer_id_supplier_id"
        ),
        sa.UniqueConstraint(
            "order_id",
            "position",
            "buyer_id",
            "supplier_id",
            name="uq_order_lines_order_id_position_buyer_id_supplier_id",
        ),
    )
    op.create_index(
        "ix_order_lines_buyer_id_order_number", "order_lines", ["buyer_id", "order_number"]
    )
    op.create_index(
        "ix_order_lines_supplier_id_order_number", "order_lines", ["supplier_id", "order_number"]
    )


def _create_payments() -> None:
    op.create_table(
        "payments",
        *_columns(TEXT, "currency", "reference", "reference_key", "recorded_by"),
        *_columns(NUMBER, "amount_minor"),
        *_columns(DAY, "paid_on"),
        *_columns(LONG_TEXT, "remittance", nullable=True),
        *_columns(ID, "proposal_id", "reverses", nullable=True),
        *_columns(BYTES, "digest"),
        *_columns(INSTANT, "occurred_at", "recorded_at"),
        *_columns(FLAG, "imported"),
        *_columns(ID, "buyer_id", "supplier_id"),
        _id(),
        sa.CheckConstraint(
            "CASE WHEN reverses IS NULL THEN amount_minor > 0 ELSE amount_minor < 0 END",
            name="ck_payments_pays_or_takes_back",
        ),
        _refer("payments", "reverses", "payments"),
        sa.PrimaryKeyConstraint("id", name="pk_payments"),
        sa.UniqueConstraint(
            "buyer_id",
            "supplier_id",
            "reference_key",
            name="uq_payments_buyer_id_supplier_id_reference_key",
        ),
        sa.UniqueConstraint(
            "id", "buyer_id", "supplier_id", name="uq_payments_id_buyer_id_supplier_id"
        ),
    )
    op.create_index("ix_payments_buyer_id_paid_on_id", "payments", ["buyer_id", "paid_on", "id"])
    op.create_index(
        "ix_payments_supplier_id_paid_on_id", "payments", ["supplier_id", "paid_on", "id"]
    )
    op.create_index(
        "uq_payments_reverses",
        "payments",
        ["reverses", "buyer_id", "supplier_id"],
        unique=True,
        postgresql_where=sa.text("reverses IS NOT NULL"),
    )


def _create_postings() -> None:
    op.create_table(
        "postings",
        *_columns(TEXT, "currency", "kind", "by"),
        *_columns(ID, "source_id", "buyer_id", "supplier_id"),
        *_columns(ID, "reverses", nullable=True),
        *_columns(DAY, "occurred_on"),
        *_columns(INSTANT, "recorded_at"),
        *_columns(FLAG, "imported"),
        _id(),
        sa.PrimaryKeyConstraint("id", name="pk_postings"),
        sa.UniqueConstraint(
            "id", "buyer_id", "supplier_id", name="uq_postings_id_buyer_id_supplier_id"
        ),
    )
    op.create_index(
        "ix_postings_buyer_id_supplier_id_id", "postings", ["buyer_id", "supplier_id", "id"]
    )
    op.create_index("ix_postings_supplier_id_id", "postings", ["supplier_id", "id"])
    op.create_index(
        "uq_postings_once",
        "postings",
        ["kind", "source_id", "buyer_id", "supplier_id"],
        unique=True,
        postgresql_where=sa.text("kind IN ('accepted', 'paid', 'reversed')"),
    )


def _create_proposals() -> None:
    op.create_table(
        "proposals",
        *_columns(ID, "buyer_id"),
        *_columns(TEXT, "currency", "state", "proposed_by"),
        *_columns(DAY, "due_before"),
        *_columns(NUMBER, "total_minor", "approvals_needed"),
        *_columns(ID, "proposed_by_user_id", nullable=True),
        *_columns(INSTANT, "created_at"),
        _id(),
        sa.CheckConstraint(
            "state IN ('open', 'approved', 'paid', 'withdrawn')", name="ck_proposals_state_known"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_proposals"),
        sa.UniqueConstraint("id", "buyer_id", name="uq_proposals_id_buyer_id"),
    )
    op.create_index("ix_proposals_buyer_id_state_id", "proposals", ["buyer_id", "state", "id"])


def _create_receipt_lines() -> None:
    op.create_table(
        "receipt_lines",
        *_columns(ID, "id", "receipt_id", "buyer_id", "supplier_id"),
        *_columns(TEXT, "receipt_number"),
        *_columns(ID, "order_id", "schedule_line_id", nullable=True),
        *_columns(QUANTITY, "received"),
        *_columns(QUANTITY, "accepted", "rejected", default="0"),
        *_columns(DAY, "delivered_on", "inspection_ends_on"),
        *_columns(FLAG, "imported"),
        sa.PrimaryKeyConstraint("id", name="pk_receipt_lines"),
    )
    op.create_index("ix_receipt_lines_receipt_id", "receipt_lines", ["receipt_id"])
    op.create_index("ix_receipt_lines_schedule_line_id", "receipt_lines", ["schedule_line_id"])


def _create_relationships() -> None:
    op.create_table(
        "relationships",
        *_columns(ID, "id", "buyer_id", "supplier_id"),
        *_columns(TEXT, "buyer_name", "supplier_name", "state"),
        *_columns(DAY, "signed_on", nullable=True),
        *_columns(JSON, "terms", "buyer", "supplier", nullable=True),
        *_columns(INSTANT, "changed_at"),
        sa.PrimaryKeyConstraint("id", name="pk_relationships"),
        sa.UniqueConstraint(
            "buyer_id", "supplier_id", name="uq_relationships_buyer_id_supplier_id"
        ),
    )
    op.create_index("ix_relationships_supplier_id", "relationships", ["supplier_id"])


def _create_settings() -> None:
    op.create_table(
        "settings",
        *_columns(ID, "organization_id"),
        *_columns(NUMBER, "approval_limit_minor"),
        *_columns(TEXT, "approval_limit_currency", "by"),
        *_columns(INSTANT, "changed_at"),
        sa.PrimaryKeyConstraint("organization_id", name="pk_settings"),
    )


def _create_statements() -> None:
    op.create_table(
        "statements",
        *_columns(TEXT, "currency", "state", "opened_by"),
        *_columns(DAY, "month"),
        *_columns(NUMBER, "total_minor", default="0"),
        *_columns(INSTANT, "opened_at"),
        *_columns(INSTANT, "buyer_agreed_at", "supplier_agreed_at", "agreed_at", nullable=True),
        *_columns(TEXT, "buyer_agreed_by", "supplier_agreed_by", "sha256", nullable=True),
        *_columns(LONG_TEXT, "document", nullable=True),
        *_columns(ID, "buyer_id", "supplier_id"),
        _id(),
        sa.CheckConstraint(
            "(state = 'agreed') = (document IS NOT NULL AND sha256 IS NOT NULL)",
            name="ck_statements_agreed_is_frozen",
        ),
        sa.CheckConstraint("state IN ('open', 'agreed')", name="ck_statements_state_known"),
        sa.PrimaryKeyConstraint("id", name="pk_statements"),
        sa.UniqueConstraint(
            "buyer_id",
            "supplier_id",
            "currency",
            "month",
            name="uq_statements_buyer_id_supplier_id_currency_month",
        ),
        sa.UniqueConstraint(
            "id", "buyer_id", "supplier_id", name="uq_statements_id_buyer_id_supplier_id"
        ),
    )
    op.create_index(
        "ix_statements_supplier_id_month_id", "statements", ["supplier_id", "month", "id"]
    )


def _create_steps() -> None:
    op.create_table(
        "steps",
        *_columns(ID, "about_id", "buyer_id", "supplier_id"),
        *_columns(TEXT, "kind", "by"),
        *_columns(TEXT, "side", nullable=True),
        *_columns(LONG_TEXT, "text", nullable=True),
        *_columns(JSON, "values", default="'{}'"),
        *_columns(INSTANT, "recorded_at"),
        _id(),
        sa.PrimaryKeyConstraint("id", name="pk_steps"),
    )
    op.create_index("ix_steps_about_id_id", "steps", ["about_id", "id"])


def _create_approvals() -> None:
    op.create_table(
        "approvals",
        *_columns(ID, "proposal_id", "buyer_id", "user_id"),
        *_columns(TEXT, "by"),
        *_columns(INSTANT, "approved_at"),
        _id(),
        sa.ForeignKeyConstraint(
            ["proposal_id", "buyer_id"],
            ["proposals.id", "proposals.buyer_id"],
            name="fk_approvals_proposal_id_buyer_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_approvals"),
        sa.UniqueConstraint(
            "proposal_id", "user_id", "buyer_id", name="uq_approvals_proposal_id_user_id_buyer_id"
        ),
    )


def _create_credit_notes() -> None:
    op.create_table(
        "credit_notes",
        *_columns(ID, "invoice_id", "buyer_id", "supplier_id"),
        *_columns(TEXT, "number", "number_key", "currency", "by"),
        *_columns(NUMBER, "amount_minor"),
        *_columns(LONG_TEXT, "reason"),
        *_columns(INSTANT, "recorded_at"),
        _id(),
        sa.CheckConstraint("amount_minor > 0", name="ck_credit_notes_gives_something"),
        _refer("credit_notes", "invoice_id", "invoices"),
        sa.PrimaryKeyConstraint("id", name="pk_credit_notes"),
        sa.UniqueConstraint(
            "supplier_id",
            "buyer_id",
            "number_key",
            name="uq_credit_notes_supplier_id_buyer_id_number_key",
        ),
    )
    op.create_index("ix_credit_notes_buyer_id_id", "credit_notes", ["buyer_id", "id"])
    op.create_index("ix_credit_notes_invoice_id", "credit_notes", ["invoice_id"])


def _create_entries() -> None:
    op.create_table(
        "entries",
        *_columns(ID, "posting_id", "buyer_id", "supplier_id"),
        *_columns(NUMBER, "turn", "amount_minor"),
        *_columns(TEXT, "currency", "account"),
        *_columns(ID, "payable_id", "invoice_id", nullable=True),
        _id(),
        sa.CheckConstraint("amount_minor <> 0", name="ck_entries_moves_something"),
        sa.ForeignKeyConstraint(
            ["buyer_id", "supplier_id", "currency", "account"],
            ["accounts.buyer_id", "accounts.supplier_id", "accounts.currency", "accounts.name"],
            name="fk_entries_buyer_id_supplier_id_currency_account",
        ),
        _refer("entries", "posting_id", "postings"),
        sa.PrimaryKeyConstraint("id", name="pk_entries"),
        sa.UniqueConstraint(
            "posting_id",
            "turn",
            "buyer_id",
            "supplier_id",
            name="uq_entries_posting_id_turn_buyer_id_supplier_id",
        ),
    )
    op.create_index(
        "ix_entries_buyer_id_supplier_id_id", "entries", ["buyer_id", "supplier_id", "id"]
    )
    op.create_index("ix_entries_invoice_id", "entries", ["invoice_id"])
    op.create_index("ix_entries_payable_id", "entries", ["payable_id"])
    op.create_index("ix_entries_supplier_id_id", "entries", ["supplier_id", "id"])


def _create_invoice_lines() -> None:
    op.create_table(
        "invoice_lines",
        *_columns(ID, "invoice_id", "line_id", "buyer_id", "supplier_id"),
        *_columns(NUMBER, "turn", "amount_minor", "unmatched_minor"),
        *_columns(ID, "payable_id", nullable=True),
        *_columns(QUANTITY, "quantity", "unmatched"),
        *_columns(TEXT, "verdict"),
        *_columns(TEXT, "reason", "must_act", "decision", nullable=True),
        *_columns(NUMBER, "undisputed_minor", "disputed_minor", "withdrawn_minor", default="0"),
        *_columns(LONG_TEXT, "decision_reason", nullable=True),
        _id(),
        sa.CheckConstraint("quantity > 0", name="ck_invoice_lines_claims_something"),
        sa.CheckConstraint(
            "verdict IN ('matched', 'within_tolerance', 'exception')",
            name="ck_invoice_lines_verdict_known",
        ),
        _refer("invoice_lines", "invoice_id", "invoices"),
        _refer("invoice_lines", "line_id", "order_lines"),
        sa.PrimaryKeyConstraint("id", name="pk_invoice_lines"),
        sa.UniqueConstraint(
            "id", "buyer_id", "supplier_id", name="uq_invoice_lines_id_buyer_id_supplier_id"
        ),
        sa.UniqueConstraint(
            "invoice_id",
            "turn",
            "buyer_id",
            "supplier_id",
            name="uq_invoice_lines_invoice_id_turn_buyer_id_supplier_id",
        ),
    )
    op.create_index(
        "ix_invoice_lines_waiting",
        "invoice_lines",
        ["line_id"],
        postgresql_where=sa.text("unmatched > 0 AND decision IS NULL"),
    )


def _create_payables() -> None:
    op.create_table(
        "payables",
        *_columns(
            ID,
            "id",
            "order_id",
            "line_id",
            "schedule_line_id",
            "receipt_id",
            "receipt_line_id",
            "buyer_id",
            "supplier_id",
        ),
        *_columns(
            TEXT,
            "receipt_number",
            "order_number",
            "item_number",
            "item_name",
            "unit",
            "currency",
            "start",
            "rules",
            "calendar",
        ),
        *_columns(NUMBER, "position", "amount_minor"),
        *_columns(FLAG, "imported", "deemed", "provisional", "expected"),
        *_columns(INSTANT, "recorded_at", "reckoned_at"),
        *_columns(QUANTITY, "quantity"),
        *_columns(QUANTITY, "invoiced_quantity", default="0"),
        *_columns(
            NUMBER, "invoiced_minor", "approved_minor", "disputed_minor", "paid_minor", default="0"
        ),
        *_columns(
            DAY,
            "settled_on",
            "ordered_on",
            "statement_agreed_on",
            "legal_latest_on",
            "pledge_due_on",
            nullable=True,
        ),
        *_columns(
            DAY,
            "delivered_on",
            "inspection_ends_on",
            "accepted_on",
            "started_on",
            "contract_due_on",
            "due_on",
        ),
        *_columns(ID, "statement_id", nullable=True),
        *_columns(JSON, "agreed", nullable=True),
        *_columns(TEXT, "no_legal_date", nullable=True),
        sa.Column(
            "open_minor",
            NUMBER,
            sa.Computed(
                "amount_minor - invoiced_minor + approved_minor - paid_minor", persisted=True
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            "paid_minor <= approved_minor", name="ck_payables_paid_at_most_what_is_payable"
        ),
        sa.CheckConstraint(
            "quantity > 0 AND invoiced_quantity BETWEEN 0 AND quantity",
            name="ck_payables_quantities",
        ),
        _refer("payables", "line_id", "order_lines"),
        sa.PrimaryKeyConstraint("id", name="pk_payables"),
        sa.UniqueConstraint(
            "id", "buyer_id", "supplier_id", name="uq_payables_id_buyer_id_supplier_id"
        ),
    )
    op.create_index("ix_payables_buyer_id_due_on_id", "payables", ["buyer_id", "due_on", "id"])
    op.create_index("ix_payables_line_id", "payables", ["line_id"])
    op.create_index("ix_payables_receipt_id", "payables", ["receipt_id"])
    op.create_index(
        "ix_payables_supplier_id_due_on_id", "payables", ["supplier_id", "due_on", "id"]
    )
    op.create_index(
        "ix_payables_without_a_statement",
        "payables",
        ["buyer_id", "supplier_id", "accepted_on"],
        postgresql_where=sa.text("statement_id IS NULL"),
    )


def _create_schedule_lines() -> None:
    op.create_table(
        "schedule_lines",
        *_columns(ID, "id", "line_id", "buyer_id", "supplier_id"),
        *_columns(INSTANT, "cancelled_at", nullable=True),
        _refer("schedule_lines", "line_id", "order_lines"),
        sa.PrimaryKeyConstraint("id", name="pk_schedule_lines"),
    )
    op.create_index("ix_schedule_lines_line_id", "schedule_lines", ["line_id"])


def _create_allocations() -> None:
    op.create_table(
        "allocations",
        *_columns(ID, "invoice_id", "invoice_line_id", "payable_id", "buyer_id", "supplier_id"),
        *_columns(QUANTITY, "quantity"),
        *_columns(NUMBER, "value_minor", "amount_minor"),
        *_columns(NUMBER, "disputed_minor", "credited_minor", "paid_minor", default="0"),
        *_columns(FLAG, "released", default="false"),
        sa.Column(
            "open_minor",
            NUMBER,
            sa.Computed("amount_minor - credited_minor - paid_minor", persisted=True),
            nullable=False,
        ),
        _id(),
        sa.CheckConstraint("quantity > 0", name="ck_allocations_claims_something"),
        sa.CheckConstraint(
            "disputed_minor >= 0 AND credited_minor >= 0", name="ck_allocations_nothing_below_zero"
        ),
        sa.CheckConstraint(
            "paid_minor >= 0 AND paid_minor <= amount_minor - credited_minor",
            name="ck_allocations_paid_at_most_what_is_payable",
        ),
        _refer("allocations", "invoice_id", "invoices"),
        _refer("allocations", "invoice_line_id", "invoice_lines"),
        _refer("allocations", "payable_id", "payables"),
        sa.PrimaryKeyConstraint("id", name="pk_allocations"),
        sa.UniqueConstraint(
            "id", "buyer_id", "supplier_id", name="uq_allocations_id_buyer_id_supplier_id"
        ),
    )
    op.create_index("ix_allocations_invoice_id", "allocations", ["invoice_id"])
    op.create_index("ix_allocations_invoice_line_id", "allocations", ["invoice_line_id"])
    op.create_index("ix_allocations_payable_id", "allocations", ["payable_id"])


def _create_statement_lines() -> None:
    op.create_table(
        "statement_lines",
        *_columns(ID, "statement_id", "payable_id", "buyer_id", "supplier_id"),
        *_columns(QUANTITY, "quantity"),
        *_columns(NUMBER, "amount_minor"),
        *_columns(JSON, "shown"),
        *_columns(FLAG, "buyer_agrees", "supplier_agrees", nullable=True),
        *_columns(LONG_TEXT, "buyer_note", "supplier_note", nullable=True),
        *_columns(FLAG, "carried", default="false"),
        _id(),
        _refer("statement_lines", "payable_id", "payables"),
        _refer("statement_lines", "statement_id", "statements"),
        sa.PrimaryKeyConstraint("id", name="pk_statement_lines"),
        sa.UniqueConstraint(
            "statement_id",
            "payable_id",
            "buyer_id",
            "supplier_id",
            name="uq_statement_lines_statement_id_payable_id_buyer_id_supplier_id",
        ),
    )
    op.create_index("ix_statement_lines_payable_id", "statement_lines", ["payable_id"])


def _create_payment_parts() -> None:
    op.create_table(
        "payment_parts",
        *_columns(
            ID, "payment_id", "invoice_id", "payable_id", "allocation_id", "buyer_id", "supplier_id"
        ),
        *_columns(NUMBER, "amount_minor"),
        _id(),
        sa.CheckConstraint("amount_minor <> 0", name="ck_payment_parts_moves_something"),
        _refer("payment_parts", "allocation_id", "allocations"),
        _refer("payment_parts", "invoice_id", "invoices"),
        _refer("payment_parts", "payable_id", "payables"),
        _refer("payment_parts", "payment_id", "payments"),
        sa.PrimaryKeyConstraint("id", name="pk_payment_parts"),
        sa.UniqueConstraint(
            "payment_id",
            "allocation_id",
            "buyer_id",
            "supplier_id",
            name="uq_payment_parts_payment_id_allocation_id_buyer_id_supplier_id",
        ),
    )
    op.create_index("ix_payment_parts_invoice_id", "payment_parts", ["invoice_id"])
    op.create_index("ix_payment_parts_payable_id", "payment_parts", ["payable_id"])


def _create_proposal_lines() -> None:
    op.create_table(
        "proposal_lines",
        *_columns(
            ID,
            "proposal_id",
            "allocation_id",
            "invoice_id",
            "payable_id",
            "buyer_id",
            "supplier_id",
        ),
        *_columns(NUMBER, "amount_minor"),
        *_columns(DAY, "due_on"),
        _id(),
        sa.CheckConstraint("amount_minor > 0", name="ck_proposal_lines_pays_something"),
        _refer("proposal_lines", "allocation_id", "allocations"),
        sa.ForeignKeyConstraint(
            ["proposal_id", "buyer_id"],
            ["proposals.id", "proposals.buyer_id"],
            name="fk_proposal_lines_proposal_id_buyer_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_proposal_lines"),
        sa.UniqueConstraint(
            "proposal_id",
            "allocation_id",
            "buyer_id",
            name="uq_proposal_lines_proposal_id_allocation_id_buyer_id",
        ),
    )
    op.create_index("ix_proposal_lines_allocation_id", "proposal_lines", ["allocation_id"])


def _id() -> sa.Column[Any]:
    return sa.Column("id", ID, server_default=sa.text("uuidv7()"), nullable=False)


def _columns(
    kind: sa.types.TypeEngine[Any],
    *names: str,
    nullable: bool = False,
    default: str | None = None,
) -> list[sa.Column[Any]]:
    initial = sa.text(default) if default else None
    return [sa.Column(name, kind, nullable=nullable, server_default=initial) for name in names]


def _refer(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    """Refer to a row of the same two parties: foreign keys ignore row policies."""
    return sa.ForeignKeyConstraint(
        [column, "buyer_id", "supplier_id"],
        [f"{target}.id", f"{target}.buyer_id", f"{target}.supplier_id"],
        name=f"fk_{table}_{column}_buyer_id_supplier_id",
    )


def _give_rights() -> None:
    """Let requests change what they are about; what others told is changed by events alone."""
    service = context.config.config_ini_section
    for table in HEARD:
        op.execute(f"REVOKE INSERT, UPDATE ON {table} FROM {service}_app")
    op.execute(f"REVOKE INSERT ON payables FROM {service}_app")
    for table, columns in MUTABLE.items():
        op.execute(f"REVOKE UPDATE ON {table} FROM {service}_app")
        op.execute(f"GRANT UPDATE ({columns}) ON {table} TO {service}_app")


def _let_only_buyers_pay() -> None:
    service = context.config.config_ini_section
    for table in ("payments", "payment_parts"):
        op.execute(
            f"CREATE POLICY by_buyer ON {table} AS RESTRICTIVE FOR INSERT TO {service}_app "
            f"WITH CHECK (buyer_id = {PARTY})"
        )


def _book_entries() -> None:
    """Let the entries of each posting add up to nothing, and each account to its entries."""
    op.execute(
        """
        CREATE FUNCTION book_entries() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF EXISTS (SELECT FROM booked GROUP BY posting_id, currency
                HAVING sum(amount_minor) <> 0) THEN
                RAISE check_violation USING MESSAGE = 'the entries of a posting add up to nothing';
            END IF;
            UPDATE accounts SET balance_minor = balance_minor + moved.moved_minor
            FROM (
                SELECT buyer_id, supplier_id, currency, account, sum(amount_minor) AS moved_minor
                FROM booked GROUP BY buyer_id, supplier_id, currency, account
            ) AS moved
            WHERE accounts.buyer_id = moved.buyer_id AND accounts.supplier_id = moved.supplier_id
                AND accounts.currency = moved.currency AND accounts.name = moved.account;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER booked AFTER INSERT ON entries REFERENCING NEW TABLE AS booked
        FOR EACH STATEMENT EXECUTE FUNCTION book_entries()
        """
    )


CREATE = {
    table: globals()[f"_create_{table}"]  # each below its own name, in this module
    for table in TABLES
}
