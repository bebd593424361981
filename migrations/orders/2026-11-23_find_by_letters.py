"""find by letters.

What a search names is found by index: the number of an order, an item, a counterparty.
"""

from alembic import op

from migrations.operations import take_time

revision = "c6e2f9a0817d"
down_revision = "b41d7c90e2aa"
branch_labels = None
depends_on = None

SIDES = "buyer", "supplier"


def upgrade() -> None:
    take_time()
    op.execute(
        'ALTER TABLE schedule_lines ADD order_key text COLLATE "C" NOT NULL'
        " GENERATED ALWAYS AS (lower(order_number)) STORED"
    )
    for side in SIDES:
        op.execute(
            f"CREATE INDEX ix_schedule_lines_{side}_item ON schedule_lines"
            f" ({side}_id, item_number, item_name)"
        )
        op.execute(
            f"CREATE INDEX ix_schedule_lines_{side}_order_key ON schedule_lines"
            f" ({side}_id, order_key)"
        )
    op.execute(
        "CREATE INDEX ix_schedule_lines_parties ON schedule_lines"
        " (buyer_id, supplier_id, due_on, id)"
    )


def downgrade() -> None:
    op.drop_index("ix_schedule_lines_parties")
    for side in SIDES:
        op.drop_index(f"ix_schedule_lines_{side}_order_key")
        op.drop_index(f"ix_schedule_lines_{side}_item")
    op.drop_column("schedule_lines", "order_key")
