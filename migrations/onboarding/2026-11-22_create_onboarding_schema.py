"""create onboarding schema."""

from typing import Any

import sqlalchemy as sa
from alembic import context, op

from migrations.operations import append_only, create_kernel, drop_kernel, protect

revision = "8be1f9a3c2d4"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.Uuid()
TEXT = sa.String()
INSTANT = sa.DateTime(timezone=True)
DAY = sa.Date()
LONG_TEXT = sa.Text()


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
        *_columns(ID, "id"),
        *_columns(TEXT, "name"),
        *_columns(INSTANT, "heard_at"),
        sa.PrimaryKeyConstraint("id", name="pk_organizations"),
    )


def _create_relationships() -> None:
    op.create_table(
        "relationships",
        *_columns(ID, "buyer_id", "supplier_id"),
        *_columns(TEXT, "state"),
        *_columns(INSTANT, "changed_at"),
        *_columns(TEXT, "suspended_by", "vendor_number", nullable=True),
        *_columns(DAY, "since", nullable=True),
        sa.Column("id", ID, server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint(
            "state IN ('proposed', 'active', 'suspended', 'ended')",
            name="ck_relationships_state_known",
        ),
        sa.CheckConstraint("buyer_id <> supplier_id", name="ck_relationships_has_two_sides"),
        sa.ForeignKeyConstraint(
            ["buyer_id"], ["organizations.id"], name="fk_relationships_buyer_id"
        ),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["organizations.id"], name="fk_relationships_supplier_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_relationships"),
        sa.UniqueConstraint(
            "buyer_id", "supplier_id", name="uq_relationships_buyer_id_supplier_id"
        ),
        sa.UniqueConstraint(
            "id", "buyer_id", "supplier_id", name="uq_relationships_id_buyer_id_supplier_id"
        ),
    )
    op.create_index("ix_relationships_supplier_id", "relationships", ["supplier_id"])


def _create_steps() -> None:
    op.create_table(
        "steps",
        *_columns(ID, "relationship_id", "buyer_id", "supplier_id", "organization_id"),
        *_columns(TEXT, "state", "by"),
        *_columns(INSTANT, "recorded_at"),
        *_columns(LONG_TEXT, "reason", nullable=True),
        sa.Column("id", ID, server_default=sa.text("uuidv7()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["relationship_id", "buyer_id", "supplier_id"],
            ["relationships.id", "relationships.buyer_id", "relationships.supplier_id"],
            name="fk_steps_relationship_id_buyer_id_supplier_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_steps"),
    )
    op.create_index("ix_steps_relationship_id_id", "steps", ["relationship_id", "id"])


def _columns(
    kind: sa.types.TypeEngine[Any], *names: str, nullable: bool = False
) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=nullable) for name in names]
