"""create onboarding schema."""

import sqlalchemy as sa
from alembic import context, op

from migrations.operations import append_only, create_kernel, drop_kernel, protect

revision = "8be1f9a3c2d4"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_kernel()
    _create_organizations()
    _create_relationships()
    _create_steps()
    protect("relationships", "buyer_id", "supplier_id")
    protect("steps", "buyer_id", "supplier_id")
    append_only("steps")
    service = context.config.config_ini_section
    op.execute(f"REVOKE INSERT, UPDATE ON organizations FROM {service}_app")  # only heard of


def downgrade() -> None:
    for table in (
        "steps",
        "relationships",
        "organizations",
    ):
        op.drop_table(table)
    drop_kernel()


def _create_organizations() -> None:
    op.create_table(
        "organizations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organizations")),
    )


def _create_relationships() -> None:
    op.create_table(
        "relationships",
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("suspended_by", sa.String(), nullable=True),
        sa.Column("vendor_number", sa.String(), nullable=True),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint(
            "state IN ('proposed', 'active', 'suspended', 'ended')",
            name=op.f("ck_relationships_state_known"),
        ),
        sa.CheckConstraint("buyer_id <> supplier_id", name=op.f("ck_relationships_has_two_sides")),
        sa.ForeignKeyConstraint(
            ["buyer_id"], ["organizations.id"], name=op.f("fk_relationships_buyer_id")
        ),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["organizations.id"], name=op.f("fk_relationships_supplier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relationships")),
        sa.UniqueConstraint(
            "buyer_id", "supplier_id", name=op.f("uq_relationships_buyer_id_supplier_id")
        ),
        sa.UniqueConstraint(
            "id", "buyer_id", "supplier_id", name=op.f("uq_relationships_id_buyer_id_supplier_id")
        ),
    )
    op.create_index(
        op.f("ix_relationships_supplier_id"), "relationships", ["supplier_id"], unique=False
    )


def _create_steps() -> None:
    op.create_table(
        "steps",
        sa.Column("relationship_id", sa.Uuid(), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["relationship_id", "buyer_id", "supplier_id"],
            ["relationships.id", "relationships.buyer_id", "relationships.supplier_id"],
            name=op.f("fk_steps_relationship_id_buyer_id_supplier_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_steps")),
    )
    op.create_index(
        op.f("ix_steps_relationship_id_id"), "steps", ["relationship_id", "id"], unique=False
    )
