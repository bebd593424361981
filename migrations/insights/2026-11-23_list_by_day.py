"""list by day.

What a figure of two companies counts is listed from an index, however much there is of it.
"""

from alembic import op

from migrations.operations import take_time

revision = "a41c7d95e20b"
down_revision = "5d0e8c41f7a6"
branch_labels = None
depends_on = None

BY_DAY = {f"ix_lines_{day}": day for day in ("promised_on", "first_promised_on")}  # of lines
BY_MONTH = "ix_line_months_buyer_id_supplier_id_month_schedule_line_id"


def upgrade() -> None:
    take_time()
    for name, day in BY_DAY.items():
        op.create_index(name, "lines", ["buyer_id", "supplier_id", day, "schedule_line_id"])
    op.drop_index(BY_MONTH)


def downgrade() -> None:
    take_time()
    columns = ["buyer_id", "supplier_id", "month", "schedule_line_id"]
    op.create_index(BY_MONTH, "line_months", columns)
    for name in BY_DAY:
        op.drop_index(name)
