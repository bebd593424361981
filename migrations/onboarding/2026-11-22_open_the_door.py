"""open the door: invitations, profiles, applications, agreements and terms."""

from typing import Any

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

from migrations.operations import append_only, protect

revision = "c41d7f20a9e6"
down_revision = "8be1f9a3c2d4"
branch_labels = None
depends_on = None

ID = sa.Uuid()
TEXT = sa.String()
INSTANT = sa.DateTime(timezone=True)
DAY = sa.Date()
LONG_TEXT = sa.Text()
NUMBER = sa.BigInteger()
BYTES = sa.LargeBinary()
JSON = postgresql.JSONB(astext_type=sa.Text())

STATES = "'draft', 'submitted', 'changes_requested', 'approved', 'agreed', 'declined'"
OPEN = "state NOT IN ('agreed', 'declined')"
SIGNED = {"terms": JSON, "proposed_terms": JSON, "signed_on": DAY, "buyer": JSON, "supplier": JSON}


def upgrade() -> None:
    op.add_column("organizations", sa.Column("uscc", TEXT, nullable=True))
    op.create_index("ix_organizations_uscc", "organizations", ["uscc"])
    for name, kind in SIGNED.items():
        op.add_column("relationships", sa.Column(name, kind, nullable=True))
    _create_profiles()
    _create_applications()
    _create_invitations()
    _create_open_links()
    _create_application_steps()
    _create_agreements()
    _create_mails()
    _give_rights()


def downgrade() -> None:
    for table in (
        *("mails", "agreements", "application_steps", "open_links", "invitations"),
        *("applications", "profiles"),
    ):
        op.drop_table(table)
    for name in SIGNED:
        op.drop_column("relationships", name)
    op.drop_index("ix_organizations_uscc", "organizations")
    op.drop_column("organizations", "uscc")


def _create_profiles() -> None:
    op.create_table(
        "profiles",
        *_columns(ID, "organization_id"),
        *_columns(TEXT, "region", "industry", "size", "parent_uscc", nullable=True),
        *_columns(TEXT, "contact_name", "contact_phone", "contact_email", nullable=True),
        *_columns(TEXT, "bank_name", "bank_account", "bank_holder", nullable=True),
        *_columns(INSTANT, "updated_at"),
        sa.PrimaryKeyConstraint("organization_id", name="pk_profiles"),
        sa.CheckConstraint(
            "size IN ('large', 'medium', 'small', 'micro')", name="ck_profiles_size_known"
        ),
    )


def _create_applications() -> None:
    op.create_table(
        "applications",
        _id(),
        *_columns(ID, "buyer_id", "supplier_id"),
        *_columns(ID, "relationship_id", nullable=True),
        *_columns(TEXT, "state", "language"),
        *_columns(TEXT, "vendor_number", "agreement_version", nullable=True),
        *_columns(JSON, "profile", "terms", "buyer", nullable=True),
        *_columns(INSTANT, "created_at", "changed_at"),
        *_columns(INSTANT, "submitted_at", "approved_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_applications"),
        sa.CheckConstraint(f"state IN ({STATES})", name="ck_applications_state_known"),
        sa.CheckConstraint("buyer_id <> supplier_id", name="ck_applications_has_two_sides"),
        sa.CheckConstraint(
            "(state = 'agreed') = (relationship_id IS NOT NULL)",
            name="ck_applications_agreed_with_a_relationship",
        ),
        sa.UniqueConstraint(
            "id", "buyer_id", "supplier_id", name="uq_applications_id_buyer_id_supplier_id"
        ),
        sa.ForeignKeyConstraint(
            ["relationship_id", "buyer_id", "supplier_id"],
            ["relationships.id", "relationships.buyer_id", "relationships.supplier_id"],
            name="fk_applications_relationship_id_buyer_id_supplier_id",
        ),
    )
    op.create_index(
        "uq_applications_open",
        "applications",
        ["buyer_id", "supplier_id"],
        unique=True,
        postgresql_where=sa.text(OPEN),
    )
    op.create_index("ix_applications_buyer_id_id", "applications", ["buyer_id", "id"])
    op.create_index("ix_applications_supplier_id_id", "applications", ["supplier_id", "id"])


def _create_invitations() -> None:
    op.create_table(
        "invitations",
        _id(),
        *_columns(ID, "buyer_id"),
        *_columns(ID, "application_id", nullable=True),
        *_columns(TEXT, "name", "contact", "language", "invited_by"),
        *_columns(TEXT, "email", "phone", "vendor_number", nullable=True),
        *_columns(LONG_TEXT, "note", nullable=True),
        *_columns(BYTES, "secret_digest"),
        *_columns(INSTANT, "created_at", "sent_at", "expires_at"),
        *_columns(INSTANT, "opened_at", "used_at", "withdrawn_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_invitations"),
        sa.UniqueConstraint("secret_digest", name="uq_invitations_secret_digest"),
        sa.CheckConstraint(
            "(used_at IS NULL) = (application_id IS NULL)",
            name="ck_invitations_used_for_an_application",
        ),
    )
    op.create_index(
        "uq_invitations_open",
        "invitations",
        ["buyer_id", "contact"],
        unique=True,
        postgresql_where=sa.text("used_at IS NULL AND withdrawn_at IS NULL"),
    )
    op.create_index("ix_invitations_buyer_id_id", "invitations", ["buyer_id", "id"])
    op.create_index("ix_invitations_buyer_id_contact", "invitations", ["buyer_id", "contact"])


def _create_open_links() -> None:
    op.create_table(
        "open_links",
        _id(),
        *_columns(ID, "buyer_id"),
        *_columns(TEXT, "language", "created_by"),
        *_columns(TEXT, "name", nullable=True),
        *_columns(BYTES, "secret_digest"),
        *_columns(NUMBER, "uses"),
        *_columns(INSTANT, "created_at"),
        *_columns(INSTANT, "withdrawn_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_open_links"),
        sa.UniqueConstraint("secret_digest", name="uq_open_links_secret_digest"),
    )
    op.create_index("ix_open_links_buyer_id_id", "open_links", ["buyer_id", "id"])


def _create_application_steps() -> None:
    op.create_table(
        "application_steps",
        _id(),
        *_columns(ID, "application_id", "buyer_id", "supplier_id", "organization_id"),
        *_columns(TEXT, "kind", "by"),
        *_columns(LONG_TEXT, "text", nullable=True),
        *_columns(JSON, "notes", "terms", nullable=True),
        *_columns(INSTANT, "recorded_at"),
        sa.PrimaryKeyConstraint("id", name="pk_application_steps"),
        _of_an_application("application_steps"),
    )
    op.create_index(
        "ix_application_steps_application_id_id", "application_steps", ["application_id", "id"]
    )


def _create_agreements() -> None:
    op.create_table(
        "agreements",
        _id(),
        *_columns(ID, "application_id", "buyer_id", "supplier_id"),
        *_columns(ID, "accepted_by_id", nullable=True),
        *_columns(TEXT, "version", "language", "sha256", "accepted_by"),
        *_columns(LONG_TEXT, "text"),
        *_columns(INSTANT, "accepted_at"),
        sa.PrimaryKeyConstraint("id", name="pk_agreements"),
        sa.UniqueConstraint(
            "application_id",
            "buyer_id",
            "supplier_id",
            name="uq_agreements_application_id_buyer_id_supplier_id",
        ),
        _of_an_application("agreements"),
    )


def _create_mails() -> None:
    op.create_table(
        "mails",
        _id(),
        *_columns(LONG_TEXT, "recipient", "subject", "text"),
        *_columns(LONG_TEXT, "error", nullable=True),
        *_columns(NUMBER, "attempts"),
        *_columns(INSTANT, "created_at"),
        *_columns(INSTANT, "next_at", "sent_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_mails"),
    )
    op.create_index("ix_mails_next_at", "mails", ["next_at"])


def _give_rights() -> None:
    service = context.config.config_ini_section
    protect("profiles", "organization_id")
    protect("invitations", "buyer_id")
    protect("open_links", "buyer_id")
    for table in ("applications", "application_steps", "agreements"):
        protect(table, "buyer_id", "supplier_id")
    append_only("application_steps")
    append_only("agreements")
    op.execute(f"REVOKE ALL ON mails FROM {service}_app")
    op.execute(f"GRANT INSERT ON mails TO {service}_app")
    op.execute(f"GRANT DELETE ON mails TO {service}_system")


def _of_an_application(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["application_id", "buyer_id", "supplier_id"],
        ["applications.id", "applications.buyer_id", "applications.supplier_id"],
        name=f"fk_{table}_application_id_buyer_id_supplier_id",
    )


def _id() -> sa.Column[Any]:
    return sa.Column("id", ID, server_default=sa.text("uuidv7()"), nullable=False)


def _columns(
    kind: sa.types.TypeEngine[Any], *names: str, nullable: bool = False
) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=nullable) for name in names]
