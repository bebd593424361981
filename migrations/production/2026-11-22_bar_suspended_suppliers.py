"""bar suspended suppliers."""

import sqlalchemy as sa
from alembic import op

from migrations.operations import bar

revision = "4e8d27b6a5f1"
down_revision = "dc21067a1203"
branch_labels = None
depends_on = None

TABLES = "work_orders", "reports"


def upgrade() -> None:
    op.add_column("relationships", sa.Column("suspended_by", sa.String(), nullable=True))
    for table in TABLES:
        bar(table)


def downgrade() -> None:
    for table in TABLES:
        bar(table, barred=False)
    op.drop_column("relationships", "suspended_by")
