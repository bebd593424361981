"""count from indexes.

What is promised and still open, and what is overdue, is counted without a look at the rows.
"""

from alembic import op

from migrations.operations import take_time

revision = "5d0e8c41f7a6"
down_revision = "87e557592181"
branch_labels = None
depends_on = None

INDEXES = {
    "lines": (
        "buyer_id, supplier_id, promised_on",
        "INCLUDE (first_promised_on)",
        "full_on IS NULL AND promised_on IS NOT NULL AND NOT cancelled",
    ),
    "payables": (
        "buyer_id, supplier_id, due_on",
        "INCLUDE (currency, amount_minor, paid_minor)",
        "paid_minor < amount_minor AND counts_overdue",
    ),
}


def upgrade() -> None:
    _make(covering=True)


def downgrade() -> None:
    _make(covering=False)


def _make(*, covering: bool) -> None:
    take_time()
    for table, (columns, more, where) in INDEXES.items():
        name = f"ix_{table}_{columns.replace(', ', '_')}"
        op.drop_index(name)
        included = more if covering else ""
        op.execute(f"CREATE INDEX {name} ON {table} ({columns}) {included} WHERE {where}")
