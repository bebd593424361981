"""find items by due day.

A page of what is ordered of an item is read from an index, however much of it there is.
"""

from alembic import op

from migrations.operations import take_time

revision = "e19a4b70c3d8"
down_revision = "c6e2f9a0817d"
branch_labels = None
depends_on = None

SIDES = "buyer", "supplier"


def upgrade() -> None:
    _index("item_number, item_name, due_on, id")


def downgrade() -> None:
    _index("item_number, item_name")


def _index(columns: str) -> None:
    take_time()
    for side in SIDES:
        name = f"ix_schedule_lines_{side}_item"
        op.drop_index(name)
        op.execute(f"CREATE INDEX {name} ON schedule_lines ({side}_id, {columns})")
