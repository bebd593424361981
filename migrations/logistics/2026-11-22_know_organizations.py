"""know organizations."""

import sqlalchemy as sa
from alembic import context, op

revision = "461870167a3f"
down_revision = "381e4369419a"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "organizations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organizations"),
    )
    service = context.config.config_ini_section
    op.execute(f"REVOKE INSERT, UPDATE ON organizations FROM {service}_app")  # only heard of


def downgrade() -> None:
    op.drop_table("organizations")
