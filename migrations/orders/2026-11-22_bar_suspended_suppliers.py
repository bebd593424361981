"""bar suspended suppliers."""

import sqlalchemy as sa
from alembic import op

from migrations.operations import bar

revision = "7a1c5e0b92d3"
down_revision = "c756ef4d9694"
branch_labels = None
depends_on = None

TABLES = "orders", "order_lines", "schedule_lines", "promises", "entries", "changes"


def upgrade() -> None:
    op.add_column("relationships", sa.Column("suspended_by", sa.String(), nullable=True))
    for table in TABLES:
        bar(table)


def downgrade() -> None:
    for table in TABLES:
        bar(table, barred=False)
    op.drop_column("relationships", "suspended_by")
