"""search items by index.

What a side ever ordered is told by an index alone, also under row policies, which ask for the
other party.
"""

from alembic import op

from migrations.operations import take_time

revision = "a7d05c3be914"
down_revision = "e19a4b70c3d8"
branch_labels = None
depends_on = None

SIDES = ("buyer", "supplier"), ("supplier", "buyer")


def upgrade() -> None:
    _index(" INCLUDE ({}_id)")


def downgrade() -> None:
    _index("")


def _index(included: str) -> None:
    take_time()
    for side, other in SIDES:
        name = f"ix_schedule_lines_{side}_item"
        columns = f"{side}_id, item_number, item_name, due_on, id"
        op.drop_index(name)
        op.execute(f"CREATE INDEX {name} ON schedule_lines ({columns}){included.format(other)}")
