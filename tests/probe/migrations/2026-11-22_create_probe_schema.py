"""create probe schema."""

import sqlalchemy as sa
from alembic import op

from migrations.operations import append_only, create_kernel, drop_kernel, protect

revision = "0a7c1f6e2d10"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_kernel()
    op.create_table(
        "notes",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("buyer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("weight", sa.Numeric(18, 6), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
        sa.UniqueConstraint(
            "id", "buyer_id", "supplier_id", name=op.f("uq_notes_id_buyer_id_supplier_id")
        ),
    )
    op.create_index(op.f("ix_notes_buyer_id"), "notes", ["buyer_id"])
    op.create_index(op.f("ix_notes_supplier_id"), "notes", ["supplier_id"])
    protect("notes", "buyer_id", "supplier_id")
    op.create_table(
        "effects",
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("note_id", sa.Uuid(), nullable=True),
        sa.Column("buyer_id", sa.Uuid(), nullable=True),
        sa.Column("supplier_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["note_id", "buyer_id", "supplier_id"],
            ["notes.id", "notes.buyer_id", "notes.supplier_id"],
            name=op.f("fk_effects_note_id_buyer_id_supplier_id"),
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_effects")),
    )
    protect("effects", "buyer_id", "supplier_id")
    append_only("effects")


def downgrade() -> None:
    op.drop_table("effects")
    op.drop_table("notes")
    drop_kernel()
